package org.atelier4j.tensor.kernel.onednn;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.kernel.Epilogue;
import org.atelier4j.tensor.kernel.Parallel;
import org.atelier4j.tensor.kernel.Scratch;
import org.jspecify.annotations.Nullable;

/**
 * Convolutions between many channels and the few of an image, gray or in color. oneDNN's direct code computes 16 of these at a
 * time, whether they are there or not; here they are a product of matrices, one plane of positions for each of the few channels
 * and each tap of the kernel, and a sum of shifted planes.
 *
 * <p>With output position p, tap k and input position {@code q = s·p + d·k − pad}:
 *
 * <ul>
 *   <li>forward, few out: {@code y[p, f] = Σ_k (x·W)[q, f k]}
 *   <li>adjoint in x, few in: {@code dx[q, f] = Σ_(p, k → q) (dy·W)[p, f k]}
 *   <li>adjoint in the weight, few out: {@code dW = Dᵀ·x} with {@code D[q, f k] = dy[p, f]}
 * </ul>
 */
final class FewChannels {
    /**
     * From which ratio of many to few channels on it pays: measured on one thread of a Xeon, kernels of 3×3 to 7×7 at
     * ratios of 16 to 64 take 0.9 to 0.13 of the direct code's time, at 4 twice as long.
     */
    private static final int PAYS = 16;

    private final Axis rows;
    private final Axis columns;
    private final int batch;
    private final int many;
    private final int few;
    private final int taps;
    private final int inputs; // positions of an image, Q
    private final int outputs; // P

    /** One spatial axis: lengths of input, output and kernel, and how they lie to each other. */
    private record Axis(int in, int out, int kernel, int stride, int dilation, int padding) {

        static Axis of(Convolution conv, int axis, Tensor x, Tensor weight, Tensor y) {
            return new Axis(
                    x.dim(axis + 1),
                    y.dim(axis + 1),
                    weight.dim(axis + 2),
                    conv.stride().dim(axis),
                    conv.dilation().dim(axis),
                    conv.padding().dim(axis));
        }

        /** Returns the input position of an output position under tap k, inside or not. */
        int input(int position, int k) {
            return position * stride + k * dilation - padding;
        }

        /** Returns the first output position whose input position under tap k is inside. */
        int first(int k) {
            return Math.max(0, -Math.floorDiv(input(0, k), stride));
        }

        /** Returns the end of the output positions whose input position under tap k is inside, not before the first. */
        int end(int k) {
            return Math.max(first(k), Math.min(out, Math.floorDiv(in - 1 - input(0, k), stride) + 1));
        }
    }

    private FewChannels(Convolution conv, Tensor x, Tensor weight, Tensor y, int many, int few) {
        this.rows = Axis.of(conv, 0, x, weight, y);
        this.columns = Axis.of(conv, 1, x, weight, y);
        this.batch = x.dim(0);
        this.many = many;
        this.few = few;
        this.taps = rows.kernel() * columns.kernel();
        this.inputs = rows.in() * columns.in();
        this.outputs = rows.out() * columns.out();
    }

    /**
     * Returns whether forward and the adjoint in the weight pay: few channels out, stride 1, and planes that take at most four
     * times the memory of the many channels.
     */
    static boolean suitsOutput(Convolution conv, Tensor x, Tensor weight) {
        return plain(conv, x, weight)
                && weight.dim(1) >= PAYS * weight.dim(0)
                && weight.dim(1) >= weight.dim(0) * weight.dim(2) * weight.dim(3) / 4
                && conv.stride().dim(0) == 1
                && conv.stride().dim(1) == 1;
    }

    /** Returns whether the adjoint in the input pays: few channels in, and planes as above. */
    static boolean suitsInput(Convolution conv, Tensor dy, Tensor weight) {
        return plain(conv, dy, weight)
                && weight.dim(0) >= PAYS * weight.dim(1)
                && weight.dim(0) >= weight.dim(1) * weight.dim(2) * weight.dim(3) / 4;
    }

