package org.atelier4j.metrics.net;

import org.atelier4j.nn.Convolutions;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.kernel.Unary;
import org.jspecify.annotations.Nullable;

/**
 * A convolution whose weights never change, with the function that follows it: (B, H, W, C) → (B, H', W', O).
 *
 * @param weight (O, C/groups, kH, kW)
 * @param bias (O), or null for none
 * @param activation what follows, or null for nothing
 */
record FrozenConv(
        Tensor weight,
        @Nullable Tensor bias,
        Convolution geometry,
        @Nullable Unary activation) {

    static final Unary RELU = Unary.of(Unary.Function.RELU);
    static final Unary RELU6 = new Unary(Unary.Function.CLAMP, 0, 6);

    /** Returns the geometry of a convolution of images with stride 1 that keeps sides by padding. */
    static Convolution keeping(int kernelHeight, int kernelWidth) {
        Shape ones = Shape.of(1, 1);
        return new Convolution(ones, Shape.of(kernelHeight / 2, kernelWidth / 2), ones, 1);
    }

    /** Returns the geometry of a convolution of images. */
    static Convolution geometry(int stride, int padding, int groups) {
        return new Convolution(Shape.of(stride, stride), Shape.of(padding, padding), Shape.of(1, 1), groups);
    }

    /**
     * Returns the convolution followed by a batch norm in evaluation, made one:
     * {@code γ(w∗x − μ)/√(σ² + ε) + β = (sw)∗x + (β − sμ)} with {@code s = γ/√(σ² + ε)}.
     *
     * @param norm where the norm's {@code weight}, {@code bias}, {@code running_mean} and {@code running_var} are
     */
    static FrozenConv normalized(
            Weights weights, String norm, double eps, Tensor weight, Convolution geometry, @Nullable Unary activation) {
        int out = weight.dim(0);
        Tensor gamma = weights.take(norm + ".weight", out).to(DType.FLOAT64);
        Tensor beta = weights.take(norm + ".bias", out).to(DType.FLOAT64);
        Tensor mean = weights.take(norm + ".running_mean", out).to(DType.FLOAT64);
        Tensor variance = weights.take(norm + ".running_var", out).to(DType.FLOAT64);
        Tensor scale = gamma.div(variance.add(eps).sqrt()); // (O)
        Tensor shift = beta.sub(mean.mul(scale));
        Tensor factors = scale.to(DType.FLOAT32).reshape(out, 1, 1, 1);
        return TensorScope.outside(
                () -> new FrozenConv(weight.mul(factors), shift.to(DType.FLOAT32), geometry, activation));
    }

    /** Returns f(conv(x) + bias). */
    Tensor forward(Tensor x) {
        return activation == null
                ? Convolutions.conv(x, weight, bias, geometry)
                : Convolutions.activated(x, weight, bias, geometry, activation);
    }
}
