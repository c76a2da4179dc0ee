/**
 * Training in one loop for all families: next batch, step, listeners, stop.
 *
 * <p>Read {@link org.atelier4j.train.TrainingLoop} first. What happens to a batch is a {@link org.atelier4j.train.TrainStep};
 * what happens around it (logs, sample grids, checkpoints, stopping) is a {@link org.atelier4j.train.StepListener}. A
 * {@link org.atelier4j.train.TrainingState} names all that a run must remember, so that a resumed run equals the unbroken
 * one bit for bit on the CPU.
 */
@NullMarked
package org.atelier4j.train;

import org.jspecify.annotations.NullMarked;
