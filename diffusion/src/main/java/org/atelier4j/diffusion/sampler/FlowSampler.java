package org.atelier4j.diffusion.sampler;

import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.Denoiser;
import org.atelier4j.diffusion.sampler.SamplingLoop.State;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Tensor;

/**
 * Follows a velocity field from noise at t = 1 to data at t = 0 in equal steps: Liu et al. 2022 (arXiv:2209.03003).
 *
 * <p>The denoiser takes t as time and returns {@code dx/dt}, as {@link org.atelier4j.diffusion.RectifiedFlow#around}
 * makes it. Where paths are straight one step is enough.
 */
public final class FlowSampler implements Sampler {
    private final int steps;
    private final Method method;

    /** How a step is made. */
    public enum Method {
        /** One call of the denoiser per step, first order. */
        EULER,
        /** Two calls, second order. */
        HEUN
    }

    /** Samples in {@code steps} ≥ 1 steps. */
    public FlowSampler(int steps, Method method) {
        Check.that(steps >= 1, "FlowSampler: steps must be >= 1, got %d", steps);
        this.steps = steps;
        this.method = method;
    }

    @Override
    public int steps() {
        return steps;
    }

    @Override
    public Tensor sample(Denoiser denoiser, Condition condition, ImageNoise noise, SamplingListener listener) {
        return SamplingLoop.run(steps, noise.draw(), listener, (state, i) -> {
            double t = 1 - (double) i / steps;
            double next = 1 - (i + 1.0) / steps;
            Expression x = Expression.of(state.x());
            Expression v = denoiser.predict(state.x(), SamplingLoop.time(t, state.x()), condition);
            Expression x0 = x.sub(v.mul(t)); // where the straight path leads
            Expression euler = x.add(v.mul(next - t));
            if (method == Method.EULER) {
                return State.of(euler, x0);
            }
            Tensor below = euler.tensor();
            Expression later = denoiser.predict(below, SamplingLoop.time(next, below), condition);
            return State.of(x.add(v.add(later).mul((next - t) / 2)), x0);
        });
    }
}
