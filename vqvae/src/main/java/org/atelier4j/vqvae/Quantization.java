package org.atelier4j.vqvae;

import java.util.List;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * What a {@link Codebook} makes of latents in training.
 *
 * @param quantized what the decoder sees (B, h, w, D); gradients pass through it to the latents
 * @param codes which codes were chosen, INT32 (B, h, w)
 * @param terms what is added to the reconstruction's loss; none for codebooks that need no help, as finite scalars
 */
public record Quantization(Tensor quantized, Tensor codes, List<Term> terms) {

    /** Copies the list. */
    public Quantization {
        terms = List.copyOf(terms);
    }

    /**
     * One term of the loss.
     *
     * @param name under which it is logged, as {@code commitment}
     * @param weight its factor, as β
     * @param value a scalar, before the weight
     */
    public record Term(String name, double weight, Tensor value) {}

    /** Returns {@code Σ weight · value} over the terms: a scalar, 0 if there are none. */
    public Tensor loss() {
        Tensor sum = Tensor.full(0, quantized.dtype(), Shape.scalar());
        for (Term term : terms) {
            sum = sum.add(term.value().mul(term.weight()));
        }
        return sum;
    }
}
