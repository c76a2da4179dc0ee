package org.atelier4j.benchmarks.torch;

import java.util.function.Supplier;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
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

    static Tensor groupNorm(Tensor x, long groups, Tensor weight, Tensor bias) {
        return torch.group_norm(x, groups, optional(weight), optional(bias), 1e-5, true);
    }

    static Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        return torch.linear(x, weight, optional(bias));
    }

    static Tensor add(Tensor x, double value) {
        return x.add(new Scalar(value));
    }

    private static TensorOptional optional(@Nullable Tensor x) {
        return x == null ? new TensorOptional() : new TensorOptional(x);
    }
}
