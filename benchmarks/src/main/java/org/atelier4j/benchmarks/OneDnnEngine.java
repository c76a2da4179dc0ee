package org.atelier4j.benchmarks;

import static org.bytedeco.dnnl.global.dnnl.*;

import java.util.Map;
import org.atelier4j.benchmarks.network.Numbers;
import org.atelier4j.tensor.Check;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.javacpp.LongPointer;

/**
 * oneDNN with nothing around it: a compiled primitive on memory that never moves, weights already in the layout that it
 * chose. No allocation, no look-up, no autograd: what remains is the price of the library's own code.
 */
final class OneDnnEngine implements Engine {

    @Override
    public boolean does(Task task) {
        boolean slow = task instanceof Task.GroupNorm t && t.backward(); // by loops, a hundred times slower
        return !slow
                && (task instanceof Task.MatMul
                        || task instanceof Task.Softmax
                        || task instanceof Task.Silu
                        || task instanceof Task.GroupNorm
                        || task instanceof Task.Conv
                        || task instanceof Task.BiasAdd);
    }

    @Override
    public Work prepare(Task task) {
        Check.that(does(task), "onednn: has no words for %s", task.name());
        if (task instanceof Task.MatMul t) {
            return matmul(t);
        } else if (task instanceof Task.Softmax t) {
            return softmax(t);
        } else if (task instanceof Task.Silu t) {
            return silu(t);
        } else if (task instanceof Task.GroupNorm t) {
            return groupNorm(t);
        } else if (task instanceof Task.Conv t) {
            return conv(t);
        } else if (task instanceof Task.BiasAdd t) {
            return biasAdd(t);
        }
        throw new AssertionError(task); // all that it does stands above
    }

    private static Work matmul(Task.MatMul t) {
        dnnl_memory_desc a = RawPrimitive.dense(t.batch(), t.m(), t.k());
        dnnl_memory_desc b = RawPrimitive.dense(t.batch(), t.k(), t.n());
        dnnl_memory_desc y = RawPrimitive.dense(t.batch(), t.m(), t.n());
        if (t.batch() == 1) {
            a = RawPrimitive.dense(t.m(), t.k());
            b = RawPrimitive.dense(t.k(), t.n());
            y = RawPrimitive.dense(t.m(), t.n());
        }
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        RawPrimitive.check(dnnl_matmul_primitive_desc_create(desc, RawPrimitive.ENGINE, a, b, null, y, null));
        return work(
                new RawPrimitive(desc)
                        .with(DNNL_ARG_SRC, a, Numbers.of(1, t.batch() * t.m() * t.k()))
                        .with(DNNL_ARG_WEIGHTS, b, Numbers.of(2, t.batch() * t.k() * t.n()))
                        .out(DNNL_ARG_DST, y),
                Map.of("y", DNNL_ARG_DST));
    }

    private static Work softmax(Task.Softmax t) {
        dnnl_memory_desc x = RawPrimitive.dense(t.batch(), t.rows(), t.length());
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        RawPrimitive.check(dnnl_softmax_forward_primitive_desc_create(
                desc, RawPrimitive.ENGINE, dnnl_forward_inference, dnnl_softmax_accurate, x, x, 2, null));
        return work(
                new RawPrimitive(desc)
                        .with(DNNL_ARG_SRC, x, Numbers.of(1, t.batch() * t.rows() * t.length()))
                        .out(DNNL_ARG_DST, x),
                Map.of("y", DNNL_ARG_DST));
    }

    private static Work silu(Task.Silu t) {
        dnnl_memory_desc x = RawPrimitive.dense(t.size());
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        RawPrimitive.check(dnnl_eltwise_forward_primitive_desc_create(
                desc, RawPrimitive.ENGINE, dnnl_forward_training, dnnl_eltwise_swish, x, x, 1, 0, null));
        return work(
                new RawPrimitive(desc)
                        .with(DNNL_ARG_SRC, x, Numbers.of(1, t.size()))
                        .out(DNNL_ARG_DST, x),
                Map.of("y", DNNL_ARG_DST));
    }

    private static Work groupNorm(Task.GroupNorm t) {
        Task.Image image = t.image();
        dnnl_memory_desc x = RawPrimitive.image(image);
        dnnl_memory_desc affine = RawPrimitive.dense(image.channels());
        dnnl_primitive_attr attributes = new dnnl_primitive_attr();
        RawPrimitive.check(dnnl_primitive_attr_create(attributes));
        if (t.silu()) {
            dnnl_post_ops after = new dnnl_post_ops();
            RawPrimitive.check(dnnl_post_ops_create(after));
            RawPrimitive.check(dnnl_post_ops_append_eltwise(after, dnnl_eltwise_swish, 1, 0));
            RawPrimitive.check(dnnl_primitive_attr_set_post_ops(attributes, after));
        }
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        RawPrimitive.check(dnnl_group_normalization_forward_primitive_desc_create(
                desc,
                RawPrimitive.ENGINE,
                dnnl_forward_inference,
                x,
                x,
                t.groups(),
                1e-5f,
                dnnl_use_scale | dnnl_use_shift,
                attributes));
        return work(
                new RawPrimitive(desc)
                        .with(DNNL_ARG_SRC, x, Numbers.of(1, image.size()))
                        .with(DNNL_ARG_SCALE, affine, Numbers.of(2, image.channels()))
                        .with(DNNL_ARG_SHIFT, affine, Numbers.of(3, image.channels()))
                        .out(DNNL_ARG_DST, x),
                Map.of("y", DNNL_ARG_DST));
    }

