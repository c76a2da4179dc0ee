package org.atelier4j.benchmarks.torch;

import java.util.Arrays;
import java.util.function.Supplier;
import org.atelier4j.benchmarks.OpenBlas;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * libtorch in the few words that the benchmarks need. Images come and go as plain numbers in the order (B, H, W, C); inside
 * libtorch they have the shape (B, C, H, W) and the memory layout that was asked for.
 */
final class Torch {
    private static final long[] ONE = {1, 1};

    private Torch() {}

    /** Returns a tensor of its own memory with a copy of the values. */
    static Tensor of(float[] values, long... shape) {
        return tensor(() -> {
            FloatPointer source = new FloatPointer(values);
            return torch.from_blob(source, shape).clone();
        });
    }

    /** Returns numbers of rows, INT64. */
    static Tensor of(int[] values, long... shape) {
        return tensor(() -> {
            long[] wide = Arrays.stream(values).asLongStream().toArray();
            return torch.from_blob(new LongPointer(wide), shape, new TensorOptions(ScalarType.Long))
                    .clone();
        });
    }

    /** Returns images (B, C, H, W) in a layout, from values in the order (B, H, W, C). */
    static Tensor images(float[] values, MemoryFormat layout, long... bhwc) {
        return tensor(() -> of(values, bhwc).permute(0, 3, 1, 2).contiguous(layout));
    }

    /** Returns the numbers of a tensor in the order of its shape. */
    static float[] values(Tensor x) {
        try (PointerScope scope = new PointerScope()) {
            Tensor dense = x.detach().contiguous();
            float[] values = new float[Math.toIntExact(dense.numel())];
            dense.data_ptr_float().get(values);
            return values;
        }
    }

    /** Returns the numbers of images (B, C, H, W) in the order (B, H, W, C). */
    static float[] imageValues(Tensor x) {
        try (PointerScope scope = new PointerScope()) {
            return values(x.permute(0, 2, 3, 1));
        }
    }

    /**
     * Returns what {@code body} makes and lets go of everything else it made: what leaving a function does in Python and
     * C++. The result belongs to the enclosing scope.
     */
    static Tensor tensor(Supplier<Tensor> body) {
        PointerScope outer = PointerScope.getInnerScope();
        try (PointerScope inner = new PointerScope()) {
            Tensor made = body.get();
            if (outer == null) {
                made.retainReference(); // for the garbage collector
            } else {
                outer.attach(made);
            }
            return made;
        }
    }

    static Tensor conv(Tensor x, Tensor weight, @Nullable Tensor bias, long stride, long padding) {
        return torch.conv2d(
                x, weight, optional(bias), new long[] {stride, stride}, new long[] {padding, padding}, ONE, 1);
    }

    static Tensor groupNorm(Tensor x, long groups, Tensor weight, Tensor bias, double eps) {
        return torch.group_norm(x, groups, optional(weight), optional(bias), eps, true);
    }

    static Tensor layerNorm(Tensor x, Tensor weight, Tensor bias) {
        long[] width = {weight.numel()};
        return torch.layer_norm(x, width, optional(weight), optional(bias), 1e-5, true);
    }

    /** Returns the transposed convolution. */
    static Tensor convTranspose(Tensor x, Tensor weight, @Nullable Tensor bias, long stride, long padding) {
        return torch.conv_transpose2d(
                x,
                weight,
                optional(bias),
                new long[] {stride, stride},
                new long[] {padding, padding},
                new long[] {0, 0},
                1,
                ONE);
    }

    /** Returns images twice as high and wide, by repeating pixels. */
    static Tensor twice(Tensor x) {
        return torch.upsample_nearest2d(x, 2 * x.sizes().get(2), 2 * x.sizes().get(3));
    }

    /** Returns (B, T, D) as (B, heads, T, D/heads). */
    static Tensor heads(Tensor x, long heads) {
        long[] shape = {x.sizes().get(0), x.sizes().get(1), heads, x.sizes().get(2) / heads};
        return x.view(shape).transpose(1, 2);
    }

    /**
     * Returns softmax(qkᵀ/√d)v for (B, heads, T, d), by the fused kernel if OpenBLAS has one thread ({@link TunedWork}), else
     * by products and softmax.
     *
     * @param causal whether token i sees only tokens up to itself; there are as many queries as keys then
     */
    static Tensor attention(Tensor q, Tensor k, Tensor v, boolean causal) {
        if (OpenBlas.threads() == 1) {
            return torch.scaled_dot_product_attention(
                    q, k, v, new TensorOptional(), 0, causal, new DoubleOptional(), false);
        }
        Tensor scale = q.mul(new Scalar(1 / Math.sqrt(q.sizes().get(3))));
        Tensor scores = torch.matmul(scale, k.transpose(-2, -1)); // (B, heads, T, S)
        if (causal) {
            long n = q.sizes().get(2);
            Tensor future = torch.ones(n, n).triu(1).to(ScalarType.Bool);
            scores = scores.masked_fill(future, new Scalar(Double.NEGATIVE_INFINITY));
        }
        return torch.matmul(torch.softmax(scores, -1), v);
    }

    static Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        return torch.linear(x, weight, optional(bias));
    }

    static Tensor add(Tensor x, double value) {
        return x.add(new Scalar(value));
    }

    static TensorOptional optional(@Nullable Tensor x) {
        return x == null ? new TensorOptional() : new TensorOptional(x);
    }
}
