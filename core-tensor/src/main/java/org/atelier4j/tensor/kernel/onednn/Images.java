package org.atelier4j.tensor.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_inference;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;
import static org.bytedeco.dnnl.global.dnnl.dnnl_pooling_avg_exclude_padding;
import static org.bytedeco.dnnl.global.dnnl.dnnl_pooling_avg_include_padding;
import static org.bytedeco.dnnl.global.dnnl.dnnl_pooling_backward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_pooling_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_resampling_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_resampling_linear;
import static org.bytedeco.dnnl.global.dnnl.dnnl_resampling_nearest;

import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Interpolation;
import org.atelier4j.tensor.kernel.Pooling;
import org.atelier4j.tensor.kernel.Unary;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/** Average pooling and resizing of channels-last images. */
final class Images {
    private static final int POOL = 700;
    private static final int POOL_BACKWARD = 701;
    private static final int RESIZE = 702;

    private Images() {}

    static boolean averagePool(Pooling pooling, Tensor x, Tensor out) {
        Primitive p = Primitives.find(
                key(POOL, pooling, x, out),
                () -> new Primitive(pool(pooling, x, out, dnnl_forward_inference), DNNL_ARG_SRC, DNNL_ARG_DST));
        if (p == null) {
            return false;
        }
        p.run(Memory.address(x), Memory.address(out));
        return true;
    }

    static boolean averagePoolBackward(Pooling pooling, Tensor dy, Tensor dx) {
        Primitive p = Primitives.find(key(POOL_BACKWARD, pooling, dx, dy), () -> {
            dnnl_primitive_desc desc = new dnnl_primitive_desc();
            OneDnn.check(
                    "pooling backward",
                    dnnl_pooling_backward_primitive_desc_create(
                            desc,
                            OneDnn.ENGINE,
                            algorithm(pooling),
                            image(dx),
                            image(dy),
                            both(pooling.stride()),
                            both(pooling.size()),
                            both(0),
                            both(pooling.padding()),
                            OneDnn.longs(end(pooling, dx, dy, 1), end(pooling, dx, dy, 2)),
                            pool(pooling, dx, dy, dnnl_forward_training),
                            OneDnn.plain()));
            return new Primitive(desc, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_SRC);
        });
        if (p == null) {
            return false;
        }
        p.run(Memory.address(dy), Memory.address(dx));
        return true;
    }

    /**
     * Enlarging by a whole factor with {@link Interpolation#NEAREST} spreads pixels as average pooling's adjoint does, and
     * its own adjoint is a sum over windows as in average pooling: three times faster than oneDNN's resampling.
     */
    static boolean resize(Interpolation mode, Tensor x, Tensor out) {
        int factor = factor(x, out);
        if (mode == Interpolation.NEAREST && factor > 0) {
            return averagePoolBackward(new Pooling(factor, factor, 0), scaled(factor * factor, x), out);
        }
        if (mode == Interpolation.NEAREST) {
            return false; // oneDNN breaks ties between pixels another way
        }
        Primitive p = Primitives.find(
                Primitives.key(RESIZE).add(mode.ordinal()).add(x).add(out.shape()), () -> {
                    dnnl_primitive_desc desc = new dnnl_primitive_desc();
                    OneDnn.check(
                            "resampling",
                            dnnl_resampling_forward_primitive_desc_create(
                                    desc,
                                    OneDnn.ENGINE,
                                    dnnl_forward_inference,
                                    mode == Interpolation.NEAREST ? dnnl_resampling_nearest : dnnl_resampling_linear,
                                    (float[]) null,
                                    image(x),
                                    image(out),
                                    OneDnn.plain()));
                    return new Primitive(desc, DNNL_ARG_SRC, DNNL_ARG_DST);
                });
        if (p == null) {
            return false;
        }
        p.run(Memory.address(x), Memory.address(out));
        return true;
    }

    static boolean resizeBackward(Interpolation mode, Tensor dy, Tensor dx) {
        int factor = factor(dx, dy);
        if (mode != Interpolation.NEAREST || factor == 0) {
            return false;
        }
        boolean done = averagePool(new Pooling(factor, factor, 0), dy, dx);
        return done && Elementwise.unary(new Unary(Unary.Function.AFFINE, factor * factor, 0), dx, dx);
    }

    private static Tensor scaled(double factor, Tensor x) {
        Tensor y = Tensor.empty(x.shape(), x.dtype(), x.device());
        Elementwise.unary(new Unary(Unary.Function.AFFINE, factor, 0), x, y);
        return y;
    }

    /** Returns by how many times {@code large} is larger than {@code small} along both axes, or 0. */
    private static int factor(Tensor small, Tensor large) {
        int f = large.dim(1) / Math.max(1, small.dim(1));
        return f >= 1 && small.dim(1) * f == large.dim(1) && small.dim(2) * f == large.dim(2) ? f : 0;
    }

    private static dnnl_primitive_desc pool(Pooling pooling, Tensor x, Tensor out, int direction) {
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        OneDnn.check(
                "pooling",
                dnnl_pooling_forward_primitive_desc_create(
                        desc,
                        OneDnn.ENGINE,
                        direction,
                        algorithm(pooling),
                        image(x),
                        image(out),
                        both(pooling.stride()),
                        both(pooling.size()),
                        both(0),
                        both(pooling.padding()),
                        OneDnn.longs(end(pooling, x, out, 1), end(pooling, x, out, 2)),
                        OneDnn.plain()));
        return desc;
    }

    private static int algorithm(Pooling pooling) {
        return pooling.padding() == 0 ? dnnl_pooling_avg_include_padding : dnnl_pooling_avg_exclude_padding;
    }

    private static long end(Pooling pooling, Tensor x, Tensor out, int axis) {
        return (out.dim(axis) - 1L) * pooling.stride() + pooling.size() - x.dim(axis) - pooling.padding();
    }

    private static org.bytedeco.javacpp.LongPointer both(long value) {
        return OneDnn.longs(value, value);
    }

    private static org.bytedeco.dnnl.dnnl_memory_desc image(Tensor x) {
        return OneDnn.channelsLast(OneDnn.type(x.dtype()), x.dim(0), x.dim(3), x.dim(1), x.dim(2));
    }

    private static Key key(int operation, Pooling pooling, Tensor x, Tensor out) {
        return Primitives.key(operation)
                .add(pooling.size())
                .add(pooling.stride())
                .add(pooling.padding())
                .add(x)
                .add(out.shape());
    }
}