    /** Returns whether it is an ordinary FLOAT32 convolution of images; one tap is a product of matrices anyway. */
    private static boolean plain(Convolution conv, Tensor x, Tensor weight) {
        return x.dtype() == DType.FLOAT32 && x.rank() == 4 && conv.groups() == 1 && weight.dim(2) * weight.dim(3) > 1;
    }

    /** Runs {@code y = conv(x, weight) (+ bias) (+ residual)}. */
    static void forward(Convolution conv, Tensor x, Tensor weight, Epilogue epilogue, Tensor y) {
        try (TensorScope scope = TensorScope.open();
                NoGrad off = NoGrad.open()) {
            new FewChannels(conv, x, weight, y, weight.dim(1), weight.dim(0)).gather(x, weight, epilogue, y);
        }
    }

    /** Runs the adjoint in x. */
    static void backwardInput(Convolution conv, Tensor dy, Tensor weight, Tensor dx) {
        try (TensorScope scope = TensorScope.open();
                NoGrad off = NoGrad.open()) {
            new FewChannels(conv, dx, weight, dy, weight.dim(0), weight.dim(1)).scatter(dy, weight, dx);
        }
    }

    /** Runs the adjoint in the weight and, where there is one, the bias. */
    static void backwardWeight(Convolution conv, Tensor x, Tensor dy, Tensor dWeight, @Nullable Tensor dBias) {
        try (TensorScope scope = TensorScope.open();
                NoGrad off = NoGrad.open()) {
            new FewChannels(conv, x, dWeight, dy, dWeight.dim(1), dWeight.dim(0)).spread(x, dy, dWeight);
            if (dBias != null) {
                copy(dy.detach().sum(0, 1, 2), dBias);
            }
        }
    }

    private void gather(Tensor x, Tensor weight, Epilogue epilogue, Tensor y) {
        Tensor w = weight.detach().reshape(few, many, taps).permute(0, 2, 1).reshape(few * taps, many); // (F·k, C)
        Tensor pixels = x.detach().reshape(batch, inputs, many);
        FloatBuffer planes = Memory.floats(w.matmul(pixels, false, true)); // (B, F·k, Q)
        FloatBuffer target = Memory.floats(y);
        float[] shift =
                epilogue.bias() == null ? new float[few] : epilogue.bias().toFloats();
        FloatBuffer added = epilogue.residual() == null ? null : Memory.floats(epilogue.residual());
        overImages(image -> {
            float[] plane = Scratch.floats(0, inputs);
            float[] sums = Scratch.floats(1, few * outputs);
            for (int f = 0; f < few; f++) {
                Arrays.fill(sums, f * outputs, (f + 1) * outputs, shift[f]);
                for (int k = 0; k < taps; k++) {
                    planes.get(((image * few + f) * taps + k) * inputs, plane, 0, inputs);
                    gather(plane, k, sums, f * outputs);
                }
            }
            write(sums, outputs, image, added, target);
        });
    }

    private void scatter(Tensor dy, Tensor weight, Tensor dx) {
        Tensor w = weight.detach().reshape(many, few * taps); // (O, F·k)
        Tensor pixels = dy.detach().reshape(batch, outputs, many);
        FloatBuffer planes = Memory.floats(w.matmul(pixels, true, true)); // (B, F·k, P)
        FloatBuffer target = Memory.floats(dx);
        overImages(image -> {
            float[] plane = Scratch.floats(0, outputs);
            float[] sums = Scratch.floats(1, few * inputs);
            Arrays.fill(sums, 0, few * inputs, 0);
            for (int f = 0; f < few; f++) {
                for (int k = 0; k < taps; k++) {
                    planes.get(((image * few + f) * taps + k) * outputs, plane, 0, outputs);
                    scatter(plane, 0, k, sums, f * inputs);
                }
            }
            write(sums, inputs, image, null, target);
        });
    }

