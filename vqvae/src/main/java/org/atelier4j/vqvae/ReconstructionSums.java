package org.atelier4j.vqvae;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;

/** Sums over images that went to a codec and back, batch after batch, and what follows from them. */
final class ReconstructionSums {
    private static final double PEAK = 2; // from −1 to 1

    private double squaredError;
    private double sum;
    private double squares;
    private long pixels;
    private long values;

    /** Adds a batch: images (B, H, W, C), their latents (B, h, w, D), and what came back, which is clipped to [−1, 1]. */
    void add(Tensor images, Tensor latents, Tensor again) {
        squaredError += again.clamp(-1, 1).sub(images).square().sum().item();
        sum += latents.sum().item();
        squares += latents.square().sum().item();
        pixels += images.size();
        values += latents.size();
    }

    /** Returns {@code 10 log₁₀(2² / MSE)} of the mean error over all images, in decibels. */
    double psnr() {
        Check.that(pixels > 0, "CodecScores: there must be images, got none");
        return 10 * Math.log10(PEAK * PEAK * pixels / squaredError);
    }

    /** Returns the standard deviation of the latents over everything. */
    double latentStd() {
        Check.that(values > 0, "CodecScores: there must be images, got none");
        double mean = sum / values;
        return Math.sqrt(squares / values - mean * mean);
    }
}
