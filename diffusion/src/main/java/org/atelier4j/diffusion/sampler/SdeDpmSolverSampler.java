package org.atelier4j.diffusion.sampler;

import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.Denoiser;
import org.atelier4j.diffusion.GaussianDiffusion;
import org.atelier4j.diffusion.NoiseSchedule;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * SDE-DPM-Solver++(2M): the same solver for the stochastic equation, Lu et al. 2022 (arXiv:2211.01095), sec. 6. Each step adds
 * fresh noise, which corrects errors of earlier steps as ancestral sampling does, in far fewer of them.
 *
 * <p>In the terms of {@link DpmSolverSampler},
 * {@code x_i = σ_i/σ_{i−1} e^{−h_i} x_{i−1} + α_i (1 − e^{−2h_i}) D_i + σ_i √(1 − e^{−2h_i}) z}. The last step, where h is
 * infinite, is the estimate itself.
 */
public final class SdeDpmSolverSampler implements Sampler {
    private final GaussianDiffusion diffusion;
    private final DiscreteSteps steps;

    /** Samples with estimates clipped to [−1, 1]. */
    public SdeDpmSolverSampler(GaussianDiffusion diffusion) {
        this(diffusion, X0Limit.clip());
    }

    /**
     * Samples.
     *
     * @param diffusion the process that the network was trained for, usually spaced
     * @param limit what is done to estimates of x0
     */
    public SdeDpmSolverSampler(GaussianDiffusion diffusion, X0Limit limit) {
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
                (state, x0, t) -> step(Expression.of(state.x()), x0, state.x0(), t, noise));
    }

    /** Returns x at the step below t (0-based), from the estimates at t and at the step above it, if there was one. */
    Expression step(Expression xt, Expression x0, @Nullable Tensor above, int t, ImageNoise noise) {
        NoiseSchedule schedule = diffusion.schedule();
        double from = schedule.alphasCumprod(t);
        double to = schedule.alphasCumprodBefore(t);
        double h = DpmSolverSampler.lambda(to) - DpmSolverSampler.lambda(from);
        double fresh = -Math.expm1(-2 * h);
        Expression d = DpmSolverSampler.extrapolated(schedule, x0, above, t);
        Expression mean =
                xt.mul(Math.sqrt((1 - to) / (1 - from)) * Math.exp(-h)).add(d.mul(Math.sqrt(to) * fresh));
        return t == 0 ? mean : mean.add(noise.z().mul(Math.sqrt((1 - to) * fresh)));
    }
}
