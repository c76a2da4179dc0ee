package org.atelier4j.vqvae;

import org.atelier4j.tensor.Check;

/**
 * When the discriminator comes in. Reconstruction is learned alone first (Esser et al. 2021, arXiv:2012.09841, app. A).
 * A discriminator that has learned nothing yet would then push as hard as the reconstruction at once, in a random
 * direction, and the loss would jump: the common complaint about this method. Here it learns silently for a while, and
 * then its part grows in a straight line.
 *
 * @param learns step from which on the discriminator learns
 * @param counts step from which on the decoder listens to it, ≥ {@code learns}
 * @param full step from which on its part is whole, ≥ {@code counts}
 */
public record AdversarialStart(long learns, long counts, long full) {
    /** Checks the order. */
    public AdversarialStart {
        Check.that(
                0 <= learns && learns <= counts && counts <= full,
                "AdversarialStart: 0 <= learns <= counts <= full must hold, got %d, %d and %d",
                learns,
                counts,
                full);
    }

    /** Returns a start at a step that is as hard as the paper's: nothing before, everything from then on. */
    public static AdversarialStart sudden(long step) {
        return new AdversarialStart(step, step, step);
    }

    /** Returns a start that suits a run of this length: the discriminator learns after 30 %, counts from 40 % to 60 %. */
    public static AdversarialStart gentle(long steps) {
        return new AdversarialStart(steps * 3 / 10, steps * 4 / 10, steps * 6 / 10);
    }

    /** Returns whether the discriminator learns in this step. */
    public boolean isLearning(long step) {
        return step >= learns;
    }

    /** Returns the part of the adversarial loss that counts in this step, from 0 to 1. */
    public double part(long step) {
        return step >= full ? 1 : step < counts ? 0 : (double) (step - counts + 1) / (full - counts + 1);
    }
}
