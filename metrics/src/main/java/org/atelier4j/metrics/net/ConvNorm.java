package org.atelier4j.metrics.net;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.atelier4j.nn.BatchNorm2d;
import org.atelier4j.nn.Conv2d;
import org.atelier4j.nn.ConvConfig;
import org.atelier4j.nn.Init;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A 3×3 convolution and a batch norm: (B, H, W, in) → (B, H/stride, W/stride, out); or, folded, the one convolution with bias
 * that computes the same in evaluation.
 */
final class ConvNorm extends Layer {
    private static final double NORM_EPS = 1e-5;

    private final Conv2d conv;
    private final @Nullable BatchNorm2d norm;

    ConvNorm(int in, int out, int stride, boolean folded, Rng rng) {
        ConvConfig config = ConvConfig.of2d(in, out, 3).withStride(stride).withInit(Init.kaimingNormal(Math.sqrt(2)));
        conv = child("conv", new Conv2d(folded ? config : config.withoutBias(), rng));
        norm = folded ? null : child("norm", new BatchNorm2d(new BatchNorm2d.Config(out, NORM_EPS, 0.1, true)));
    }

    Tensor forward(Tensor x) {
        Tensor y = conv.forward(x); // (B, H/stride, W/stride, out)
        return norm == null ? y : norm.forward(y);
    }

    /** Returns {@code forward(x) + residual}. */
    Tensor forward(Tensor x, Tensor residual) {
        return norm == null ? conv.forward(x, residual) : forward(x).add(residual);
    }

    /**
     * Returns weight and bias of the folded form: {@code γ(w∗x − μ)/√(σ² + ε) + β = (s·w)∗x + (β − s·μ)} with
     * {@code s = γ/√(σ² + ε)}.
     */
    static Map<String, Tensor> folded(Map<String, Tensor> state, String path) {
        Tensor deviation = value(state, path + "norm.running_var").add(NORM_EPS).sqrt();
        Tensor scale = value(state, path + "norm.weight").div(deviation); // (out)
        Tensor shift = value(state, path + "norm.running_mean").mul(scale);
        Map<String, Tensor> one = new LinkedHashMap<>();
        one.put(
                path + "conv.weight",
                value(state, path + "conv.weight").mul(scale.reshape(-1, 1, 1, 1))); // (out, in, 3, 3)
        one.put(path + "conv.bias", value(state, path + "norm.bias").sub(shift));
        return one;
    }

    /** Returns a tensor that must be there. */
    static Tensor value(Map<String, Tensor> state, String name) {
        Tensor value = state.get(name);
        Check.that(value != null, "ClassifierNet.folded: state must hold %s", name);
        return Objects.requireNonNull(value);
    }
}
