package org.atelier4j.nn;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * A table of vectors looked up by number: INT32 (…) in [0, count) → (…, width). Parameter {@code weight} (count, width),
 * normal with deviation 1 as in PyTorch. The result has the weight's element type; cast it to change precision.
 */
public final class Embedding extends UnaryLayer {
    private final Tensor weight;

    /** Makes a table with normal initial values. */
    public Embedding(int count, int width, Rng rng) {
        this(count, width, Init.normal(1), rng);
    }

    /** Makes a table. */
    public Embedding(int count, int width, Init init, Rng rng) {
        Check.that(count >= 1 && width >= 1, "Embedding: count and width must be >= 1, got %d and %d", count, width);
        weight = parameter("weight", init.weight(Shape.of(count, width), rng));
    }

    /** Returns the vectors (…, width) of the INT32 numbers (…). */
    @Override
    public Tensor forward(Tensor numbers) {
        return weight.gatherRows(numbers);
    }

    /** Returns the table (count, width), for models that share it with their last layer. */
    public Tensor weight() {
        return weight;
    }
}
