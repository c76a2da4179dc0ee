package org.atelier4j.vqvae;

import org.atelier4j.nn.Losses;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * The posterior {@code q(z|x) = N(μ, σ²)} of a variational autoencoder, every latent for itself (Kingma, Welling 2013,
 * arXiv:1312.6114, sec. 3).
 *
 * @param mean μ (B, h, w, D)
 * @param logVariance log σ² of the same shape, within [−30, 20]
 */
public record DiagonalGaussian(Tensor mean, Tensor logVariance) {
    private static final double LOWEST = -30;
    private static final double HIGHEST = 20; // e²⁰ is finite, its square too

    /** Checks the shapes. */
    public DiagonalGaussian {
        Check.shape(
                mean.shape().equals(logVariance.shape()),
                "DiagonalGaussian: mean and logVariance must have one shape, got %s and %s",
                mean.shape(),
                logVariance.shape());
    }

    /** Returns the posterior whose moments (B, h, w, 2D) hold μ first and then log σ², which is limited to [−30, 20]. */
    public static DiagonalGaussian ofMoments(Tensor moments) {
        int channels = moments.dim(-1);
        Check.shape(
                channels % 2 == 0,
                "DiagonalGaussian: moments must have an even number of channels, got %s",
                moments.shape());
        Tensor mean = moments.slice(-1, 0, channels / 2);
        Tensor logVariance = moments.slice(-1, channels / 2, channels / 2).clamp(LOWEST, HIGHEST);
        return new DiagonalGaussian(mean, logVariance);
    }

    /** Returns {@code μ + σ ⊙ ε} (eq. 10) for given noise ε; gradients reach both moments. */
    public Tensor sample(Tensor eps) {
        return mean.add(logVariance.mul(0.5).exp().mul(eps));
    }

    /** Returns a sample with noise from a stream. */
    public Tensor sample(Rng rng) {
        return sample(rng.normal(mean.shape()).to(mean.dtype()).to(mean.device()));
    }

    /** Returns {@code KL(q(z|x) ‖ N(0, 1))} in nats, summed over the latents of an image (app. B): (B). */
    public Tensor divergence() {
        Tensor each = Losses.standardNormalDivergences(mean, logVariance); // (B, h, w, D)
        return each.reshape(mean.dim(0), -1).sum(1).reshape(Shape.of(mean.dim(0)));
    }
}
