package org.atelier4j.metrics.image;

import java.util.List;
import org.atelier4j.nn.Convolutions;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Convolution;

/**
 * Means, variances and covariance of two images within a Gaussian window around each pixel whose window lies inside; each map
 * is (B·C, h, w, 1), channels apart.
 *
 * @param meanA μ_a of pixels in [0, 1]
 * @param meanB μ_b
 * @param varianceA σ_a²
 * @param varianceB σ_b²
 * @param covariance σ_ab
 */
record LocalMoments(Tensor meanA, Tensor meanB, Tensor varianceA, Tensor varianceB, Tensor covariance) {

    /**
     * Returns the moments.
     *
     * @param a (N, h, w, 1) in [−½, ½], pixels less ½: squares stay small, and with them the rounding of differences
     * @param b the other image
     */
    static LocalMoments of(Tensor a, Tensor b, int size, double sigma) {
        Tensor all = Tensor.concat(0, a, b, a.square(), b.square(), a.mul(b));
        List<Tensor> m = blur(all, window(size, sigma)).split(0, 5);
        Tensor ma = m.get(0);
        Tensor mb = m.get(1);
        return new LocalMoments(
                ma.add(0.5),
                mb.add(0.5),
                m.get(2).sub(ma.square()),
                m.get(3).sub(mb.square()),
                m.get(4).sub(ma.mul(mb)));
    }

    /** Returns the channels of images (B, H, W, C) in [−1, 1] as images of their own, (B·C, H, W, 1) in [−½, ½]. */
    static Tensor channels(Tensor images) {
        return images.mul(0.5).permute(0, 3, 1, 2).reshape(-1, images.dim(1), images.dim(2), 1);
    }

    /** Checks that a window fits into images (B, H, W, C). */
    static void checkSize(String metric, Tensor images, int minimum) {
        Check.shape(
                images.dim(1) >= minimum && images.dim(2) >= minimum,
                "%s: images must have at least %d × %d pixels, got %s",
                metric,
                minimum,
                minimum,
                images.shape());
    }

    private static Tensor blur(Tensor x, Tensor window) {
        Convolution valid = Convolution.of2d(1, 0);
        int n = window.dim(0);
        Tensor w = window.to(x.dtype()).to(x.device());
        Tensor down = Convolutions.conv(x, w.reshape(1, 1, n, 1), null, valid);
        return Convolutions.conv(down, w.reshape(1, 1, 1, n), null, valid); // (N, h, w, 1)
    }

    /** Returns {@code exp(−i²/(2σ²))} of sum 1, i counted from the middle. */
    private static Tensor window(int size, double sigma) {
        double[] w = new double[size];
        double sum = 0;
        for (int i = 0; i < size; i++) {
            double distance = i - (size - 1) / 2.0;
            w[i] = Math.exp(-distance * distance / (2 * sigma * sigma));
            sum += w[i];
        }
        for (int i = 0; i < size; i++) {
            w[i] /= sum;
        }
        return Tensor.of(w, size);
    }
}
