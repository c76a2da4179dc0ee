package org.atelier4j.nn;

import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/**
 * Noise levels or timesteps as vectors that a network can use: t (B) → (B, width), a {@link SinusoidalEmbedding} followed
 * by linear, SiLU, linear, as in Ho et al. 2020 (arXiv:2006.11239), app. B. Children {@code linear_1} and
 * {@code linear_2}, as in the diffusers library.
 */
public final class TimestepEmbedding extends UnaryLayer {
    private final SinusoidalEmbedding positions;
    private final Linear linear1;
    private final Linear linear2;

    /**
     * Makes an embedding.
     *
     * @param positions how t becomes a vector
     * @param width length of the result, often 4 times that of {@code positions}
     */
    public TimestepEmbedding(SinusoidalEmbedding positions, int width, Rng rng) {
        this.positions = positions;
        linear1 = child("linear_1", new Linear(positions.width(), width, rng.split("linear_1")));
        linear2 = child("linear_2", new Linear(width, width, rng.split("linear_2")));
    }

    /** Returns FLOAT32 vectors (B, width) of t (B), any numeric type; layers cast them to the type they compute in. */
    @Override
    public Tensor forward(Tensor t) {
        Tensor waves = positions.of(t); // (B, L)
        return linear2.forward(linear1.forward(waves).silu()); // (B, width)
    }
}
