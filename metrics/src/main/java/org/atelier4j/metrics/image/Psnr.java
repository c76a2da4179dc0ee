package org.atelier4j.metrics.image;

import org.atelier4j.tensor.Tensor;

/**
 * Peak signal-to-noise ratio in decibels, {@code 10·log₁₀(L²/MSE)}, with the range L = 2 of images in [−1, 1]; the same number
 * as with L = 255 of pixels. Infinite for equal images.
 */
public final class Psnr {
    private static final double RANGE = 2;
    private static final double DECIBELS = 10 / Math.log(10);

    private Psnr() {}

    /**
     * Returns the ratio of each pair, (B), over all pixels and channels of an image.
     *
     * @param a (B, H, W, C) in [−1, 1]
     * @param b of the same shape
     */
    public static Tensor between(Tensor a, Tensor b) {
        ImageCheck.pair("Psnr", a, b);
        Tensor error = a.sub(b).square().mean(1, 2, 3).reshape(-1); // (B)
        return error.log().neg().add(2 * Math.log(RANGE)).mul(DECIBELS);
    }
}
