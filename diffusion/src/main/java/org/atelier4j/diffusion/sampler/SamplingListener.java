package org.atelier4j.diffusion.sampler;

import org.atelier4j.tensor.Tensor;

/** Watches a sampler and may stop it. */
@FunctionalInterface
public interface SamplingListener {

    /**
     * What is known after a step.
     *
     * @param step number of steps done, from 1 to {@code steps}
     * @param steps number of steps in all
     * @param x0 what the images look like at present, (B, …); valid during the call only
     */
    record Progress(int step, int steps, Tensor x0) {}

    /** Called after each step on the sampling thread; returns whether to go on. */
    boolean onStep(Progress progress);

    /** Returns a listener that does nothing. */
    static SamplingListener silent() {
        return progress -> true;
    }
}
