package org.atelier4j.diffusion;

import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * The loss of discrete diffusion, Ho et al. 2020 (arXiv:2006.11239), eq. 14 and algorithm 1, for any prediction y and
 * weighting w: {@code E_{t, x0, ε} w_t ‖y − y_θ(√ᾱ_t x0 + √(1 − ᾱ_t) ε, t)‖²}, as a mean over elements.
 *
 * @param diffusion the process
 * @param weighting how much each noise level counts
 */
public record DenoisingLoss(GaussianDiffusion diffusion, LossWeighting weighting) implements DiffusionLoss {

    /** The simple loss: all levels count alike. */
    public DenoisingLoss(GaussianDiffusion diffusion) {
        this(diffusion, LossWeighting.simple());
    }

    @Override
    public Tensor loss(Denoiser network, Tensor x0, Condition condition, Rng rng) {
        Tensor t = rng.split("t").integers(diffusion.schedule().steps(), Shape.of(x0.dim(0)));
        Tensor eps = rng.split("eps").normal(x0.shape());
        return at(network, x0, condition, t, eps);
    }

    /** Returns the loss at given steps t, 0-based INT32 (B), and noise. */
    public Tensor at(Denoiser network, Tensor x0, Condition condition, Tensor t, Tensor eps) {
        Tensor xt = diffusion.qSample(x0, t, eps); // eq. 4
        Tensor output = network.denoise(xt, diffusion.times(t, x0), condition);
        Tensor target = diffusion.target(x0, t, eps);
        NoiseSchedule schedule = diffusion.schedule();
        double[] weights = diffusion.table(i -> weighting.weight(diffusion.prediction(), schedule.snr(i)));
        return PerImage.weightedError(output, target, PerImage.entries(weights, t));
    }
}
