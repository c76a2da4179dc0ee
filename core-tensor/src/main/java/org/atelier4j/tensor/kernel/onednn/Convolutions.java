package org.atelier4j.tensor.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_1;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_add;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_backward_data_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_backward_weights_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_direct;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;

import java.util.Arrays;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.kernel.Epilogue;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.javacpp.LongPointer;
import org.jspecify.annotations.Nullable;

/** Convolution and its two adjoints: channels-last activations as they are, weights in oneDNN's blocked layouts. */
final class Convolutions {
    private static final int FORWARD = 100;
    private static final int INPUT = 101;
    private static final int WEIGHT = 102;

    private final Convolution conv;
    private final int typeX;
    private final int typeW;
    private final int typeY;
    private final long[] x;
    private final long[] w;
    private final long[] y;

    /**
     * Describes a call by its three tensors. The two that are multiplied may be BFLOAT16 where the third, a sum, is FLOAT32; a
     * weight that is multiplied is rounded when it is brought into oneDNN's layout.
     *
     * @param x (B, spatial…, C)
     * @param weight (O, C/groups, kernel…)
     * @param y (B, spatial'…, O)
     */
    Convolutions(Convolution conv, Tensor x, Tensor weight, Tensor y) {
        this.conv = conv;
        this.typeX = OneDnn.type(x.dtype());
        this.typeW = OneDnn.type(weight.dtype());
        this.typeY = OneDnn.type(y.dtype());
        this.x = channelsSecond(x);
        this.y = channelsSecond(y);
        this.w = conv.groups() == 1 ? longs(weight) : grouped(weight, conv.groups());
    }

    /** Runs the forward pass; returns false where oneDNN has no fast code. */
    boolean forward(Tensor input, Tensor weight, Epilogue epilogue, Tensor output) {
        Eltwise activation = epilogue.activation() == null ? null : Eltwise.of(epilogue.activation());
        if (epilogue.activation() != null && activation == null) {
            return false;
        }
        Key key = key(FORWARD).add(epilogue.bias() != null).add(epilogue.residual() != null);
        if (activation != null) {
            key.add(activation.algorithm()).add(activation.alpha()).add(activation.beta());
        }
        Primitive p = Primitives.find(key, () -> compileForward(epilogue, activation));
        if (p == null) {
            return false;
        }
        long[] at = new long[3 + (epilogue.bias() == null ? 0 : 1) + (epilogue.residual() == null ? 0 : 1)];
        int i = 0;
        at[i++] = Memory.address(input);
        at[i++] = Packed.address(weight, p.blocked());
        if (epilogue.bias() != null) {
            at[i++] = Memory.address(epilogue.bias());
        }
        at[i++] = Memory.address(output);
        if (epilogue.residual() != null) {
            at[i] = Memory.address(epilogue.residual());
        }
        p.run(at);
        return true;
    }

    /** Runs the adjoint in x; returns false where oneDNN has no fast code. */
    boolean backwardInput(Tensor dy, Tensor weight, Tensor dx) {
        Primitive p = Primitives.find(key(INPUT), this::compileInput);
        if (p == null) {
            return false;
        }
        p.run(Memory.address(dy), Packed.address(weight, p.blocked()), Memory.address(dx));
        return true;
    }

    /** Runs the adjoint in the weight; returns false where oneDNN has no fast code. */
    boolean backwardWeight(Tensor input, Tensor dy, Tensor dWeight, @Nullable Tensor dBias) {
        Primitive p = Primitives.find(key(WEIGHT).add(dBias != null), () -> compileWeight(dBias != null));
        if (p == null) {
            return false;
        }
        Primitive.Blocked blocked = p.blocked();
        Primitive unpack = blocked.reorder();
        long target = Memory.address(unpack == null ? dWeight : Packed.memory(blocked.bytes()));
        if (dBias == null) {
            p.run(Memory.address(input), Memory.address(dy), target);
        } else {
            p.run(Memory.address(input), Memory.address(dy), target, Memory.address(dBias));
        }
        if (unpack != null) {
            unpack.run(target, Memory.address(dWeight));
        }
        return true;
    }

