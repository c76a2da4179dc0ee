package org.atelier4j.diffusion;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/** Numbers that differ from image to image, computed in float64. */
final class PerImage {
    private PerImage() {}

    /** Returns {@code f(i)} for each image as (B, 1, …, 1), of the rank and element type of {@code like}. */
    static Expression factors(IntToDoubleFunction f, int images, Tensor like) {
        Check.shape(
                like.rank() >= 1 && like.dim(0) == images,
                "diffusion: one time per image must be given, got %d for shape %s",
                images,
                like.shape());
        double[] values = new double[images];
        Arrays.setAll(values, f);
        int[] shape = new int[like.rank()];
        Arrays.fill(shape, 1);
        shape[0] = images;
        return Expression.of(Tensor.of(values, images).to(like.dtype()).reshape(Shape.of(shape)));
    }

    /** Returns the values as (B), of the element type of {@code like}. */
    static Tensor times(double[] values, Tensor like) {
        return Tensor.of(values, values.length).to(like.dtype());
    }

    /** Returns the mean over all images of {@code weight(i) · mean((a − b)²)} per image. */
    static Tensor weightedError(Tensor a, Tensor b, IntToDoubleFunction weight) {
        Expression squares = Expression.of(a).sub(Expression.of(b)).square(); // (B, …)
        return squares.mul(factors(weight, a.dim(0), a)).tensor().mean();
    }
}
