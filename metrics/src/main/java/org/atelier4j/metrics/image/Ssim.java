package org.atelier4j.metrics.image;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;

/**
 * Structural similarity: Wang, Bovik, Sheikh, Simoncelli 2004, "Image quality assessment: from error visibility to structural
 * similarity", eq. 13, the mean of
 *
 * <pre>{@code (2μ_aμ_b + C₁)(2σ_ab + C₂) / ((μ_a² + μ_b² + C₁)(σ_a² + σ_b² + C₂)),  C_i = (K_i·L)²}</pre>
 *
 * <p>over all windows that lie inside the image and over channels. Images in [−1, 1] are moved to [0, 1] first, so L = 1: the
 * number is that of pixels with L = 255. Variances are weighted means (not the unbiased estimate).
 *
 * @param window length of the Gaussian window in pixels, odd
 * @param sigma its standard deviation in pixels
 * @param k1 K₁
 * @param k2 K₂
 */
public record Ssim(int window, double sigma, double k1, double k2) {

    /** Checks the window. */
    public Ssim {
        Check.that(window >= 1 && window % 2 == 1, "Ssim: window must be odd and >= 1, got %d", window);
        Check.that(sigma > 0, "Ssim: sigma must be > 0, got %s", sigma);
    }

    /** Returns the paper's setting: 11 pixels, σ = 1.5, K₁ = 0.01, K₂ = 0.03. */
    public static Ssim paper() {
        return new Ssim(11, 1.5, 0.01, 0.03);
    }

    /**
     * Returns the similarity of each pair, (B), in [−1, 1] and 1 for equal images.
     *
     * @param a (B, H, W, C) in [−1, 1], with H and W at least the window
     * @param b of the same shape
     */
    public Tensor similarity(Tensor a, Tensor b) {
        ImageCheck.pair("Ssim", a, b);
        LocalMoments.checkSize("Ssim", a, window);
        Parts parts = parts(LocalMoments.channels(a), LocalMoments.channels(b)); // (B·C, 1, 1, 1)
        return parts.similarity().reshape(a.dim(0), -1).mean(1).reshape(-1);
    }

    /**
     * Mean similarity, and mean of its second factor alone, for each channel of each image.
     *
     * @param similarity (N, 1, 1, 1)
     * @param contrastStructure (N, 1, 1, 1)
     */
    record Parts(Tensor similarity, Tensor contrastStructure) {}

    /** Returns the parts for channels (N, h, w, 1) in [−½, ½]. */
    Parts parts(Tensor a, Tensor b) {
        LocalMoments m = LocalMoments.of(a, b, window, sigma);
        double c1 = k1 * k1;
        double c2 = k2 * k2;
        Tensor luminance = m.meanA()
                .mul(m.meanB())
                .affine(2, c1)
                .div(m.meanA().square().add(m.meanB().square()).add(c1));
        Tensor contrast = m.covariance()
                .affine(2, c2)
                .div(m.varianceA().add(m.varianceB()).add(c2));
        return new Parts(luminance.mul(contrast).mean(1, 2), contrast.mean(1, 2));
    }
}