    private Primitive compileForward(Epilogue epilogue, @Nullable Eltwise activation) {
        OneDnn.Attributes attributes = new OneDnn.Attributes();
        if (epilogue.residual() != null) {
            attributes.binary(dnnl_binary_add, OneDnn.channelsLast(typeY, y));
        }
        if (activation != null) {
            attributes.eltwise(activation);
        }
        boolean bias = epilogue.bias() != null;
        int residualKind = DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE | DNNL_ARG_SRC_1;
        int[] kinds = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS, DNNL_ARG_DST, residualKind};
        if (!bias) {
            kinds = new int[] {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, residualKind};
        }
        if (epilogue.residual() == null) {
            kinds = Arrays.copyOf(kinds, kinds.length - 1);
        }
        return new Primitive(forwardDesc(typeX, typeY, bias, attributes), kinds)
                .withBlocked(DNNL_ARG_WEIGHTS, plainWeight(), true);
    }

    private dnnl_primitive_desc forwardDesc(int factors, int sums, boolean bias, OneDnn.Attributes attributes) {
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        OneDnn.check(
                "convolution",
                dnnl_convolution_forward_primitive_desc_create(
                        desc,
                        OneDnn.ENGINE,
                        dnnl_forward_training,
                        dnnl_convolution_direct,
                        OneDnn.channelsLast(factors, x),
                        OneDnn.any(factors, w),
                        bias ? OneDnn.dense(sums, y[1]) : null,
                        OneDnn.channelsLast(sums, y),
                        strides(),
                        dilates(),
                        padding(0),
                        padding(1),
                        attributes.build()));
        return desc;
    }

    private Primitive compileInput() {
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        OneDnn.check(
                "convolution backward data",
                dnnl_convolution_backward_data_primitive_desc_create(
                        desc,
                        OneDnn.ENGINE,
                        dnnl_convolution_direct,
                        OneDnn.channelsLast(typeX, x),
                        OneDnn.any(typeY, w),
                        OneDnn.channelsLast(typeY, y),
                        strides(),
                        dilates(),
                        padding(0),
                        padding(1),
                        forwardDesc(typeY, typeX, false, new OneDnn.Attributes()),
                        OneDnn.plain()));
        return new Primitive(desc, DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_SRC)
                .withBlocked(DNNL_ARG_WEIGHTS, plainWeight(), true);
    }

    private Primitive compileWeight(boolean bias) {
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        OneDnn.check(
                "convolution backward weights",
                dnnl_convolution_backward_weights_primitive_desc_create(
                        desc,
                        OneDnn.ENGINE,
                        dnnl_convolution_direct,
                        OneDnn.channelsLast(typeX, x),
                        OneDnn.any(typeW, w),
                        bias ? OneDnn.dense(typeW, y[1]) : null,
                        OneDnn.channelsLast(typeY, y),
                        strides(),
                        dilates(),
                        padding(0),
                        padding(1),
                        forwardDesc(typeX, typeW, bias, new OneDnn.Attributes()),
                        OneDnn.plain()));
        Primitive made = bias
                ? new Primitive(desc, DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_BIAS)
                : new Primitive(desc, DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS);
        return made.withBlocked(DNNL_ARG_DIFF_WEIGHTS, plainWeight(), false);
    }

    private Key key(int operation) {
        return Primitives.key(operation)
                .add(typeX)
                .add(typeW)
                .add(typeY)
                .add(x)
                .add(w)
                .add(y)
                .add(conv.stride())
                .add(conv.padding())
                .add(conv.dilation());
    }

    private dnnl_memory_desc plainWeight() {
        return OneDnn.dense(typeW, w);
    }

    private LongPointer strides() {
        return OneDnn.longs(longs(conv.stride().dims()));
    }

    /** oneDNN counts the gaps between taps: 0 for an ordinary convolution. */
    private LongPointer dilates() {
        return OneDnn.longs(
                Arrays.stream(conv.dilation().dims()).mapToLong(d -> d - 1).toArray());
    }

    /** Padding at the start, and at the end as much as the output's length asks for (less than at the start if a stride cuts). */
    private LongPointer padding(int end) {
        int n = conv.stride().rank();
        long[] p = new long[n];
        for (int i = 0; i < n; i++) {
            p[i] = conv.padding().dim(i);
            if (end == 1) {
                long reach = (w[w.length - n + i] - 1) * conv.dilation().dim(i) + 1;
                p[i] = (y[i + 2] - 1) * conv.stride().dim(i)
                        + reach
                        - x[i + 2]
                        - conv.padding().dim(i);
            }
        }
        return OneDnn.longs(p);
    }

    private static long[] channelsSecond(Tensor t) {
        int n = t.rank();
        long[] d = new long[n];
        d[0] = t.dim(0);
        d[1] = t.dim(n - 1);
        for (int i = 2; i < n; i++) {
            d[i] = t.dim(i - 1);
        }
        return d;
    }

    private static long[] longs(Tensor t) {
        long[] d = new long[t.rank()];
        for (int i = 0; i < d.length; i++) {
            d[i] = t.dim(i);
        }
        return d;
    }

    private static long[] longs(int[] values) {
        long[] d = new long[values.length];
        for (int i = 0; i < d.length; i++) {
            d[i] = values[i];
        }
        return d;
    }

    private static long[] grouped(Tensor weight, int groups) {
        long[] d = longs(weight);
        long[] g = new long[d.length + 1];
        g[0] = groups;
        g[1] = d[0] / groups;
        System.arraycopy(d, 1, g, 2, d.length - 1);
        return g;
    }
}
