package org.atelier4j.train;

import org.atelier4j.tensor.Check;

/**
 * Asks the loop to stop when a scalar has not improved for some steps. The scalar is smoothed by an exponential moving
 * average, since losses of single batches are noisy. A resumed run begins to watch anew.
 */
public final class EarlyStop implements StepListener {
    private final String scalar;
    private final long patience;
    private final double smoothing;
    private final StopSignal stop;
    private double average = Double.NaN;
    private double best = Double.POSITIVE_INFINITY;
    private long bestStep;

    /**
     * Makes the listener.
     *
     * @param scalar name of a reported number that should fall
     * @param patience number of steps without a new minimum after which to stop, &gt; 0
     * @param smoothing weight of the past in the moving average, in [0, 1); 0 looks at the raw number
     * @param stop the signal of the loop
     */
    public EarlyStop(String scalar, long patience, double smoothing, StopSignal stop) {
        Check.that(patience > 0, "EarlyStop: patience must be > 0 steps, got %d", patience);
        Check.that(smoothing >= 0 && smoothing < 1, "EarlyStop: smoothing must lie in [0, 1), got %s", smoothing);
        this.scalar = scalar;
        this.patience = patience;
        this.smoothing = smoothing;
        this.stop = stop;
    }

    @Override
    public void started(TrainingProgress progress) {
        bestStep = progress.step();
    }

    @Override
    public void stepped(TrainingProgress progress, StepReport report) {
        Double value = report.scalars().get(scalar);
        Check.that(
                value != null,
                "EarlyStop: the step must report %s, got %s",
                scalar,
                report.scalars().keySet());
        average = Double.isNaN(average) ? value : smoothing * average + (1 - smoothing) * value;
        if (average < best) {
            best = average;
            bestStep = progress.step();
        } else if (progress.step() - bestStep >= patience) {
            stop.request(scalar + " has not improved since step " + bestStep);
        }
    }
}
