package org.atelier4j.vqvae;

import java.util.List;
import org.atelier4j.model.FeatureExtractor;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * How differently two images look to a frozen network: the distance of Zhang et al. 2018, "The Unreasonable Effectiveness
 * of Deep Features as a Perceptual Metric" (arXiv:1801.03924), eq. 1, {@code Σ_l mean_hw ‖f_l(x) − f_l(y)‖²}, where f_l are
 * the maps of depth l with each position's channels scaled to unit length.
 *
 * <p>Differs from the paper: channels count equally (its "baseline" rows), for any {@link FeatureExtractor} will do.
 */
public final class PerceptualLoss {
    private static final double EPS = 1e-10;

    private final FeatureExtractor network;

    /** Makes a loss that sees with the given network. */
    public PerceptualLoss(FeatureExtractor network) {
        this.network = network;
    }

    /** Returns the mean over the batch, a scalar, for images (B, H, W, C) in [−1, 1]; gradients reach both. */
    public Tensor between(Tensor x, Tensor y) {
        Check.shape(
                x.rank() == 4 && x.shape().equals(y.shape()) && x.dim(3) == network.channels(),
                "PerceptualLoss: both images must have shape (B, H, W, %d) for %s, got %s and %s",
                network.channels(),
                network.name(),
                x.shape(),
                y.shape());
        List<Tensor> left = network.maps(x);
        List<Tensor> right = network.maps(y);
        Tensor sum = Tensor.full(0, x.dtype(), Shape.scalar()).to(x.device());
        for (int l = 0; l < left.size(); l++) {
            Tensor difference = unit(left.get(l)).sub(unit(right.get(l))); // (B, h, w, c)
            sum = sum.add(difference.square().sum(-1).mean());
        }
        return sum;
    }

    private static Tensor unit(Tensor map) {
        return map.mul(map.square().sum(-1).add(EPS).rsqrt());
    }
}
