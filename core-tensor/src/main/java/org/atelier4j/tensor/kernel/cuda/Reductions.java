package org.atelier4j.tensor.kernel.cuda;

import java.util.Arrays;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.device.cuda.Launch;
import org.atelier4j.tensor.kernel.Reduction;
import org.jspecify.annotations.Nullable;

/** Launches {@code reduce.cu}. */
final class Reductions {
    private static final int THREADS = 256;

    /** From so many elements a thread on, several blocks share an output. */
    private static final int SHARE = 64;

    private final CudaDevice device;
    private final Movement movement;

    Reductions(CudaDevice device, Movement movement) {
        this.device = device;
        this.movement = movement;
    }

    void reduce(Reduction f, Tensor x, int[] axes, Tensor out) {
        if (out.size() == 0) {
            return;
        }
        if (x.size() == 0) {
            movement.fill(ofNothing(f), out);
            return;
        }
        Axes kept = pick(x.shape(), axes, false);
        Axes reduced = pick(x.shape(), axes, true);
        long count = x.size() / out.size();
        int last = kept.rank() - 1;
        boolean columns = last >= 0 && kept.step(last, 0) == 1 && kept.size(last) >= 32 || count < 32;
        long blocks = columns ? device.blocksFor(out.size(), THREADS) : device.blocksFor(out.size(), 1);
        long perThread = columns ? count : count / THREADS;
        long idle = 4L * device.properties().multiprocessors() / blocks;
        int parts = (int) Math.max(1, Math.min(Math.min(perThread / SHARE, idle), 1024));
        String name = f == Reduction.MEAN ? "SUM" : f.name();
        long divisor = f == Reduction.MEAN ? count : 0;
        try (TensorScope scope = TensorScope.open()) {
            @Nullable
            Tensor sums = parts == 1 ? null : Tensor.empty(Shape.of(parts, (int) out.size()), wide(x.dtype()), device);
            Code.REDUCE
                    .kernel(device, x.dtype(), name + (columns ? "_columns" : "_rows"))
                    .with()
                    .tensor(x)
                    .tensor(out)
                    .tensor(sums)
                    .struct(kept.struct(0))
                    .struct(reduced.struct(0))
                    .int64(out.size())
                    .int64(count)
                    .int64(divisor)
                    .run(blocks, parts, 1, THREADS);
            if (sums != null) {
                Code.REDUCE
                        .kernel(device, x.dtype(), name + "_parts")
                        .with()
                        .tensor(sums)
                        .tensor(out)
                        .int64(parts)
                        .int64(out.size())
                        .int64(divisor)
                        .forElements(out.size());
            }
        }
    }

    private static DType wide(DType dtype) {
        return dtype.isFloating() ? Code.wide(dtype) : DType.INT64;
    }

    private static double ofNothing(Reduction f) {
        return switch (f) {
            case SUM -> 0;
            case MEAN -> Double.NaN;
            case PROD -> 1;
            case MAX -> Double.NEGATIVE_INFINITY;
            case MIN -> Double.POSITIVE_INFINITY;
        };
    }

    /** Returns the walk over those axes that are named, or over those that are not. */
    private static Axes pick(Shape shape, int[] named, boolean wanted) {
        long[] strides = shape.strides();
        int[] which = java.util.stream.IntStream.range(0, shape.rank())
                .filter(a -> Arrays.stream(named).anyMatch(n -> n == a) == wanted)
                .toArray();
        return Axes.of(
                Arrays.stream(which).mapToLong(shape::dim).toArray(),
                Arrays.stream(which).mapToLong(a -> strides[a]).toArray());
    }

    void argMax(Tensor x, int axis, Tensor indices) {
        if (isRows(x, axis)) {
            overRows(
                    Code.REDUCE
                            .kernel(device, x.dtype(), "argMaxRow")
                            .with()
                            .tensor(x)
                            .tensor(indices)
                            .int64(x.dim(axis))
                            .int64(indices.size()),
                    indices.size());
            return;
        }
        Code.REDUCE
                .kernel(device, x.dtype(), "argMax")
                .with()
                .tensor(x)
                .tensor(indices)
                .int64(x.dim(axis))
                .int64(x.shape().size(axis + 1, x.rank()))
                .int64(indices.size())
                .forElements(indices.size());
    }

    /** Returns whether the elements of a line lie side by side; where they do not, those of neighbouring lines do. */
    private static boolean isRows(Tensor x, int axis) {
        return x.shape().size(axis + 1, x.rank()) == 1;
    }

    /** Runs a kernel that takes a warp for each row. */
    private void overRows(Launch launch, long rows) {
        if (rows > 0) {
            launch.run(device.blocksFor(rows, THREADS / 32), 1, 1, THREADS);
        }
    }

    void topK(Tensor x, Tensor values, Tensor indices) {
        if (values.size() > 0) {
            long rows = x.size() / x.dim(-1);
            Code.REDUCE
                    .kernel(device, x.dtype(), "topK")
                    .with()
                    .tensor(x)
                    .tensor(values)
                    .tensor(indices)
                    .int64(x.dim(-1))
                    .int64(values.dim(-1))
                    .int64(rows)
                    .run(device.blocksFor(rows, 1), 1, 1, THREADS);
        }
    }

    void cumulate(Reduction f, Tensor x, int axis, boolean exclusive, boolean reverse, Tensor out) {
        if (x.size() > 0) {
            long lines = x.size() / x.dim(axis);
            if (isRows(x, axis)) {
                overRows(
                        Code.REDUCE
                                .kernel(device, x.dtype(), f + "_runningRow")
                                .with()
                                .tensor(x)
                                .tensor(out)
                                .int64(x.dim(axis))
                                .int64(lines)
                                .int32(exclusive ? 1 : 0)
                                .int32(reverse ? 1 : 0),
                        lines);
                return;
            }
            Code.REDUCE
                    .kernel(device, x.dtype(), f + "_running")
                    .with()
                    .tensor(x)
                    .tensor(out)
                    .int64(x.dim(axis))
                    .int64(x.shape().size(axis + 1, x.rank()))
                    .int64(lines)
                    .int32(exclusive ? 1 : 0)
                    .int32(reverse ? 1 : 0)
                    .forElements(lines);
        }
    }
}
