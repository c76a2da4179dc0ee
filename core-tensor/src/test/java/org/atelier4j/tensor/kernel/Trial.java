package org.atelier4j.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.DoubleStream;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.Storage;
import org.jspecify.annotations.Nullable;

/**
 * One call of a kernel, compared with {@link ReferenceKernels}. All tensors are views into larger storage at odd
 * offsets; afterwards inputs must be unchanged, and outputs must have been written completely and nowhere beside.
 */
final class Trial {
    private final Kernels provider;
    private final Random random;
    private final String what;
    private final List<Guard> guards = new ArrayList<>();

    /** A tensor under watch and the bytes of its whole storage before the call. */
    private record Guard(Tensor tensor, byte[] before, boolean output) {}

    /** A kernel call; {@code of} gives the tensor to use in place of a tensor of the trial. */
    interface Call {
        void on(Kernels kernels, Twin of);
    }

    /** Maps a tensor of the trial to the one that a provider shall use. */
    interface Twin {
        @Nullable
        Tensor of(@Nullable Tensor t);
    }

    Trial(Kernels provider, String what, Object... values) {
        this.provider = provider;
        this.what = String.format(java.util.Locale.ROOT, what, values);
        this.random = new Random(this.what.hashCode());
    }

    // --- inputs and outputs -----------------------------------------------------------------------------------------

    /** Returns a floating input of normal numbers, or one of small integers. */
    Tensor in(DType dtype, int... shape) {
        return in(dtype, Shape.of(shape));
    }

    /** Returns a floating input of normal numbers, or one of small integers. */
    Tensor in(DType dtype, Shape shape) {
        return in(dtype, shape, z -> z);
    }

    /** Returns an input whose elements are {@code law} of a normal number, or of a small integer. */
    Tensor in(DType dtype, Shape shape, DoubleUnaryOperator law) {
        DoubleStream seeds = switch (dtype) {
            case FLOAT32, FLOAT64, BFLOAT16 -> DoubleStream.generate(random::nextGaussian);
            case INT32, INT64 -> DoubleStream.generate(() -> random.nextInt(21) - 10);
            case UINT8 -> DoubleStream.generate(() -> random.nextInt(21));
            case BOOL -> DoubleStream.generate(() -> random.nextInt(2));
        };
        return in(dtype, shape, seeds.map(law).limit(shape.size()).toArray());
    }

    /** Returns an input with the given elements. */
    Tensor in(DType dtype, Shape shape, double[] values) {
        return watch(guarded(dtype, shape), values, false);
    }

    /** Returns INT32 indices in {@code [0, n)}. */
    Tensor indices(int n, Shape shape) {
        double[] values =
                random.ints(shape.size(), 0, Math.max(1, n)).asDoubleStream().toArray();
        return in(DType.INT32, shape, values);
    }

    /** Returns an output full of NaN, or of ones in all bits. */
    Tensor out(DType dtype, int... shape) {
        return out(dtype, Shape.of(shape));
    }

    /** Returns an output full of NaN, or of ones in all bits. */
    Tensor out(DType dtype, Shape shape) {
        double[] garbage = new double[Math.toIntExact(shape.size())];
        Arrays.fill(garbage, dtype.isFloating() ? Double.NaN : -1);
        return watch(guarded(dtype, shape), garbage, true);
    }

    /** Returns an output that has contents already. */
    Tensor inOut(DType dtype, Shape shape) {
        return inOut(dtype, shape, z -> z);
    }

    /** Returns an output that has contents already: {@code law} of normal numbers. */
    Tensor inOut(DType dtype, Shape shape, DoubleUnaryOperator law) {
        double[] values = Raw.doubles(in(dtype, shape, law));
        return watch(guarded(dtype, shape), values, true);
    }

    private Tensor guarded(DType dtype, Shape shape) {
        int[] offsets = {0, 1, 5, 16};
        int offset = offsets[random.nextInt(offsets.length)];
        int tail = random.nextInt(3);
        Storage storage = Device.cpu().allocate(dtype, offset + shape.size() + tail);
        byte[] pattern = new byte[Math.toIntExact(storage.length() * dtype.bytes())];
        random.nextBytes(pattern);
        Device.cpu().upload(ByteBuffer.wrap(pattern), storage, 0);
        return Tensor.over(storage, offset, shape);
    }

