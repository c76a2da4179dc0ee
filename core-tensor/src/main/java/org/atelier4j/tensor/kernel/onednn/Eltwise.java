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

import java.util.EnumMap;
import java.util.Map;
import org.atelier4j.tensor.kernel.Unary;
import org.jspecify.annotations.Nullable;

/** A function of one number in oneDNN's terms. */
record Eltwise(int algorithm, float alpha, float beta) {

    private static final Map<Unary.Function, Eltwise> WITHOUT_PARAMETERS = new EnumMap<>(Map.of(
            Unary.Function.SIGMOID, new Eltwise(dnnl_eltwise_logistic, 0, 0),
            Unary.Function.SILU, new Eltwise(dnnl_eltwise_swish, 1, 0),
            Unary.Function.GELU, new Eltwise(dnnl_eltwise_gelu_erf, 0, 0),
            Unary.Function.GELU_TANH, new Eltwise(dnnl_eltwise_gelu_tanh, 0, 0),
            Unary.Function.TANH, new Eltwise(dnnl_eltwise_tanh, 0, 0),
            Unary.Function.EXP, new Eltwise(dnnl_eltwise_exp, 0, 0),
            Unary.Function.SQRT, new Eltwise(dnnl_eltwise_sqrt, 0, 0),
            Unary.Function.SQUARE, new Eltwise(dnnl_eltwise_square, 0, 0),
            Unary.Function.ABS, new Eltwise(dnnl_eltwise_abs, 0, 0)));
    private static final Eltwise RELU = new Eltwise(dnnl_eltwise_relu, 0, 0);

    /**
     * Returns oneDNN's name of a function, or null where it has none that is fast and exact enough: its logarithm takes
     * eight times as long as its square root, its ReLU and clamp turn NaN into a number.
     */
    static @Nullable Eltwise of(Unary f) {
        float a = (float) f.a();
        float b = (float) f.b();
        return switch (f.function()) {
            case AFFINE -> new Eltwise(dnnl_eltwise_linear, a, b);
            case LEAKY_RELU -> new Eltwise(dnnl_eltwise_relu, a, 0);
            case ELU -> new Eltwise(dnnl_eltwise_elu, a, 0);
            case SIGMOID, SILU, GELU, GELU_TANH, TANH, EXP, SQRT, SQUARE, ABS -> WITHOUT_PARAMETERS.get(f.function());
            case RELU, CLAMP, LOG, RSQRT, RECIPROCAL, POW, SIGN, FLOOR, ROUND, SIN, COS, ERF -> null;
            case SOFTPLUS -> null; // soft_relu is off by 2e-6 where the value is 2e-9, and negative there
        };
    }

    /** Returns oneDNN's name of a function whose derivative is wanted, or null. */
    static @Nullable Eltwise ofDerivative(Unary f) {
        return switch (f.function()) {
            case RELU -> RELU;
            default -> of(f);
        };
    }
}
