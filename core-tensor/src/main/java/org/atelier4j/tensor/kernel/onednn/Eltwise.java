package org.atelier4j.tensor.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_abs;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_elu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_exp;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_gelu_erf;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_gelu_tanh;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_linear;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_logistic;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_relu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_sqrt;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_square;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_swish;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_tanh;

import org.atelier4j.tensor.kernel.Unary;
import org.jspecify.annotations.Nullable;

/** A function of one number in oneDNN's terms. */
record Eltwise(int algorithm, float alpha, float beta) {

    /**
     * Returns oneDNN's name of a function, or null where it has none that is fast and exact enough: its logarithm takes
     * eight times as long as its square root, its ReLU and
     * clamp turn NaN into a number.
     */
    static @Nullable Eltwise of(Unary f) {
        float a = (float) f.a();
        float b = (float) f.b();
        return switch (f.function()) {
            case AFFINE -> new Eltwise(dnnl_eltwise_linear, a, b);
            case LEAKY_RELU -> new Eltwise(dnnl_eltwise_relu, a, 0);
            case ELU -> new Eltwise(dnnl_eltwise_elu, a, 0);
            case SIGMOID -> new Eltwise(dnnl_eltwise_logistic, 0, 0);
            case SILU -> new Eltwise(dnnl_eltwise_swish, 1, 0);
            case GELU -> new Eltwise(dnnl_eltwise_gelu_erf, 0, 0);
            case GELU_TANH -> new Eltwise(dnnl_eltwise_gelu_tanh, 0, 0);
            case TANH -> new Eltwise(dnnl_eltwise_tanh, 0, 0);
            case EXP -> new Eltwise(dnnl_eltwise_exp, 0, 0);
            case SQRT -> new Eltwise(dnnl_eltwise_sqrt, 0, 0);
            case SQUARE -> new Eltwise(dnnl_eltwise_square, 0, 0);
            case ABS -> new Eltwise(dnnl_eltwise_abs, 0, 0);
            case RELU, CLAMP, LOG, RSQRT, RECIPROCAL, POW, SIGN, FLOOR, ROUND, SIN, COS, ERF -> null;
            case SOFTPLUS -> null; // soft_relu is off by 2e-6 where the value is 2e-9, and negative there
        };
    }

    /** Returns oneDNN's name of a function whose derivative is wanted, or null. */
    static @Nullable Eltwise ofDerivative(Unary f) {
        return switch (f.function()) {
            case RELU -> new Eltwise(dnnl_eltwise_relu, 0, 0);
            default -> of(f);
        };
    }
}
