package org.atelier4j.tensor.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;
import static org.bytedeco.dnnl.global.dnnl.dnnl_softmax_accurate;
import static org.bytedeco.dnnl.global.dnnl.dnnl_softmax_backward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_softmax_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_softmax_log;

import org.atelier4j.tensor.Tensor;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/** Softmax over the last axis. */
final class Rows {
    private static final int FORWARD = 300;
    private static final int BACKWARD = 301;

    private Rows() {}

    static boolean softmax(boolean log, Tensor x, Tensor out) {
        if (x.size() == 0) {
            return false;
        }
        int n = x.dim(-1);
        long rows = x.size() / n;
        int type = OneDnn.type(x.dtype());
        Key key = Primitives.key(FORWARD).add(type).add(log).add(rows).add(n);
        Primitive p = Primitives.find(
                key, () -> new Primitive(forward(log, OneDnn.dense(type, rows, n)), DNNL_ARG_SRC, DNNL_ARG_DST));
        if (p == null) {
            return false;
        }
        p.run(Memory.address(x), Memory.address(out));
        return true;
    }

    static boolean softmaxBackward(boolean log, Tensor y, Tensor dy, Tensor dx) {
        if (y.size() == 0) {
            return false;
        }
        int n = y.dim(-1);
        long rows = y.size() / n;
        int type = OneDnn.type(y.dtype());
        Key key = Primitives.key(BACKWARD).add(type).add(log).add(rows).add(n);
        Primitive p = Primitives.find(key, () -> {
            dnnl_memory_desc layout = OneDnn.dense(type, rows, n);
            dnnl_primitive_desc desc = new dnnl_primitive_desc();
            OneDnn.check(
                    "softmax backward",
                    dnnl_softmax_backward_primitive_desc_create(
                            desc,
                            OneDnn.ENGINE,
                            log ? dnnl_softmax_log : dnnl_softmax_accurate,
                            layout,
                            layout,
                            layout,
                            1,
                            forward(log, layout),
                            OneDnn.plain()));
            return new Primitive(desc, DNNL_ARG_DST, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_SRC);
        });
        if (p == null) {
            return false;
        }
        p.run(Memory.address(y), Memory.address(dy), Memory.address(dx));
        return true;
    }

    private static dnnl_primitive_desc forward(boolean log, dnnl_memory_desc layout) {
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        OneDnn.check(
                "softmax",
                dnnl_softmax_forward_primitive_desc_create(
                        desc,
                        OneDnn.ENGINE,
                        dnnl_forward_training,
                        log ? dnnl_softmax_log : dnnl_softmax_accurate,
                        layout,
                        layout,
                        1,
                        OneDnn.plain()));
        return desc;
    }
}
