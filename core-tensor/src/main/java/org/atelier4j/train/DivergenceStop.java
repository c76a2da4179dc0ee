package org.atelier4j.train;

import java.util.Map;
import java.util.function.Supplier;

/**
 * Ends the run at the first scalar that is NaN or infinite. Steps should report the norm of the gradient besides the loss:
 * it turns bad one step before the weights do.
 */
public final class DivergenceStop implements StepListener {
    private final Supplier<String> lastCheckpoint;

    /**
     * Makes the listener.
     *
     * @param lastCheckpoint describes where the run can go on from, as {@link Checkpoints#last}
     */
    public DivergenceStop(Supplier<String> lastCheckpoint) {
        this.lastCheckpoint = lastCheckpoint;
    }

    /**
     * Looks at all scalars.
     *
     * @throws DivergenceException naming the step, the first bad scalar and the last checkpoint
     */
    @Override
    public void stepped(TrainingProgress progress, StepReport report) {
        for (Map.Entry<String, Double> scalar : report.scalars().entrySet()) {
            if (!Double.isFinite(scalar.getValue())) {
                throw new DivergenceException("training: every scalar must be finite, got " + scalar.getKey() + " = "
                        + scalar.getValue() + " at step " + progress.step() + "; last checkpoint: "
                        + lastCheckpoint.get());
            }
        }
    }
}
