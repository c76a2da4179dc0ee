package org.atelier4j.examples;

import org.atelier4j.tensor.Rng;
import org.atelier4j.vqvae.AdaptiveWeight;
import org.atelier4j.vqvae.AdversarialStart;
import org.atelier4j.vqvae.PatchDiscriminator;
import org.atelier4j.vqvae.PerceptualLoss;
import org.atelier4j.vqvae.VqGanLoss;
import org.atelier4j.vqvae.VqLoss;

/**
 * What an autoencoder is trained against: settings that {@code train vqgan} and {@code train autoencoder-kl} share.
 *
 * @param discriminator sizes of what judges
 * @param reconstruction how pixels are compared
 * @param perceptual name of the network that sees, as {@link Extractors} knows it; empty for none
 * @param perceptualWeight of what it sees
 * @param adversarialWeight of the discriminator's judgement, beside the adaptive weight; 0 for none
 * @param gentle whether the discriminator comes in slowly, or else all at once at 40 % of the run
 */
record Adversary(
        PatchDiscriminator.Config discriminator,
        VqLoss.Reconstruction reconstruction,
        String perceptual,
        double perceptualWeight,
        double adversarialWeight,
        boolean gentle) {

    /** Returns the settings for images of so many channels, without a network that sees. */
    static Adversary of(int channels) {
        return new Adversary(
                new PatchDiscriminator.Config(channels, 32, 2), VqLoss.Reconstruction.L1, "", 0, 0.3, true);
    }

    Adversary withReconstruction(VqLoss.Reconstruction other) {
        return new Adversary(discriminator, other, perceptual, perceptualWeight, adversarialWeight, gentle);
    }

    Adversary withPerceptual(String network, double weight) {
        return new Adversary(discriminator, reconstruction, network, weight, adversarialWeight, gentle);
    }

    Adversary withAdversarialWeight(double weight) {
        return new Adversary(discriminator, reconstruction, perceptual, perceptualWeight, weight, gentle);
    }

    Adversary suddenly() {
        return new Adversary(discriminator, reconstruction, perceptual, perceptualWeight, adversarialWeight, false);
    }

    /** Returns the loss for a run of so many steps. */
    VqGanLoss loss(long steps, PatchDiscriminator judge) {
        AdversarialStart start = gentle ? AdversarialStart.gentle(steps) : AdversarialStart.sudden(steps * 4 / 10);
        AdversarialStart never = new AdversarialStart(Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE);
        boolean sees = !perceptual.isEmpty();
        var config = new VqGanLoss.Config(
                reconstruction,
                sees ? perceptualWeight : 0,
                adversarialWeight,
                AdaptiveWeight.standard(),
                adversarialWeight > 0 ? start : never);
        PerceptualLoss eyes = sees ? new PerceptualLoss(Extractors.of(perceptual, discriminator.channels())) : null;
        return new VqGanLoss(config, eyes, judge);
    }

    /** Returns a new discriminator. */
    PatchDiscriminator judge(Rng rng) {
        return new PatchDiscriminator(discriminator, rng);
    }
}
