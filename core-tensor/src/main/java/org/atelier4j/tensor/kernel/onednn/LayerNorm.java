package org.atelier4j.tensor.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SCALE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SHIFT;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_MEAN;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCALE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SHIFT;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_VARIANCE;
import static org.bytedeco.dnnl.global.dnnl.dnnl_backward;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;
import static org.bytedeco.dnnl.global.dnnl.dnnl_layer_normalization_backward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_layer_normalization_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_use_scale;
import static org.bytedeco.dnnl.global.dnnl.dnnl_use_shift;

import java.nio.FloatBuffer;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Norm;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.jspecify.annotations.Nullable;

/**
 * Layer normalization of FLOAT32 rows with scale and shift. oneDNN speaks of the variance, the library of
 * {@code 1/√(variance + eps)}.
 */
final class LayerNorm {
    private static final int FORWARD = 800;
    private static final int BACKWARD = 801;
    private static final int FLAGS = dnnl_use_scale | dnnl_use_shift;

    private LayerNorm() {}

    private static boolean suits(Norm norm, Tensor x, Tensor gamma) {
        return norm.groups() == 1
                && norm.centered()
                && !norm.silu()
                && x.dim(1) == 1
                && x.size() > 0
                && gamma.rank() == 1;
    }

    static boolean forward(
            Norm norm, Tensor x, @Nullable Tensor gamma, @Nullable Tensor beta, Tensor out, Tensor mean, Tensor rstd) {
        if (gamma == null || beta == null || !suits(norm, x, gamma)) {
            return false;
        }
        long rows = x.dim(0);
        long width = x.dim(2);
        Primitive p = Primitives.find(
                Primitives.key(FORWARD).add(rows).add(width).add(norm.eps()),
                () -> new Primitive(
                        desc(norm, rows, width),
                        DNNL_ARG_SRC,
                        DNNL_ARG_SCALE,
                        DNNL_ARG_SHIFT,
                        DNNL_ARG_DST,
                        DNNL_ARG_MEAN,
                        DNNL_ARG_VARIANCE));
        if (p == null) {
            return false;
        }
        p.run(
                Memory.address(x),
                Memory.address(gamma),
                Memory.address(beta),
                Memory.address(out),
                Memory.address(mean),
                Memory.address(rstd));
        FloatBuffer v = Memory.floats(rstd);
        for (int i = 0; i < rows; i++) {
            v.put(i, (float) (1 / Math.sqrt(v.get(i) + norm.eps())));
        }
        return true;
    }

    static boolean backward(
            Norm norm,
            Tensor x,
            @Nullable Tensor gamma,
            Tensor mean,
            Tensor rstd,
            Tensor dy,
            Tensor dx,
            @Nullable Tensor dGamma,
            @Nullable Tensor dBeta) {
        if (gamma == null || dGamma == null || dBeta == null || !suits(norm, x, gamma)) {
            return false;
        }
        long rows = x.dim(0);
        long width = x.dim(2);
        Primitive p =
                Primitives.find(Primitives.key(BACKWARD).add(rows).add(width).add(norm.eps()), () -> {
                    dnnl_memory_desc layout = OneDnn.dense(dnnl_f32, rows, width);
                    dnnl_primitive_desc desc = new dnnl_primitive_desc();
                    OneDnn.check(
                            "layer normalization backward",
                            dnnl_layer_normalization_backward_primitive_desc_create(
                                    desc,
                                    OneDnn.ENGINE,
                                    dnnl_backward,
                                    layout,
                                    layout,
                                    layout,
                                    OneDnn.dense(dnnl_f32, rows),
                                    (float) norm.eps(),
                                    FLAGS,
                                    desc(norm, rows, width),
                                    OneDnn.plain()));
                    return new Primitive(
                            desc,
                            DNNL_ARG_SRC,
                            DNNL_ARG_SCALE,
                            DNNL_ARG_MEAN,
                            DNNL_ARG_VARIANCE,
                            DNNL_ARG_DIFF_DST,
                            DNNL_ARG_DIFF_SRC,
                            DNNL_ARG_DIFF_SCALE,
                            DNNL_ARG_DIFF_SHIFT);
                });
        if (p == null) {
            return false;
        }
        Tensor variance = Tensor.empty(rstd.shape(), rstd.dtype(), rstd.device());
        FloatBuffer r = Memory.floats(rstd);
        FloatBuffer v = Memory.floats(variance);
        for (int i = 0; i < rows; i++) {
            double s = r.get(i);
            v.put(i, (float) Math.max(0, 1 / (s * s) - norm.eps()));
        }
        p.run(
                Memory.address(x),
                Memory.address(gamma),
                Memory.address(mean),
                Memory.address(variance),
                Memory.address(dy),
                Memory.address(dx),
                Memory.address(dGamma),
                Memory.address(dBeta));
        return true;
    }

    private static dnnl_primitive_desc desc(Norm norm, long rows, long width) {
        dnnl_memory_desc layout = OneDnn.dense(dnnl_f32, rows, width);
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        OneDnn.check(
                "layer normalization",
                dnnl_layer_normalization_forward_primitive_desc_create(
                        desc,
                        OneDnn.ENGINE,
                        dnnl_forward_training,
                        layout,
                        layout,
                        OneDnn.dense(dnnl_f32, rows),
                        (float) norm.eps(),
                        FLAGS,
                        OneDnn.plain()));
        return desc;
    }
}
