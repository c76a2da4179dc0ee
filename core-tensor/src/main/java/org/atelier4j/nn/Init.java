package org.atelier4j.nn;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * How a weight starts. Weights have PyTorch's shapes, (out, in, kernel…): the fan-in is the product of all lengths but
 * the first, the fan-out of all but the second. With any law but {@link #standard()} biases start at 0.
 *
 * <p>The gain makes up for the activation that follows: 1 for none or sigmoid, √2 for ReLU, 5/3 for tanh.
 */
@FunctionalInterface
public interface Init {

    /** Returns FLOAT32 values for a weight of the given shape. */
    Tensor weight(Shape shape, Rng rng);

    /** Returns FLOAT32 values for the {@code count} biases that go with a weight of the given shape. */
    default Tensor bias(Shape weight, int count, Rng rng) {
        return Tensor.zeros(count);
    }

    /** PyTorch's law for linear and convolution layers: weight and bias uniform on {@code ±1/√fanIn}. */
    static Init standard() {
        return new Init() {
            @Override
            public Tensor weight(Shape shape, Rng rng) {
                return Init.uniform(shape, 1 / Math.sqrt(fanIn(shape)), rng);
            }

            @Override
            public Tensor bias(Shape weight, int count, Rng rng) {
                return Init.uniform(Shape.of(count), 1 / Math.sqrt(fanIn(weight)), rng);
            }
        };
    }

    /** All zeros, as for the last layer of a residual block that starts as the identity. */
    static Init zeros() {
        return (shape, rng) -> Tensor.zeros(shape.dims());
    }

    /** Normal with the given standard deviation, as 0.02 in DCGAN and GPT. */
    static Init normal(double deviation) {
        return (shape, rng) -> rng.normal(shape).mul(deviation);
    }

    /** Normal with the given standard deviation, values beyond two of them drawn anew: ViT, MAE. */
    static Init truncatedNormal(double deviation) {
        return (shape, rng) -> rng.truncatedNormal(shape, 2).mul(deviation);
    }

    /** He et al. 2015, uniform on {@code ±gain·√(3/fanIn)}. */
    static Init kaimingUniform(double gain) {
        return (shape, rng) -> uniform(shape, gain * Math.sqrt(3.0 / fanIn(shape)), rng);
    }

    /** He et al. 2015, eq. 10: normal with deviation {@code gain/√fanIn}. */
    static Init kaimingNormal(double gain) {
        return (shape, rng) -> rng.normal(shape).mul(gain / Math.sqrt(fanIn(shape)));
    }

    /** Glorot, Bengio 2010, eq. 16: uniform on {@code ±gain·√(6/(fanIn + fanOut))}. */
    static Init xavierUniform(double gain) {
        return (shape, rng) -> uniform(shape, gain * Math.sqrt(6.0 / (fanIn(shape) + fanOut(shape))), rng);
    }

    /** Glorot, Bengio 2010, eq. 12: normal with deviation {@code gain·√(2/(fanIn + fanOut))}. */
    static Init xavierNormal(double gain) {
        return (shape, rng) -> rng.normal(shape).mul(gain * Math.sqrt(2.0 / (fanIn(shape) + fanOut(shape))));
    }

    /**
     * Saxe et al. 2013: {@code gain} times a uniformly drawn orthogonal matrix (out, in·kernel…); its rows are orthonormal,
     * or its columns where there are more rows than columns.
     */
    static Init orthogonal(double gain) {
        return (shape, rng) -> {
            int rows = shape.dim(0);
            int columns = fanIn(shape);
            int count = Math.min(rows, columns);
            int length = Math.max(rows, columns);
            float[] w = new float[rows * columns];
            double[][] basis =
                    Orthonormal.rows(rng.normal(Shape.of(count, length)).toDoubles(), count, length);
            for (int i = 0; i < w.length; i++) {
                int row = i / columns;
                int column = i % columns;
                w[i] = (float) (gain * (rows <= columns ? basis[row][column] : basis[column][row]));
            }
            return Tensor.of(w, shape.dims());
        };
    }

    private static Tensor uniform(Shape shape, double bound, Rng rng) {
        return rng.uniform(shape).affine(2 * bound, -bound);
    }

    private static int fanIn(Shape shape) {
        Check.shape(shape.rank() >= 2, "Init: weight must have shape (out, in, kernel…), got %s", shape);
        return (int) shape.size(1, shape.rank());
    }

    private static int fanOut(Shape shape) {
        return (int) (shape.dim(0) * shape.size(2, shape.rank()));
    }
}