    private Tensor watch(Tensor t, double[] values, boolean output) {
        Raw.write(t, values);
        guards.add(new Guard(t, bytes(t.storage()), output));
        return t;
    }

    private static byte[] bytes(Storage storage) {
        byte[] bytes =
                new byte[Math.toIntExact(storage.length() * storage.dtype().bytes())];
        Device.cpu().download(storage, 0, ByteBuffer.wrap(bytes));
        return bytes;
    }

    // --- checks -----------------------------------------------------------------------------------------------------

    /** Checks that all outputs are exactly the reference's, rounded to their type. */
    void exact(Call call) {
        check(0, 0, 0, call);
    }

    /** Checks that outputs are within {@code rtol·|expected| + atol} of the reference's. */
    void close(double rtol, double atol, Call call) {
        check(rtol, atol, 0, call);
    }

    /**
     * Checks sums of products: within {@code rtol·|expected| + stol·s}, where s is what the reference makes of the
     * absolute values of all inputs.
     */
    void products(double rtol, double stol, Call call) {
        check(rtol, 1e-30, stol, call);
    }

    private void check(double rtol, double atol, double stol, Call call) {
        Map<Tensor, Tensor> expected = twins(z -> z);
        Map<Tensor, Tensor> scales = stol > 0 ? twins(Math::abs) : expected;
        call.on(new ReferenceKernels(), twin(expected));
        if (stol > 0) {
            call.on(new ReferenceKernels(), twin(scales));
        }
        call.on(provider, t -> t);
        for (Guard guard : guards) {
            intact(guard);
            if (guard.output()) {
                compare(guard.tensor(), expected.get(guard.tensor()), scales.get(guard.tensor()), rtol, atol, stol);
            }
        }
    }

    private static Twin twin(Map<Tensor, Tensor> twins) {
        return t -> t == null ? null : twins.getOrDefault(t, t);
    }

    private Map<Tensor, Tensor> twins(DoubleUnaryOperator law) {
        Map<Tensor, Tensor> twins = new IdentityHashMap<>();
        for (Guard guard : guards) {
            Tensor t = guard.tensor();
            DType type = t.dtype().isFloating() ? DType.FLOAT64 : t.dtype();
            double[] values = Arrays.stream(Raw.doubles(t))
                    .map(t.dtype().isFloating() ? law : z -> z)
                    .toArray();
            twins.put(t, Raw.tensor(type, t.shape(), values));
        }
        return twins;
    }

    private void intact(Guard guard) {
        Tensor t = guard.tensor();
        byte[] after = bytes(t.storage());
        int first = Math.toIntExact(t.offset() * t.dtype().bytes());
        int end = first + Math.toIntExact(t.size() * t.dtype().bytes());
        if (guard.output()) {
            System.arraycopy(guard.before(), first, after, first, end - first);
        }
        assertThat(Arrays.mismatch(guard.before(), after))
                .as(
                        "%s: byte of a %s of %s%s at %d that must not change",
                        what, guard.output() ? "output" : "input", t.dtype(), t.shape(), first)
                .isEqualTo(-1);
    }

    private void compare(Tensor actual, Tensor expected, Tensor scale, double rtol, double atol, double stol) {
        double[] e = Raw.doubles(Raw.tensor(actual.dtype(), actual.shape(), Raw.doubles(expected))); // rounded
        double[] wide = Raw.doubles(expected);
        double[] s = Raw.doubles(scale);
        double[] a = Raw.doubles(actual);
        double[] shown = a.clone();
        for (int i = 0; i < a.length; i++) {
            double bound = rtol * Math.abs(wide[i]) + atol + stol * Math.abs(s[i]);
            boolean close = Math.abs(a[i] - wide[i]) <= bound;
            if (close || a[i] == e[i] || Double.isNaN(a[i]) && Double.isNaN(e[i])) {
                shown[i] = e[i];
            }
        }
        Tensor verdict = Raw.tensor(DType.FLOAT64, actual.shape(), shown);
        TensorAssert.assertThat(verdict)
                .as("%s (rtol %s, atol %s, scale %s)", what, rtol, atol, stol)
                .isEqualTo(Raw.tensor(DType.FLOAT64, actual.shape(), e));
    }
}
