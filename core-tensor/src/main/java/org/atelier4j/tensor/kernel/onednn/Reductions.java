package org.atelier4j.tensor.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_matmul_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reduction_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reduction_sum;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.kernel.Reduction;
import org.atelier4j.tensor.kernel.Unary;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * FLOAT32 sums and means over neighboring axes. A sum over leading or middle axes is a product with a row of ones, at the
 * speed of memory, where oneDNN's own reduction is 300 times slower. Long sums go in two stages: fewer roundings.
 */
final class Reductions {
    private static final int ROWS = 600;
    private static final int LAST = 601;

    /** Sums longer than this are split. */
    private static final long LONG = 512;

    private static Tensor ones = TensorScope.outside(() -> Tensor.full(1, DType.FLOAT32, Shape.of(1 << 12)));

    private Reductions() {}

    static boolean reduce(Reduction f, Tensor x, int[] axes, Tensor out) {
        if (f != Reduction.SUM && f != Reduction.MEAN || axes.length == 0 || x.size() == 0) {
            return false;
        }
        int first = axes[0];
        int end = axes[axes.length - 1] + 1;
        for (int i = first; i < end; i++) {
            boolean named = false;
            for (int axis : axes) {
                named |= axis == i;
            }
            if (!named && x.dim(i) != 1) {
                return false;
            }
        }
        long before = x.shape().size(0, first);
        long length = x.shape().size(first, end);
        long after = x.shape().size(end, x.rank());
        if (length == 1) {
            return false; // oneDNN knows no reduction that reduces nothing
        }
        sum(before, length, after, Memory.address(x), Memory.address(out));
        if (f == Reduction.MEAN) {
            Elementwise.unary(new Unary(Unary.Function.AFFINE, 1.0 / length, 0), out, out);
        }
        return true;
    }

    /** Sums (before, length, after) over its middle axis. */
    private static void sum(long before, long length, long after, long x, long y) {
        long part = length > LONG ? divisor(length) : 1;
        if (part > 1) {
            Tensor partial =
                    Tensor.empty(Shape.of(Math.toIntExact(before * part * after)), DType.FLOAT32, Device.cpu());
            sum(before * part, length / part, after, x, Memory.address(partial));
            sum(before, part, after, Memory.address(partial), y);
        } else if (after == 1) {
            last(before, length, x, y);
        } else {
            rows(before, length, after, x, y);
        }
    }

    /**
     * Returns the largest divisor up to the root and {@link #LONG}, 1 if there is none: the nearer to the root it is, the less
     * lies between the two stages.
     */
    private static long divisor(long length) {
        long root = Math.min(LONG, (long) Math.ceil(Math.sqrt(length)));
        for (long d = root; d > 1; d--) {
            if (length % d == 0) {
                return d;
            }
        }
        return 1;
    }

    private static void last(long rows, long length, long x, long y) {
        Primitives.get(Primitives.key(LAST).add(rows).add(length), () -> {
                    dnnl_primitive_desc desc = new dnnl_primitive_desc();
                    OneDnn.check(
                            "reduction",
                            dnnl_reduction_primitive_desc_create(
                                    desc,
                                    OneDnn.ENGINE,
                                    dnnl_reduction_sum,
                                    OneDnn.dense(dnnl_f32, rows, length),
                                    OneDnn.dense(dnnl_f32, rows, 1),
                                    0,
                                    0,
                                    OneDnn.plain()));
                    return new Primitive(desc, DNNL_ARG_SRC, DNNL_ARG_DST);
                })
                .run(x, y);
    }

    private static void rows(long before, long length, long after, long x, long y) {
        Primitives.get(Primitives.key(ROWS).add(before).add(length).add(after), () -> {
                    dnnl_primitive_desc desc = new dnnl_primitive_desc();
                    OneDnn.check(
                            "sum of rows",
                            dnnl_matmul_primitive_desc_create(
                                    desc,
                                    OneDnn.ENGINE,
                                    OneDnn.dense(dnnl_f32, 1, 1, length),
                                    OneDnn.dense(dnnl_f32, before, length, after),
                                    null,
                                    OneDnn.dense(dnnl_f32, before, 1, after),
                                    OneDnn.plain()));
                    return new Primitive(desc, DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST);
                })
                .run(ones(length), x, y);
    }

    private static synchronized long ones(long length) {
        if (ones.size() < length) {
            int n = Math.toIntExact(Long.highestOneBit(length) * 2);
            ones = TensorScope.outside(() -> Tensor.full(1, DType.FLOAT32, Shape.of(n)));
        }
        return Memory.address(ones);
    }
}
