package org.atelier4j.tensor.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_0;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_1;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_add;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_div;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_mul;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_sub;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_backward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Binary;
import org.atelier4j.tensor.kernel.Parallel;
import org.atelier4j.tensor.kernel.Scratch;
import org.atelier4j.tensor.kernel.Unary;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/** Functions of one number and arithmetic of two tensors. */
final class Elementwise {
    private static final int UNARY = 400;
    private static final int UNARY_BACKWARD = 401;
    private static final int BINARY = 402;

    private Elementwise() {}

    static boolean unary(Unary f, Tensor x, Tensor out) {
        if (x.dtype() == DType.FLOAT32 && f.function() == Unary.Function.RELU) {
            clamp(Memory.floats(x), 0, Float.POSITIVE_INFINITY, Memory.floats(out));
            return true;
        }
        if (x.dtype() == DType.FLOAT32 && f.function() == Unary.Function.CLAMP) {
            clamp(Memory.floats(x), (float) f.a(), (float) f.b(), Memory.floats(out));
            return true;
        }
        return x.size() > 0 && unary(f, OneDnn.type(x.dtype()), x.size(), Memory.address(x), Memory.address(out));
    }

    private static void clamp(FloatBuffer x, float low, float high, FloatBuffer out) {
        Parallel.forTiles(x.limit(), (from, to) -> {
            float[] t = Scratch.floats(0, to - from);
            x.get(from, t, 0, to - from);
            clamp(t, low, high, to - from);
            out.put(from, t, 0, to - from);
        });
    }

    private static void clamp(float[] t, float low, float high, int n) {
        for (int i = 0; i < n; i++) {
            t[i] = Math.min(Math.max(t[i], low), high);
        }
    }

    /** The same for {@code n} FLOAT32 numbers at addresses; inside of a parallel loop it runs on the calling thread. */
    static boolean unary(Unary f, long n, long x, long out) {
        return unary(f, dnnl_f32, n, x, out);
    }

    private static boolean unary(Unary f, int type, long n, long x, long out) {
        Eltwise e = Eltwise.of(f);
        if (e == null) {
            return false;
        }
        Key key = key(UNARY, e, type, n);
        Primitive p = Primitives.find(
                key, () -> new Primitive(forward(e, OneDnn.dense(type, n)), DNNL_ARG_SRC, DNNL_ARG_DST));
        if (p == null) {
            return false;
        }
        p.run(x, out);
        return true;
    }

    static boolean unaryBackward(Unary f, Tensor x, Tensor dy, Tensor dx) {
        int type = OneDnn.type(x.dtype());
        return x.size() > 0
                && unaryBackward(f, type, x.size(), Memory.address(x), Memory.address(dy), Memory.address(dx));
    }

    /** The same for {@code n} FLOAT32 numbers at addresses. */
    static boolean unaryBackward(Unary f, long n, long x, long dy, long dx) {
        return unaryBackward(f, dnnl_f32, n, x, dy, dx);
    }

    private static boolean unaryBackward(Unary f, int type, long n, long x, long dy, long dx) {
        Eltwise e = Eltwise.ofDerivative(f);
        if (e == null) {
            return false;
        }
        Key key = key(UNARY_BACKWARD, e, type, n);
        Primitive p = Primitives.find(key, () -> {
            dnnl_memory_desc line = OneDnn.dense(type, n);
            dnnl_primitive_desc desc = new dnnl_primitive_desc();
            OneDnn.check(
                    "eltwise backward",
                    dnnl_eltwise_backward_primitive_desc_create(
                            desc,
                            OneDnn.ENGINE,
                            e.algorithm(),
                            line,
                            line,
                            line,
                            e.alpha(),
                            e.beta(),
                            forward(e, line),
                            OneDnn.plain()));
            return new Primitive(desc, DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_SRC);
        });
        if (p == null) {
            return false;
        }
        p.run(x, dy, dx);
        return true;
    }

