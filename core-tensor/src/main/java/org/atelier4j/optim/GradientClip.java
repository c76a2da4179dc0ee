package org.atelier4j.optim;

import java.util.Collection;
import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.Device;

/**
 * Clipping by global norm (Pascanu et al. 2012, arXiv:1211.5063, alg. 1): all gradients of a parameter set are scaled by
 * {@code min(1, maxNorm/|g|)}, |g| the Euclidean norm of all of them as one vector. The factor is folded into the
 * optimizer's update, so clipping costs one pass that only reads, and norm and factor stay where the gradients are.
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

    /** Returns the Euclidean norm of all gradients as one vector, a FLOAT64 scalar on their device. */
    public static Tensor norm(Collection<Tensor> gradients) {
        List<Tensor> all = List.copyOf(gradients);
        Device device = all.isEmpty() ? Device.current() : all.get(0).device();
        Tensor squares = Tensor.empty(Shape.scalar(), DType.FLOAT64, device);
        device.kernels().sumOfSquares(all, squares);
        return squares.sqrt();
    }

    /** Returns the factor on gradients of the given norm, in [0, 1], NaN for a norm that is not finite; both are scalars. */
    public Tensor scale(Tensor norm) {
        Expression n = Expression.of(norm);
        Expression factor = n.add(EPS).reciprocal().mul(maxNorm).min(Expression.constant(1));
        return factor.add(n.sub(n)).tensor();
    }
}
