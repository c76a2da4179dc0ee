package org.atelier4j.optim;

import java.util.Collection;
import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;

/**
 * Clipping by global norm (Pascanu et al. 2012, arXiv:1211.5063, alg. 1): all gradients of a parameter set are scaled by
 * {@code min(1, maxNorm/|g|)}, |g| the Euclidean norm of all of them as one vector. The factor is folded into the
 * optimizer's update, so clipping costs one pass that only reads.
 *
 * @param maxNorm largest norm that stays as it is, &gt; 0; infinity to measure the norm and never clip
 */
public record GradientClip(double maxNorm) {
    private static final double EPS = 1e-6; // as PyTorch's clip_grad_norm_

    /** Never clips; for reports of the norm. */
    public static final GradientClip NONE = new GradientClip(Double.POSITIVE_INFINITY);

    /** Checks the bound. */
    public GradientClip {
        Check.that(maxNorm > 0, "GradientClip: maxNorm must be > 0, got %s", maxNorm);
    }

    /** Returns the Euclidean norm of all gradients as one vector. */
    public static double norm(Collection<Tensor> gradients) {
        if (gradients.isEmpty()) {
            return 0;
        }
        List<Tensor> all = List.copyOf(gradients);
        return Math.sqrt(all.get(0).device().kernels().sumOfSquares(all));
    }

    /** Returns the factor on gradients of the given norm, in [0, 1]. */
    public double scale(double norm) {
        return Math.min(1, maxNorm / (norm + EPS));
    }
}