    /** Runs {@code out = f(a, b)} where one operand has the result's shape and the other broadcasts. */
    static boolean binary(Binary f, Tensor a, Tensor b, Tensor out) {
        int algorithm;
        switch (f) {
            case ADD -> algorithm = dnnl_binary_add;
            case SUB -> algorithm = dnnl_binary_sub;
            case MUL -> algorithm = dnnl_binary_mul;
            case DIV -> algorithm = dnnl_binary_div;
            default -> {
                return false;
            }
        }
        boolean wholeA = a.shape().equals(out.shape());
        if (out.size() == 0 || !wholeA && !b.shape().equals(out.shape())) {
            return false;
        }
        boolean commutes = f == Binary.ADD || f == Binary.MUL;
        if (!wholeA && !commutes) {
            return false;
        }
        Tensor whole = wholeA ? a : b;
        Tensor part = wholeA ? b : a;
        long[][] dims = collapse(whole, part);
        if (dims[0].length > 5) {
            return false;
        }
        int type = OneDnn.type(out.dtype());
        Key key = Primitives.key(BINARY).add(algorithm).add(type).add(dims[0]).add(dims[1]);
        Primitive p = Primitives.find(key, () -> {
            dnnl_memory_desc y = layout(type, dims[0], dims[0]);
            dnnl_primitive_desc desc = new dnnl_primitive_desc();
            OneDnn.check(
                    "binary",
                    dnnl_binary_primitive_desc_create(
                            desc, OneDnn.ENGINE, algorithm, y, layout(type, dims[0], dims[1]), y, OneDnn.plain()));
            return new Primitive(desc, DNNL_ARG_SRC_0, DNNL_ARG_SRC_1, DNNL_ARG_DST);
        });
        if (p == null) {
            return false;
        }
        p.run(Memory.address(whole), Memory.address(part), Memory.address(out));
        return true;
    }

    /**
     * Merges neighboring axes along which {@code part} is all repeated or all present: (B, H, W, C) and (1, 1, 1, C)
     * become (B·H·W, C) and (1, C).
     */
    private static long[][] collapse(Tensor whole, Tensor part) {
        int rank = whole.rank();
        long[] x = new long[Math.max(1, rank)];
        long[] y = new long[Math.max(1, rank)];
        x[0] = 1;
        y[0] = 1;
        int n = 0;
        for (int i = 0; i < rank; i++) {
            int d = whole.dim(i);
            int j = i - (rank - part.rank());
            int e = j < 0 ? 1 : part.dim(j);
            if (d == 1) {
                continue;
            }
            if (n > 0 && (y[n - 1] == 1) == (e == 1)) {
                x[n - 1] *= d;
                y[n - 1] *= e;
            } else {
                x[n] = d;
                y[n++] = e;
            }
        }
        int used = Math.max(1, n);
        return new long[][] {Arrays.copyOf(x, used), Arrays.copyOf(y, used)};
    }

    /**
     * Rows and channels (R, C) are told to oneDNN as an image (R, C, 1, 1), channels last: twice as fast as a matrix when
     * the second operand repeats.
     */
    private static dnnl_memory_desc layout(int type, long[] whole, long[] dims) {
        if (whole.length == 2) {
            return OneDnn.channelsLast(type, 1, dims[1], dims[0], 1);
        }
        if (whole.length == 3) {
            return OneDnn.channelsLast(type, dims[0], dims[2], dims[1], 1);
        }
        return OneDnn.dense(type, dims);
    }

    private static Key key(int operation, Eltwise e, int type, long n) {
        return Primitives.key(operation)
                .add(e.algorithm())
                .add(e.alpha())
                .add(e.beta())
                .add(type)
                .add(n);
    }

    private static dnnl_primitive_desc forward(Eltwise e, dnnl_memory_desc line) {
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        OneDnn.check(
                "eltwise",
                dnnl_eltwise_forward_primitive_desc_create(
                        desc,
                        OneDnn.ENGINE,
                        dnnl_forward_training,
                        e.algorithm(),
                        line,
                        line,
                        e.alpha(),
                        e.beta(),
                        OneDnn.plain()));
        return desc;
    }
}