    private static Work conv(Task.Conv t) {
        Task.Image image = t.image();
        Task.Image result = new Task.Image(image.batch(), image.height(), image.width(), t.out());
        dnnl_memory_desc x = RawPrimitive.image(image);
        dnnl_memory_desc y = RawPrimitive.image(result);
        dnnl_memory_desc w = RawPrimitive.dense(t.out(), image.channels(), 3, 3);
        dnnl_memory_desc bias = RawPrimitive.dense(t.out());
        dnnl_primitive_desc forward = convForward(x, y, t);
        float[] weights = Numbers.of(2, t.out() * image.channels() * 9);
        return switch (t.pass()) {
            case FORWARD ->
                work(
                        new RawPrimitive(forward)
                                .with(DNNL_ARG_SRC, x, Numbers.of(1, image.size()))
                                .with(DNNL_ARG_WEIGHTS, w, weights)
                                .with(DNNL_ARG_BIAS, bias, Numbers.of(3, t.out()))
                                .out(DNNL_ARG_DST, y),
                        Map.of("y", DNNL_ARG_DST));
            case BACKWARD_INPUT -> {
                dnnl_primitive_desc desc = new dnnl_primitive_desc();
                RawPrimitive.check(dnnl_convolution_backward_data_primitive_desc_create(
                        desc,
                        RawPrimitive.ENGINE,
                        dnnl_convolution_direct,
                        x,
                        RawPrimitive.any(t.out(), image.channels(), 3, 3),
                        y,
                        ones(),
                        zeros(),
                        ones(),
                        ones(),
                        forward,
                        null));
                yield work(
                        new RawPrimitive(desc)
                                .with(DNNL_ARG_DIFF_DST, y, Numbers.of(4, result.size()))
                                .with(DNNL_ARG_WEIGHTS, w, weights)
                                .out(DNNL_ARG_DIFF_SRC, x),
                        Map.of("gradient 0", DNNL_ARG_DIFF_SRC));
            }
            case BACKWARD_WEIGHT -> {
                dnnl_primitive_desc desc = new dnnl_primitive_desc();
                RawPrimitive.check(dnnl_convolution_backward_weights_primitive_desc_create(
                        desc,
                        RawPrimitive.ENGINE,
                        dnnl_convolution_direct,
                        x,
                        RawPrimitive.any(t.out(), image.channels(), 3, 3),
                        bias,
                        y,
                        ones(),
                        zeros(),
                        ones(),
                        ones(),
                        forward,
                        null));
                yield work(
                        new RawPrimitive(desc)
                                .with(DNNL_ARG_SRC, x, Numbers.of(1, image.size()))
                                .with(DNNL_ARG_DIFF_DST, y, Numbers.of(4, result.size()))
                                .out(DNNL_ARG_DIFF_WEIGHTS, w)
                                .out(DNNL_ARG_DIFF_BIAS, bias),
                        Map.of("gradient 0", DNNL_ARG_DIFF_WEIGHTS, "gradient 1", DNNL_ARG_DIFF_BIAS));
            }
        };
    }

    private static dnnl_primitive_desc convForward(dnnl_memory_desc x, dnnl_memory_desc y, Task.Conv t) {
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        RawPrimitive.check(dnnl_convolution_forward_primitive_desc_create(
                desc,
                RawPrimitive.ENGINE,
                dnnl_forward_training,
                dnnl_convolution_direct,
                x,
                RawPrimitive.any(t.out(), t.image().channels(), 3, 3),
                RawPrimitive.dense(t.out()),
                y,
                ones(),
                zeros(),
                ones(),
                ones(),
                null));
        return desc;
    }

    private static Work biasAdd(Task.BiasAdd t) {
        dnnl_memory_desc x = RawPrimitive.image(t.image());
        dnnl_memory_desc bias = RawPrimitive.dense(1, t.image().channels(), 1, 1);
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        RawPrimitive.check(
                dnnl_binary_primitive_desc_create(desc, RawPrimitive.ENGINE, dnnl_binary_add, x, bias, x, null));
        return work(
                new RawPrimitive(desc)
                        .with(DNNL_ARG_SRC_0, x, Numbers.of(1, t.image().size()))
                        .with(DNNL_ARG_SRC_1, bias, Numbers.of(2, t.image().channels()))
                        .out(DNNL_ARG_DST, x),
                Map.of("y", DNNL_ARG_DST));
    }

    private static LongPointer ones() {
        return new LongPointer(1, 1);
    }

    /** Gaps between the taps of a kernel. */
    private static LongPointer zeros() {
        return new LongPointer(0, 0);
    }

    private static Work work(RawPrimitive primitive, Map<String, Integer> results) {
        return new Work() {
            @Override
            public void run() {
                primitive.run();
            }

            @Override
            public Map<String, float[]> results() {
                primitive.run();
                Map<String, float[]> all = new java.util.LinkedHashMap<>();
                results.forEach((name, kind) -> all.put(name, primitive.values(kind)));
                return all;
            }
        };
    }
}
