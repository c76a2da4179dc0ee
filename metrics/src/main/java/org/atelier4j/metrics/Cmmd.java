package org.atelier4j.metrics;

import org.atelier4j.metrics.PairBlocks.Measure;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;

/**
 * Squared maximum mean discrepancy of image embeddings with a Gaussian kernel: Jayasumana et al. 2024, "Rethinking FID: towards
 * a better evaluation metric for image generation" (arXiv:2401.09603), sec. 4, with {@code k(x, y) = exp(−‖x − y‖²/(2σ²))}.
 * No law is assumed of the features, and it needs fewer images than the Fréchet distance.
 *
 * <p>As in the paper's implementation the pairs of an image with itself count, so the estimate is ≥ 0 and biased by about
 * 1/N. Comparable with published numbers only for the embeddings of the CLIP network ViT-L/14 at 336 pixels, of unit length.
 *
 * @param sigma σ, &gt; 0
 * @param scale the factor of the result
 */
public record Cmmd(double sigma, double scale) {

    /** Checks the width of the kernel. */
    public Cmmd {
        Check.that(sigma > 0, "Cmmd: sigma must be > 0, got %s", sigma);
    }

    /** Returns the paper's setting, σ = 10 and a factor of 1000. */
    public static Cmmd paper() {
        return new Cmmd(10, 1000);
    }

    /** Returns the distance, ≥ 0, of two banks of at least two images each. */
    public double measure(FeatureBank real, FeatureBank generated) {
        FeatureBank.checkPair("Cmmd", real, generated, 2);
        Tensor x = real.rows();
        Tensor y = generated.rows();
        double rate = -1 / (2 * sigma * sigma);
        MeanKernel kernel = new MeanKernel(Measure.SQUARED_DISTANCE, d -> Math.exp(rate * d));
        double squared = kernel.within(x, 1) + kernel.within(y, 1) - 2 * kernel.across(x, y);
        return scale * Math.max(0, squared); // rounding alone brings it below zero
    }
}