    private void spread(Tensor x, Tensor dy, Tensor dWeight) {
        Tensor d = Tensor.empty(Shape.of(batch, few * taps, inputs), DType.FLOAT32, x.device()); // (B, F·k, Q)
        FloatBuffer planes = Memory.floats(d);
        FloatBuffer source = Memory.floats(dy);
        overImages(image -> {
            float[] slopes = read(source, outputs, image);
            float[] plane = Scratch.floats(0, inputs);
            for (int f = 0; f < few; f++) {
                for (int k = 0; k < taps; k++) {
                    Arrays.fill(plane, 0, inputs, 0);
                    scatter(slopes, f * outputs, k, plane, 0);
                    planes.put(((image * few + f) * taps + k) * inputs, plane, 0, inputs);
                }
            }
        });
        Tensor each = d.matmul(x.detach().reshape(batch, inputs, many)); // (B, F·k, C)
        Tensor sum = each.sum(0).reshape(few, taps, many).permute(0, 2, 1); // (F, C, k)
        copy(sum, dWeight);
    }

    private static void copy(Tensor from, Tensor to) {
        Memory.floats(to).put(0, Memory.floats(from), 0, Math.toIntExact(to.size()));
    }

    // --- one tap of one channel -------------------------------------------------------------------------------------

    /** Adds {@code plane[q]} to {@code sums[to + p]}, in vector instructions where the stride is 1. */
    private void gather(float[] plane, int k, float[] sums, int to) {
        int ky = k / columns.kernel();
        int kx = k % columns.kernel();
        int first = columns.first(kx);
        int count = columns.end(kx) - first;
        int step = columns.stride();
        for (int py = rows.first(ky); py < rows.end(ky); py++) {
            int p = to + py * columns.out() + first;
            int q = rows.input(py, ky) * columns.in() + columns.input(first, kx);
            for (int i = 0; i < count; i++) {
                sums[p + i] += plane[q + i * step];
            }
        }
    }

    /** Adds {@code plane[from + p]} to {@code sums[to + q]}. */
    private void scatter(float[] plane, int from, int k, float[] sums, int to) {
        int ky = k / columns.kernel();
        int kx = k % columns.kernel();
        int first = columns.first(kx);
        int count = columns.end(kx) - first;
        int step = columns.stride();
        for (int py = rows.first(ky); py < rows.end(ky); py++) {
            int p = from + py * columns.out() + first;
            int q = to + rows.input(py, ky) * columns.in() + columns.input(first, kx);
            for (int i = 0; i < count; i++) {
                sums[q + i * step] += plane[p + i];
            }
        }
    }

    // --- channels-last rows and planes ------------------------------------------------------------------------------

    /** Writes the F planes of an image, and what is to be added, as (positions, F). */
    private void write(float[] planes, int positions, int image, @Nullable FloatBuffer added, FloatBuffer target) {
        float[] rowsOf = Scratch.floats(2, few * positions);
        if (added == null) {
            Arrays.fill(rowsOf, 0, few * positions, 0);
        } else {
            added.get(image * few * positions, rowsOf, 0, few * positions);
        }
        for (int f = 0; f < few; f++) {
            for (int i = 0; i < positions; i++) {
                rowsOf[i * few + f] += planes[f * positions + i];
            }
        }
        target.put(image * few * positions, rowsOf, 0, few * positions);
    }

    /** Returns an image (positions, F) as F planes. */
    private float[] read(FloatBuffer source, int positions, int image) {
        float[] rowsOf = Scratch.floats(2, few * positions);
        float[] planes = Scratch.floats(1, few * positions);
        source.get(image * few * positions, rowsOf, 0, few * positions);
        for (int f = 0; f < few; f++) {
            for (int i = 0; i < positions; i++) {
                planes[f * positions + i] = rowsOf[i * few + f];
            }
        }
        return planes;
    }

    private interface Body {
        void run(int image);
    }

    private void overImages(Body body) {
        int grain = Math.max(1, Parallel.GRAIN / inputs / (few * taps));
        Parallel.forRange(batch, grain, (from, to) -> {
            for (int image = from; image < to; image++) {
                body.run(image);
            }
        });
    }
}
