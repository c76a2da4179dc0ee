package org.atelier4j.model;

import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * Turns images into grids of codes and back: a VQ-VAE after training. A prior learns the grids, draws new ones, and hands
 * them back to be decoded.
 */
public interface ImageTokenizer {

    /** Returns K, the number of different codes. */
    int size();

    /** Returns the SHA-256 of the codebook; a prior remembers it, so that it is never joined with another one. */
    String hash();

    /** Returns the shape of the grid for images of a shape, (H, W, C) → (h, w). */
    Shape gridShape(Shape imageShape);

    /** Returns the codes of images FLOAT32 (B, H, W, C) in [−1, 1]. */
    CodeGrid tokenize(Tensor images);

    /** Returns images (B, H, W, C), in about [−1, 1], for codes; each code must lie in [0, K). */
    Tensor detokenize(CodeGrid grid);
}
