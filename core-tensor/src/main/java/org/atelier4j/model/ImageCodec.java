package org.atelier4j.model;

import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * Compresses images to latents and back; models of latents (latent diffusion) work between its two halves.
 *
 * <p>A codec knows the scale that gives its latents unit variance and applies it in both directions, so that nobody
 * outside has to.
 */
public interface ImageCodec {

    /** Returns the shape of one latent for images of a shape, (H, W, C) → (h, w, D). */
    Shape latentShape(Shape imageShape);

    /** Returns latents (B, h, w, D) of unit variance, as measured on the training images. */
    Tensor encode(Tensor images);

    /** Returns images (B, H, W, C), in about [−1, 1], for latents (B, h, w, D). */
    Tensor decode(Tensor latents);
}
