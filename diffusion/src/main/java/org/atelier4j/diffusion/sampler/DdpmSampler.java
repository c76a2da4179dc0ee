package org.atelier4j.diffusion.sampler;

import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.Denoiser;
import org.atelier4j.diffusion.GaussianDiffusion;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Tensor;

/**
 * Ancestral sampling: Ho et al. 2020 (arXiv:2006.11239), algorithm 2,
 * {@code x_{t−1} = μ̃_t(x_t, x̂_0) + σ_t z} with z = 0 at the last step.
 *
 * <p>The mean is written with the estimate of x0 (eq. 7), which equals the ε form of eq. 11 and allows x0 to be limited;
 * σ²_t is the process's choice of β̃_t or β_t. Over a spaced process the steps are those of the shorter chain.
 */
public final class DdpmSampler implements Sampler {
    private final GaussianDiffusion diffusion;
    private final DiscreteSteps steps;

    /** Samples with estimates clipped to [−1, 1]. */
    public DdpmSampler(GaussianDiffusion diffusion) {
        this(diffusion, X0Limit.clip());
    }

    /** Samples with estimates limited as said. */
    public DdpmSampler(GaussianDiffusion diffusion, X0Limit limit) {
        this.diffusion = diffusion;
        this.steps = new DiscreteSteps(diffusion, limit);
    }

    @Override
    public int steps() {
        return steps.count();
    }

    @Override
    public Tensor sample(Denoiser denoiser, Condition condition, ImageNoise noise, SamplingListener listener) {
        return steps.run(
                denoiser,
                condition,
                noise.draw(),
                listener,
                (state, x0, t) -> step(Expression.of(state.x()), x0, t, noise));
    }

    /** Returns x_{t−1} for x_t and an estimate of x0; t is 0-based, and 0 adds no noise. */
    Expression step(Expression xt, Expression x0, int t, ImageNoise noise) {
        Expression mean = diffusion.posteriorMean(x0, xt, t); // eq. 7
        return t == 0 ? mean : mean.add(noise.z().mul(Math.sqrt(diffusion.stepVariance(t))));
    }
}
