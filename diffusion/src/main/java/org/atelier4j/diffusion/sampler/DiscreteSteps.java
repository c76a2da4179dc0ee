package org.atelier4j.diffusion.sampler;

import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.Denoiser;
import org.atelier4j.diffusion.GaussianDiffusion;
import org.atelier4j.diffusion.sampler.SamplingLoop.State;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Tensor;

/**
 * The way of a discrete process from its noisiest step to the data: what its samplers share. They differ in how x at the step
 * below comes from x and the estimate of x0.
 *
 * @param diffusion the process that the network was trained for, usually spaced
 * @param limit what is done to estimates of x0
 */
record DiscreteSteps(GaussianDiffusion diffusion, X0Limit limit) {

    /** One step down. */
    @FunctionalInterface
    interface Step {
        /** Returns x at the step below t (0-based), for x at t and the estimate at the step above, and that at t. */
        Expression below(State state, Expression x0, int t);
    }

    /** Returns the number of steps. */
    int count() {
        return diffusion.schedule().steps();
    }

    /** Runs all steps from {@code start}, pure noise. */
    Tensor run(Denoiser denoiser, Condition condition, Tensor start, SamplingListener listener, Step step) {
        return SamplingLoop.run(count(), start, listener, (state, i) -> {
            int t = count() - 1 - i;
            Expression x0 = limit.apply(diffusion.predictX0(denoiser, state.x(), t, condition));
            return State.of(step.below(state, x0, t), x0);
        });
    }
}
