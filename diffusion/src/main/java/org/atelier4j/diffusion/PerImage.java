package org.atelier4j.diffusion;

import java.util.Arrays;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/** Numbers that differ from image to image. They stay where the images are: nothing is read by the host. */
final class PerImage {
    private PerImage() {}

    /** Returns one number per image (B) as (B, 1, …, 1), of the rank and element type of {@code like}. */
    static Expression factors(Tensor values, Tensor like) {
        Check.shape(
                like.rank() >= 1 && values.rank() == 1 && values.dim(0) == like.dim(0),
                "diffusion: one time per image must be given, got %s for shape %s",
                values.shape(),
                like.shape());
        int[] shape = new int[like.rank()];
        Arrays.fill(shape, 1);
        shape[0] = values.dim(0);
        return Expression.of(values.to(like.dtype()).reshape(Shape.of(shape)));
    }

    /** Returns the entry of a table at each image's step t, INT32 (B), as FLOAT64 (B). */
    static Tensor entries(double[] table, Tensor t) {
        return Tensor.of(table, table.length).gatherRows(t);
    }

    /** Returns the mean over all images of {@code weight · mean((a − b)²)} per image; weights are (B). */
    static Tensor weightedError(Tensor a, Tensor b, Tensor weights) {
        Expression squares = Expression.of(a).sub(Expression.of(b)).square(); // (B, …)
        return squares.mul(factors(weights, a)).tensor().mean();
    }
}
