package org.atelier4j.nn;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * Learned vectors of positions, added to tokens: (B, T, D) → the same shape, for any T up to {@code length}. Parameter
 * {@code weight} (length, D), normal with deviation 0.02.
 */
public final class PositionEmbedding extends UnaryLayer {
    private static final double DEVIATION = 0.02; // Radford et al. 2018, "Improving Language Understanding", sec. 4.1

    private final Tensor weight;

    /**
     * Makes an embedding.
     *
     * @param length number of positions, ≥ 1
     * @param width D, ≥ 1
     */
    public PositionEmbedding(int length, int width, Rng rng) {
        Check.that(length >= 1 && width >= 1, "PositionEmbedding: sizes must be >= 1, got %d and %d", length, width);
        weight = parameter("weight", Init.normal(DEVIATION).weight(Shape.of(length, width), rng));
    }

    /** Returns x (B, T, D) plus the vectors of positions 0 to T − 1. */
    @Override
    public Tensor forward(Tensor x) {
        return forward(x, 0);
    }

    /** Returns x (B, T, D) plus the vectors of positions {@code first} to {@code first + T − 1}. */
    public Tensor forward(Tensor x, int first) {
        Check.rank("PositionEmbedding", 3, "(B, T, D)", x);
        Check.shape(
                first >= 0 && first + x.dim(1) <= weight.dim(0) && x.dim(2) == weight.dim(1),
                "PositionEmbedding: x must have shape (B, T <= %d, %d), got %s",
                weight.dim(0) - first,
                weight.dim(1),
                x.shape());
        return x.add(cast(weight.slice(0, first, x.dim(1)), x));
    }
}
