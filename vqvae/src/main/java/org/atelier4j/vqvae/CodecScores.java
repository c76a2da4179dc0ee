package org.atelier4j.vqvae;

import java.util.Iterator;
import org.atelier4j.data.Batch;
import org.atelier4j.model.ImageCodec;
import org.atelier4j.tensor.Check;
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
    private static final double PEAK = 2; // from −1 to 1

    /** Measures on all batches. */
    public static CodecScores of(ImageCodec codec, Iterator<Batch> batches) {
        double squaredError = 0;
        double sum = 0;
        double squares = 0;
        long pixels = 0;
        long values = 0;
        while (batches.hasNext()) {
            try (TensorScope scope = TensorScope.open();
                    NoGrad off = NoGrad.open()) {
                Tensor images = batches.next().images(); // (B, H, W, C)
                Tensor latents = codec.encode(images); // (B, h, w, D)
                Tensor again = codec.decode(latents).clamp(-1, 1); // (B, H, W, C)
                squaredError += again.sub(images).square().sum().item();
                sum += latents.sum().item();
                squares += latents.square().sum().item();
                pixels += images.size();
                values += latents.size();
            }
        }
        Check.that(pixels > 0, "CodecScores: there must be images, got none");
        double mean = sum / values;
        double psnr = 10 * Math.log10(PEAK * PEAK * pixels / squaredError);
        return new CodecScores(psnr, Math.sqrt(squares / values - mean * mean));
    }
}
