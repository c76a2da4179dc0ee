package org.atelier4j.autoregressive;

import java.util.concurrent.CancellationException;
import org.atelier4j.tensor.Tensor;

/** Watches a prior draw and may stop it. */
@FunctionalInterface
public interface DrawingListener {

    /**
     * What is known after a step.
     *
     * @param step number of steps done, from 1 to {@code steps}
     * @param steps number of steps in all: codes, or rounds of a masked prior
     * @param codes INT32 (B, h, w), −1 where a code is still open; valid during the call only
     */
    record Progress(int step, int steps, Tensor codes) {}

    /** Called after each step on the drawing thread; returns whether to go on. */
    boolean onStep(Progress progress);

    /** Returns a listener that does nothing. */
    static DrawingListener silent() {
        return progress -> true;
    }

    /**
     * Tells a listener and stops if it says no: for priors.
     *
     * @throws CancellationException if the listener said no
     */
    static void tell(DrawingListener listener, Progress progress) {
        if (!listener.onStep(progress)) {
            throw new CancellationException(
                    "drawing was stopped after step " + progress.step() + " of " + progress.steps());
        }
    }
}
