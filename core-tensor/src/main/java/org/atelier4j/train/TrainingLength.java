package org.atelier4j.train;

import org.atelier4j.tensor.Check;

/**
 * How long to train, counted from the very first step, also for a resumed run.
 *
 * @param amount number of steps or images, ≥ 0
 * @param unit what is counted
 */
public record TrainingLength(long amount, Unit unit) {

    /** What a length counts. */
    public enum Unit {
        /** Calls of the training step. */
        STEPS,
        /** Examples seen, the measure that does not change with the batch size. */
        IMAGES
    }

    /** Checks the amount. */
    public TrainingLength {
        Check.that(amount >= 0, "TrainingLength: amount must be >= 0, got %d", amount);
    }

    /** Returns a length in steps. */
    public static TrainingLength steps(long amount) {
        return new TrainingLength(amount, Unit.STEPS);
    }

    /** Returns a length in images; the step that passes it is the last. */
    public static TrainingLength images(long amount) {
        return new TrainingLength(amount, Unit.IMAGES);
    }

    /** Returns the part that is done, in [0, 1]. */
    public double fraction(long steps, long images) {
        long done = unit == Unit.STEPS ? steps : images;
        return amount == 0 ? 1 : Math.min(1, (double) done / amount);
    }

    /** Returns as {@code 2000 steps}. */
    @Override
    public String toString() {
        return amount + " " + unit.name().toLowerCase(java.util.Locale.ROOT);
    }
}
