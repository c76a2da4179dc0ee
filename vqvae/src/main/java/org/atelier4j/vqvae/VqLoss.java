package org.atelier4j.vqvae;

import org.atelier4j.nn.Losses;
import org.atelier4j.tensor.Tensor;

/**
 * The loss of a VQ-VAE, van den Oord et al. 2017, eq. 3: {@code −log p(x|q) + ‖sg[z] − e‖² + β‖z − sg[e]‖²}, where the last
 * two come from the codebook and are other ones, or none, for other codebooks.
 *
 * @param reconstruction how images are compared: the likelihood's shape
 */
public record VqLoss(Reconstruction reconstruction) {

    /** A likelihood, up to constants. */
    public enum Reconstruction {
        /** Normal: mean of the squared errors, which is what PSNR counts. */
        L2 {
            @Override
            public Tensor of(Tensor images, Tensor target) {
                return Losses.mse(images, target);
            }
        },
        /** Laplace: mean of the absolute errors, sharper. */
        L1 {
            @Override
            public Tensor of(Tensor images, Tensor target) {
                return Losses.l1(images, target);
            }
        };

        /** Returns the scalar that compares two batches of images (B, H, W, C). */
        public abstract Tensor of(Tensor images, Tensor target);
    }

    /**
     * The loss and its first part.
     *
     * @param total scalar to be differentiated
     * @param reconstruction scalar, without the codebook's terms
     */
    public record Value(Tensor total, Tensor reconstruction) {}

    /**
     * Returns the loss of one pass.
     *
     * @param pass what the model made of the images
     * @param images (B, H, W, C) in [−1, 1]
     */
    public Value of(VqVae.Pass pass, Tensor images) {
        Tensor distance = reconstruction.of(pass.images(), images);
        return new Value(distance.add(pass.quantization().loss()), distance);
    }
}
