package org.atelier4j.nn;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/**
 * Srivastava et al. 2014, "Dropout", in its inverted form: in training each element is 0 with probability p and else
 * divided by 1 − p, so that the expectation stays; in evaluation nothing happens.
 */
public final class Dropout extends UnaryLayer {
    private final double p;
    private final Rng rng;

    /**
     * Makes a layer.
     *
     * @param p probability of 0, in [0, 1)
     * @param rng the stream of the masks
     */
    public Dropout(double p, Rng rng) {
        Check.that(p >= 0 && p < 1, "Dropout: p must lie in [0, 1), got %s", p);
        this.p = p;
        this.rng = stream("rng", rng);
    }

    /** Returns x with elements dropped in training, x itself in evaluation. */
    @Override
    public Tensor forward(Tensor x) {
        return isTraining() ? x.dropout(p, rng) : x;
    }
}
