package org.atelier4j.metrics.image;

import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;

/**
 * Structural similarity at several sizes of the image: Wang, Simoncelli, Bovik 2003, "Multi-scale structural similarity for image
 * quality assessment", eq. 7: {@code SSIM_M^w_M · Π_{j < M} cs_j^w_j}, where cs is SSIM without its luminance factor and each
 * size is the former averaged over 2 × 2 pixels; an odd last row or column is left out.
 *
 * <p>Powers are taken of each channel's means and then averaged over channels. A negative mean, which has no power, counts as 0.
 *
 * @param ssim window and constants, the same at all sizes
 * @param weights w_1 … w_M, from fine to coarse
 */
public record MsSsim(Ssim ssim, List<Double> weights) {

    /** Copies the weights. */
    public MsSsim {
        Check.that(!weights.isEmpty(), "MsSsim: at least one weight must be given, got none");
        weights = List.copyOf(weights);
    }

    /** Returns the paper's setting, five sizes; images need 176 × 176 pixels at least. */
    public static MsSsim paper() {
        return new MsSsim(Ssim.paper(), List.of(0.0448, 0.2856, 0.3001, 0.2363, 0.1333));
    }

    /** Returns how many pixels the sides of an image need: a window at the coarsest size, {@code window·2^(M − 1)}. */
    public int minimumSize() {
        return ssim.window() << (weights.size() - 1);
    }

    /**
     * Returns the similarity of each pair, (B), in [0, 1] and 1 for equal images.
     *
     * @param a (B, H, W, C) in [−1, 1]
     * @param b of the same shape
     */
    public Tensor similarity(Tensor a, Tensor b) {
        ImageCheck.pair("MsSsim", a, b);
        LocalMoments.checkSize("MsSsim", a, minimumSize());
        Tensor x = LocalMoments.channels(a); // (B·C, H, W, 1)
        Tensor y = LocalMoments.channels(b);
        Tensor product = Tensor.onesLike(x.slice(1, 0, 1).slice(2, 0, 1)); // (B·C, 1, 1, 1)
        for (int j = 0; j < weights.size(); j++) {
            boolean last = j == weights.size() - 1;
            Ssim.Parts parts = ssim.parts(x, y);
            Tensor factor = last ? parts.similarity() : parts.contrastStructure();
            product = product.mul(power(factor, weights.get(j)));
            if (!last) {
                x = halved(x);
                y = halved(y);
            }
        }
        return product.reshape(a.dim(0), -1).mean(1).reshape(-1);
    }

    /** Returns {@code x^w}, and 0 with gradient 0 for x ≤ 0. */
    private static Tensor power(Tensor x, double w) {
        Tensor positive = x.greater(0);
        Tensor base = Tensor.where(positive, x, Tensor.onesLike(x));
        return Tensor.where(positive, base.pow(w), Tensor.zerosLike(x));
    }

    private static Tensor halved(Tensor x) {
        return x.averagePool(2, 2, 0);
    }
}
