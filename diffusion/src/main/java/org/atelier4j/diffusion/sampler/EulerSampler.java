package org.atelier4j.diffusion.sampler;

import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.Denoiser;
import org.atelier4j.diffusion.EdmSchedule;
import org.atelier4j.diffusion.sampler.SamplingLoop.State;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Tensor;

/**
 * Euler's method for the probability flow {@code dx/dσ = (x − D(x; σ))/σ}: Karras et al. 2022 (arXiv:2206.00364), algorithm
 * 1 without its correction. One call of the denoiser per step, error of first order; the same as DDIM in other variables.
 *
 * <p>The denoiser takes σ as time and returns x0.
 */
public final class EulerSampler implements Sampler {
    private final EdmSchedule schedule;

    /** Samples along the given noise levels. */
    public EulerSampler(EdmSchedule schedule) {
        this.schedule = schedule;
    }

    @Override
    public int steps() {
        return schedule.steps();
    }

    @Override
    public Tensor sample(Denoiser denoiser, Condition condition, ImageNoise noise, SamplingListener listener) {
        Tensor start = noise.draw().mul(schedule.sigma(0));
        return SamplingLoop.run(steps(), start, listener, (state, i) -> {
            double sigma = schedule.sigma(i);
            Expression x = Expression.of(state.x());
            Expression x0 = denoiser.predict(state.x(), SamplingLoop.time(sigma, state.x()), condition);
            Expression slope = x.sub(x0).div(sigma);
            return State.of(x.add(slope.mul(schedule.sigma(i + 1) - sigma)), x0);
        });
    }
}
