package org.atelier4j.vqvae;

import java.util.Iterator;
import org.atelier4j.data.Batch;
import org.atelier4j.model.ImageCodec;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * What a codec is worth on images.
 *
 * @param psnr peak signal-to-noise ratio of what comes back in decibels, {@code 10 log₁₀(2² / MSE)} for pixels clipped to
 *     [−1, 1], of the mean error over all images
 * @param latentStd standard deviation of its latents over everything: what {@link AutoencoderKl.Config#withLatentStd}
 *     wants of a codec that has no scale yet, and about 1 of one that has
 */
public record CodecScores(double psnr, double latentStd) {

    /** Measures on all batches. */
    public static CodecScores of(ImageCodec codec, Iterator<Batch> batches) {
        ReconstructionSums sums = new ReconstructionSums();
        while (batches.hasNext()) {
            try (TensorScope scope = TensorScope.open();
                    NoGrad off = NoGrad.open()) {
                Tensor images = batches.next().images(); // (B, H, W, C)
                Tensor latents = codec.encode(images); // (B, h, w, D)
                sums.add(images, latents, codec.decode(latents));
            }
        }
        return new CodecScores(sums.psnr(), sums.latentStd());
    }
}
