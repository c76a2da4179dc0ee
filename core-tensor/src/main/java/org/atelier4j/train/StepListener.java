package org.atelier4j.train;

/**
 * Watches a run: logs, sample grids, checkpoints, progress bars. Called on the thread that trains, in the order in which
 * the loop was given its listeners. An exception from a listener ends the run.
 */
public interface StepListener extends AutoCloseable {

    /** Called once before the first step; {@code progress} is that of the checkpoint in a resumed run. */
    default void started(TrainingProgress progress) {}

    /** Called after each step; {@code progress} counts this step already. */
    void stepped(TrainingProgress progress, StepReport report);

    /** Called once after the last step, also when the run was asked to stop; not after a failure. */
    default void finished(TrainingProgress progress) {}

    /** Called last, in any case: gives files back. */
    @Override
    default void close() {}
}
