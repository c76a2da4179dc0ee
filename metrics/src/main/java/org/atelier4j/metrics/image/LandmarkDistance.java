package org.atelier4j.metrics.image;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * Normalized mean error of landmarks: {@code 1/L Σ_l ‖p_l − t_l‖ / d}, with d a length of the true face (Sagonas et al. 2013,
 * "300 faces in-the-wild challenge", sec. 3). A sequence is a batch of frames; {@link #ofMotion} compares how landmarks move (Chen
 * et al. 2019, "Hierarchical cross-modal talking face generation with dynamic pixel-wise loss", arXiv:1905.03820, uses the
 * plain distance in pixels, {@link #pixels}).
 */
public final class LandmarkDistance {

    /** Returns d of each frame, (N, 1), for true landmarks (N, L, A). */
    @FunctionalInterface
    private interface Length {
        Tensor of(Tensor truth);
    }

    private final Length length;

    private LandmarkDistance(Length length) {
        this.length = length;
    }

    /** Returns the distance in the unit of the landmarks, d = 1. */
    public static LandmarkDistance pixels() {
        return new LandmarkDistance(
                truth -> Tensor.full(1, DType.FLOAT64, truth.shape().drop(2).with(1, 1)));
    }

    /** Returns the distance with d between two of the true landmarks, as the outer corners of the eyes. */
    public static LandmarkDistance between(int left, int right) {
        return new LandmarkDistance(truth -> {
            int n = truth.dim(1);
            Check.that(
                    left >= 0 && left < n && right >= 0 && right < n,
                    "LandmarkDistance: landmarks must lie in [0, %d), got %d and %d",
                    n,
                    left,
                    right);
            return truth.select(1, left).sub(truth.select(1, right)).norm(1);
        });
    }

    /** Returns the distance with d = √(wh) of the box around the true landmarks, which must lie in a plane. */
    public static LandmarkDistance ofBox() {
        return new LandmarkDistance(truth -> {
            Tensor sides = truth.max(1).sub(truth.min(1)); // (N, 1, 2)
            return sides.prod(2).reshape(-1, 1).sqrt();
        });
    }

    /**
     * Returns the error of each frame, FLOAT64 (N).
     *
     * @param predicted landmarks (N, L, A) with A = 2 or 3 coordinates
     * @param truth of the same shape
     */
    public Tensor of(Tensor predicted, Tensor truth) {
        check(predicted, truth, 1);
        try (TensorScope scope = TensorScope.open();
                NoGrad off = NoGrad.open()) {
            Tensor p = predicted.to(DType.FLOAT64);
            Tensor t = truth.to(DType.FLOAT64);
            return scope.keep(errors(p, t, scale(t)));
        }
    }

    /**
     * Returns the error of the steps from frame to frame, FLOAT64 (N − 1), each over d of its first frame: shifts that do
     * not change in time cost nothing.
     */
    public Tensor ofMotion(Tensor predicted, Tensor truth) {
        check(predicted, truth, 2);
        try (TensorScope scope = TensorScope.open();
                NoGrad off = NoGrad.open()) {
            int n = truth.dim(0) - 1;
            Tensor t = truth.to(DType.FLOAT64);
            Tensor lengths = scale(t.slice(0, 0, n));
            return scope.keep(errors(steps(predicted.to(DType.FLOAT64)), steps(t), lengths));
        }
    }

    private static void check(Tensor predicted, Tensor truth, int minimum) {
        Check.shape(
                truth.rank() == 3
                        && truth.dim(0) >= minimum
                        && truth.dim(1) >= 1
                        && (truth.dim(2) == 2 || truth.dim(2) == 3)
                        && predicted.shape().equals(truth.shape()),
                "LandmarkDistance: landmarks must be (N >= %d, L, 2 or 3) for both, got %s and %s",
                minimum,
                predicted.shape(),
                truth.shape());
    }

    private Tensor scale(Tensor truth) {
        Tensor d = length.of(truth); // (N, 1)
        double least = d.min().item();
        Check.that(least > 0, "LandmarkDistance: the true face must have a size > 0, got %s", least);
        return d;
    }

    private static Tensor errors(Tensor p, Tensor t, Tensor lengths) {
        Tensor distances = p.sub(t).norm(2); // (N, L, 1)
        return distances.mean(1).reshape(-1, 1).div(lengths).reshape(-1); // (N)
    }

    private static Tensor steps(Tensor x) {
        int n = x.dim(0) - 1;
        return x.slice(0, 1, n).sub(x.slice(0, 0, n));
    }
}
