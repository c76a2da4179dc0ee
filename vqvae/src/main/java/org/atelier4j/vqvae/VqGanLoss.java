package org.atelier4j.vqvae;

import java.util.List;
import org.atelier4j.nn.Losses;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.train.StepNumber;
import org.jspecify.annotations.Nullable;

/**
 * How VQGAN compares images with their reconstructions: Esser et al. 2021, "Taming Transformers for High-Resolution Image
 * Synthesis" (arXiv:2012.09841), sec. 3.1: {@code L_rec + w·λ·L_GAN}, where {@code L_rec} is the mean absolute error plus a
 * perceptual distance, {@code L_GAN} the hinge loss (Lim, Ye 2017, arXiv:1705.02894) of a {@link PatchDiscriminator}, and λ
 * the {@link AdaptiveWeight} (eq. 7). Autoencoders of latent diffusion are trained by the same (arXiv:2112.10752, app. G).
 *
 * <p>Both losses are differentiated once, down to the images; from there λ needs their slopes at one convolution, and the
 * rest of the network is passed once, with the slopes added. The discriminator's weights take no part in it.
 */
public final class VqGanLoss {

    /**
     * Weights.
     *
     * @param reconstruction how pixels are compared
     * @param perceptualWeight of the perceptual distance, ≥ 0; it needs a network if it is &gt; 0
     * @param adversarialWeight w ≥ 0
     * @param adaptive λ
     * @param start when the discriminator comes in
     */
    public record Config(
            VqLoss.Reconstruction reconstruction,
            double perceptualWeight,
            double adversarialWeight,
            AdaptiveWeight adaptive,
            AdversarialStart start) {
        /** Checks the ranges. */
        public Config {
            Check.that(
                    perceptualWeight >= 0 && adversarialWeight >= 0,
                    "VqGanLoss: weights must be >= 0, got %s and %s",
                    perceptualWeight,
                    adversarialWeight);
        }

        /**
         * Returns settings for a run of the given length that do not jump: a gentle start, and w = 0.3 where the authors'
         * code has 0.8.
         */
        public static Config standard(long steps) {
            return new Config(
                    VqLoss.Reconstruction.L1, 1, 0.3, AdaptiveWeight.standard(), AdversarialStart.gentle(steps));
        }

        /** Returns the same with another start. */
        public Config withStart(AdversarialStart other) {
            return new Config(reconstruction, perceptualWeight, adversarialWeight, adaptive, other);
        }

        /** Returns the same with another weight of the perceptual distance. */
        public Config withPerceptualWeight(double weight) {
            return new Config(reconstruction, weight, adversarialWeight, adaptive, start);
        }

        /** Returns the same with another w. */
        public Config withAdversarialWeight(double weight) {
            return new Config(reconstruction, perceptualWeight, weight, adaptive, start);
        }
    }

    /**
     * What was found out about a batch of reconstructions: scalars.
     *
     * @param objective its gradient, not value, is that of {@code L_rec + w·λ·L_GAN}
     * @param pixels mean error of the pixels
     * @param perceptual perceptual distance, 0 if there is none
     * @param adversarial L_GAN, 0 before its start
     * @param weight w·λ, times the part that counts by now
     */
    public record Judgement(Tensor objective, Tensor pixels, Tensor perceptual, Tensor adversarial, Tensor weight) {}

    private final Config config;
    private final @Nullable PerceptualLoss perceptual;
    private final PatchDiscriminator discriminator;

    /**
     * Makes the loss.
     *
     * @param perceptual what sees; null for none
     * @param discriminator what judges
     */
    public VqGanLoss(Config config, @Nullable PerceptualLoss perceptual, PatchDiscriminator discriminator) {
        Check.that(
                config.perceptualWeight() == 0 || perceptual != null,
                "VqGanLoss: a perceptual weight of %s needs a network that sees; 0 needs none",
                config.perceptualWeight());
        this.config = config;
        this.perceptual = perceptual;
        this.discriminator = discriminator;
    }

    /** Returns the settings. */
    public Config config() {
        return config;
    }

    /**
     * Compares reconstructions with their images.
     *
     * @param reconstruction (B, H, W, C) with its graph
     * @param images (B, H, W, C) in [−1, 1]
     * @param lastWeight of the layer that wrote the reconstruction
     * @param step number of the training step, from 0
     */
    public Judgement judge(Tensor reconstruction, Tensor images, Tensor lastWeight, long step) {
        Tensor y = reconstruction.detach().requireGradient(); // where both losses end
        Tensor pixels = config.reconstruction().of(y, images);
        Tensor seen =
                perceptual == null || config.perceptualWeight() == 0 ? Tensor.scalar(0) : perceptual.between(y, images);
        Tensor slope = slope(pixels.add(seen.mul(config.perceptualWeight())), y); // ∂L_rec/∂y
        if (!isHeard(step)) {
            Tensor none = Tensor.scalar(0);
            return new Judgement(reconstruction.mul(slope).sum(), pixels.detach(), seen.detach(), none, none);
        }
        Tensor adversarial = Losses.generatorHinge(discriminator.forward(y));
        Tensor push = slope(adversarial, y); // ∂L_GAN/∂y
        Tensor part = StepNumber.of(step, n -> config.start().part(n) * config.adversarialWeight());
        Tensor weight = part.mul(config.adaptive().of(reconstruction, lastWeight, slope, push));
        Tensor objective =
                reconstruction.mul(slope.add(push.mul(weight.to(push.dtype())))).sum();
        return new Judgement(objective, pixels.detach(), seen.detach(), adversarial.detach(), weight);
    }

    /** Returns whether the autoencoder listens to the discriminator in this step. */
    boolean isHeard(long step) {
        return config.start().part(step) * config.adversarialWeight() > 0;
    }

    /** Returns the discriminator's hinge loss, for it to be differentiated; the reconstruction gets no gradient of it. */
    public Tensor discriminatorLoss(Tensor reconstruction, Tensor images) {
        return Losses.discriminatorHinge(discriminator.forward(images), discriminator.forward(reconstruction.detach()));
    }

    private static Tensor slope(Tensor loss, Tensor at) {
        return Gradients.of(loss, List.of(at), false).get(at);
    }
}
