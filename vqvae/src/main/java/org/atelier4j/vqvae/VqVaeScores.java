package org.atelier4j.vqvae;

import java.util.Iterator;
import org.atelier4j.data.Batch;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * What a {@link VqVae} is worth on images that it was not trained on.
 *
 * @param psnr peak signal-to-noise ratio of reconstructions in decibels, {@code 10 log₁₀(2² / MSE)} for pixels clipped to
 *     [−1, 1], of the mean error over all images
 * @param latentStd standard deviation of what the codebook is given, over everything
 * @param counts how often each code was chosen
 */
public record VqVaeScores(double psnr, double latentStd, CodeCounts counts) {
    private static final double PEAK = 2; // from −1 to 1

    /** Measures on all batches. */
    public static VqVaeScores of(VqVae model, Iterator<Batch> batches) {
        CodeCounts counts = new CodeCounts(model.size());
        double squaredError = 0;
        double sum = 0;
        double squares = 0;
        long pixels = 0;
        long values = 0;
        while (batches.hasNext()) {
            try (TensorScope scope = TensorScope.open();
                    NoGrad off = NoGrad.open()) {
                Tensor images = batches.next().images(); // (B, H, W, C)
                Tensor latents = model.latents(images); // (B, h, w, D)
                Tensor codes = model.codebook().codes(latents);
                Tensor again = model.image(model.codebook().lookup(codes)).clamp(-1, 1); // (B, H, W, C)
                counts.add(codes);
                squaredError += again.sub(images).square().sum().item();
                sum += latents.sum().item();
                squares += latents.square().sum().item();
                pixels += images.size();
                values += latents.size();
            }
        }
        Check.that(pixels > 0, "VqVaeScores: there must be images, got none");
        double mean = sum / values;
        double psnr = 10 * Math.log10(PEAK * PEAK * pixels / squaredError);
        return new VqVaeScores(psnr, Math.sqrt(squares / values - mean * mean), counts);
    }
}
