package org.atelier4j.train;

import org.atelier4j.tensor.Check;

/**
 * How far a run has come.
 *
 * @param step number of finished steps, over all resumed parts of the run
 * @param images number of examples seen, likewise
 * @param seconds time spent in the loop, likewise
 * @param length where the run ends
 */
public record TrainingProgress(long step, long images, double seconds, TrainingLength length) {

    /** Checks the counts. */
    public TrainingProgress {
        Check.that(step >= 0 && images >= 0, "TrainingProgress: counts must be >= 0, got %d and %d", step, images);
    }

    /** Returns the start of a new run. */
    public static TrainingProgress start(TrainingLength length) {
        return new TrainingProgress(0, 0, 0, length);
    }

    /** Returns the part that is done, in [0, 1]. */
    public double fraction() {
        return length.fraction(step, images);
    }

    /** Returns whether the run has reached its length. */
    public boolean isComplete() {
        return fraction() >= 1;
    }

    /** Returns this progress of a run that ends elsewhere. */
    TrainingProgress upTo(TrainingLength other) {
        return new TrainingProgress(step, images, seconds, other);
    }

    /** Returns this progress after one more step. */
    TrainingProgress plus(int moreImages, double moreSeconds) {
        return new TrainingProgress(step + 1, images + moreImages, seconds + moreSeconds, length);
    }
}
