package org.atelier4j.examples;

import org.atelier4j.optim.LearningRate;
import org.atelier4j.tensor.Check;

/**
 * How a network is changed.
 *
 * @param batch images in a step
 * @param learningRate highest rate; it falls along half a cosine to {@value #LAST_RATE} of it
 * @param warmUp steps in which the rate rises
 * @param maxNorm norm at which gradients are clipped
 * @param emaHalfLife memory of the averaged weights, in images; 0 for no average
 */
record Optimization(int batch, double learningRate, long warmUp, double maxNorm, double emaHalfLife) {
    private static final double LAST_RATE = 0.02;

    Optimization {
        Check.that(batch >= 1, "batch: must be >= 1, got %d", batch);
        Check.that(learningRate > 0, "learning rate: must be > 0, got %s", learningRate);
    }

    Optimization with(int otherBatch, double otherRate) {
        return new Optimization(otherBatch, otherRate, warmUp, maxNorm, emaHalfLife);
    }

    /** Returns the rate of each step of a run. */
    LearningRate schedule(long steps) {
        return LearningRate.cosine(learningRate, LAST_RATE * learningRate, Math.max(1, steps))
                .warmUp(Math.max(1, Math.min(warmUp, steps / 10)));
    }
}
