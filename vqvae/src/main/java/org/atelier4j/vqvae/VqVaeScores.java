package org.atelier4j.vqvae;

import java.util.Iterator;
import org.atelier4j.data.Batch;
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

    /** Measures on all batches. */
    public static VqVaeScores of(VqVae model, Iterator<Batch> batches) {
        CodeCounts counts = new CodeCounts(model.size());
        ReconstructionSums sums = new ReconstructionSums();
        while (batches.hasNext()) {
            try (TensorScope scope = TensorScope.open();
                    NoGrad off = NoGrad.open()) {
                Tensor images = batches.next().images(); // (B, H, W, C)
                Tensor latents = model.latents(images); // (B, h, w, D)
                Tensor codes = model.codebook().codes(latents);
                counts.add(codes);
                sums.add(images, latents, model.image(model.codebook().lookup(codes)));
            }
        }
        return new VqVaeScores(sums.psnr(), sums.latentStd(), counts);
    }
}
