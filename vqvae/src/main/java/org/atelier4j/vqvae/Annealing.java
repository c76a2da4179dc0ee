package org.atelier4j.vqvae;

import org.atelier4j.tensor.Check;

/**
 * How a quantity of a {@link GumbelCodebook} falls. Its temperature τ is high at first, when gradients must be calm, and low in
 * the end, when samples must be nearly one-hot; its noise is full at first, while the choice is
 * open, and small in the end, so that the decoder sees the codes that evaluation takes.
 *
 * @param curve how it goes from start to end
 * @param start value of step 0, &gt; 0
 * @param end value from step {@code steps} on, &gt; 0
 * @param steps length, ≥ 1
 */
public record Annealing(Curve curve, double start, double end, long steps) {

    /** Ways from start to end. */
    public enum Curve {
        /** By the same factor in each step, as {@code exp(−rt)} (Jang et al. 2017, arXiv:1611.01144, sec. 4.1). */
        EXPONENTIAL,
        /** Along half a cosine (Ramesh et al. 2021, arXiv:2102.12092, app. A.2). */
        COSINE
    }

    /** Checks the ranges. */
    public Annealing {
        Check.that(start > 0 && end > 0, "Annealing: start and end must be > 0, got %s and %s", start, end);
        Check.that(steps >= 1, "Annealing: steps must be >= 1, got %d", steps);
    }

    /** Returns a value that stays. */
    public static Annealing constant(double value) {
        return new Annealing(Curve.EXPONENTIAL, value, value, 1);
    }

    /** Returns DALL-E's temperature: from 1 to 1/16 along a cosine, here over the given number of steps (150,000 there). */
    public static Annealing cosine(long steps) {
        return new Annealing(Curve.COSINE, 1, 1.0 / 16, steps);
    }

    /** Returns the same fall over another number of steps. */
    public Annealing over(long length) {
        return new Annealing(curve, start, end, length);
    }

    /** Returns the value of a step, counted from 0. */
    public double at(long step) {
        double t = Math.min(1, (double) step / steps);
        return switch (curve) {
            case EXPONENTIAL -> start * Math.pow(end / start, t);
            case COSINE -> end + (start - end) * (1 + Math.cos(Math.PI * t)) / 2;
        };
    }
}
