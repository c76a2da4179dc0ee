package org.atelier4j.tensor.kernel.cuda;

import java.util.function.Function;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.device.cuda.CudaKernel;
import org.atelier4j.tensor.device.cuda.Launch;
import org.atelier4j.tensor.kernel.HostNumber;
import org.atelier4j.tensor.kernel.StridedCopy;

/** Launches {@code convert.cu}, {@code movement.cu} and {@code scatter.cu}. */
final class Movement {
    private static final int THREADS = 256;

    private final CudaDevice device;

    Movement(CudaDevice device) {
        this.device = device;
    }

    void convert(Tensor x, Tensor out) {
        Code.CONVERT
                .kernel(device, x.dtype() + "_to_" + out.dtype())
                .with()
                .tensor(x)
                .tensor(out)
                .int64(x.size())
                .forElements(x.size());
    }

    void fill(double value, Tensor out) {
        fill(new HostNumber(value), out);
    }

    void fill(HostNumber value, Tensor out) {
        CudaKernel kernel = Code.CONVERT.kernel(device, out.dtype() + "_fill");
        long target = Launch.address(out, 0); // a replay writes there when the tensor is long forgotten
        long size = out.size();
        Function<HostNumber, Launch> launch =
                v -> kernel.with().pointer(target).float64(v.value()).int64(size);
        launch.apply(value).forElements(size);
        if (size > 0) {
            device.note(value, device.blocksFor(size, THREADS), THREADS, launch);
        }
    }

    // --- copies -----------------------------------------------------------------------------------------------------

    void copy(StridedCopy copy, Tensor x, Tensor out) {
        Shape size = copy.size();
        long[] from = new long[size.rank()];
        long[] to = new long[size.rank()];
        for (int a = 0; a < from.length; a++) {
            from[a] = copy.source().step(a);
            to[a] = copy.target().step(a);
        }
        Axes axes = Axes.of(Axes.sizes(size), from, to);
        if (size.size() > 0 && !transpose(copy, axes, x, out)) {
            Code.MOVEMENT
                    .kernel(device, x.dtype(), "stridedCopy")
                    .with()
                    .tensor(x, copy.source().offset())
                    .tensor(out, copy.target().offset())
                    .struct(axes.struct(0))
                    .struct(axes.struct(1))
                    .int64(size.size())
                    .forElements(size.size());
        }
    }

    /** Copies (…, i, j) from where i is the contiguous axis to where j is, if that is what the copy does. */
    private boolean transpose(StridedCopy copy, Axes axes, Tensor x, Tensor out) {
        int rank = axes.rank();
        if (rank < 2 || rank > 3) {
            return false;
        }
        long rows = axes.size(rank - 2);
        long columns = axes.size(rank - 1);
        boolean turned = axes.step(rank - 2, 0) == 1
                && axes.step(rank - 1, 1) == 1
                && axes.step(rank - 2, 1) == columns
                && (rank == 2 || axes.step(0, 1) == rows * columns);
        if (!turned) {
            return false;
        }
        long batches = rank == 3 ? axes.size(0) : 1;
        long tiles = (rows + 31) / 32 * ((columns + 31) / 32) * batches;
        Code.MOVEMENT
                .kernel(device, x.dtype(), "transposeTiles")
                .with()
                .tensor(x, copy.source().offset())
                .tensor(out, copy.target().offset())
                .int64(rank == 3 ? axes.step(0, 0) : 0)
                .int64(axes.step(rank - 1, 0))
                .int64(rows)
                .int64(columns)
                .int64(batches)
                .run(device.blocksFor(256 * tiles, 256), 1, 1, 256);
        return true;
    }

    void where(Tensor condition, Tensor a, Tensor b, Tensor out) {
        Shape shape = out.shape();
        Axes axes = Axes.of(
                Axes.sizes(shape),
                Axes.broadcast(condition.shape(), shape),
                Axes.broadcast(a.shape(), shape),
                Axes.broadcast(b.shape(), shape));
        Code.MOVEMENT
                .kernel(device, a.dtype(), "chooseElements")
                .with()
                .tensor(condition)
                .tensor(a)
                .tensor(b)
                .tensor(out)
                .struct(axes.struct(0))
                .struct(axes.struct(1))
                .struct(axes.struct(2))
                .int64(out.size())
                .forElements(out.size());
    }

    // --- indices ----------------------------------------------------------------------------------------------------

    /** Queues the check that all indices lie in {@code [0, limit)} and returns its serial. */
    private long check(String what, Tensor indices, int limit) {
        long serial = device.faults()
                .expect((position, index) -> new IllegalArgumentException(
                        what + ": indices must lie in [0, " + limit + "), got " + index + " at position " + position));
        Code.MOVEMENT
                .kernel(device, DType.INT32, "checkIndices")
                .with()
                .tensor(indices)
                .int64(indices.size())
                .int64(limit)
                .pointer(device.faults().address())
                .int64(serial)
                .forElements(indices.size());
        return serial;
    }

    void gatherRows(Tensor table, Tensor indices, Tensor out) {
        long serial = check("gatherRows", indices, table.dim(0));
        Code.MOVEMENT
                .kernel(device, table.dtype(), "gatherRows")
                .with()
                .tensor(table)
                .tensor(indices)
                .tensor(out)
                .int64(table.shape().size(1, table.rank()))
                .int64(out.size())
                .pointer(device.faults().address())
                .int64(serial)
                .forElements(Math.max(1, out.size()));
    }

    void gatherAxis(Tensor x, int axis, Tensor indices, Tensor out) {
        long serial = check("gather", indices, x.dim(axis));
        Code.MOVEMENT
                .kernel(device, x.dtype(), "gatherAlong")
                .with()
                .tensor(x)
                .tensor(indices)
                .tensor(out)
                .int64(x.dim(axis))
                .int64(out.dim(axis))
                .int64(x.shape().size(axis + 1, x.rank()))
                .int64(out.size())
                .pointer(device.faults().address())
                .int64(serial)
                .forElements(Math.max(1, out.size()));
    }

    void scatterAddRows(Tensor rows, Tensor indices, Tensor table) {
        long serial = check("scatterAddRows", indices, table.dim(0));
        inAtomicType(
                rows,
                table,
                (from, to) -> Code.SCATTER
                        .kernel(device, to.dtype(), "scatterAddRows")
                        .with()
                        .tensor(from)
                        .tensor(indices)
                        .tensor(to)
                        .int64(table.shape().size(1, table.rank()))
                        .int64(rows.size())
                        .pointer(device.faults().address())
                        .int64(serial)
                        .forElements(Math.max(1, rows.size())));
    }

    void scatterAddAxis(Tensor x, int axis, Tensor indices, Tensor out) {
        long serial = check("scatterAdd", indices, out.dim(axis));
        inAtomicType(
                x,
                out,
                (from, to) -> Code.SCATTER
                        .kernel(device, to.dtype(), "scatterAddAlong")
                        .with()
                        .tensor(from)
                        .tensor(indices)
                        .tensor(to)
                        .int64(out.dim(axis))
                        .int64(x.dim(axis))
                        .int64(x.shape().size(axis + 1, x.rank()))
                        .int64(x.size())
                        .pointer(device.faults().address())
                        .int64(serial)
                        .forElements(Math.max(1, x.size())));
    }

    private interface Body {
        void run(Tensor from, Tensor to);
    }

    /** Runs a sum in a type that the card can add atomically, and rounds once at the end. */
    private void inAtomicType(Tensor from, Tensor to, Body body) {
        DType type = switch (to.dtype()) {
            case BFLOAT16 -> DType.FLOAT32;
            case UINT8, BOOL -> DType.INT32;
            default -> to.dtype();
        };
        if (type == to.dtype()) {
            body.run(from, to);
            return;
        }
        try (TensorScope scope = TensorScope.open()) {
            Tensor wideFrom = Tensor.empty(from.shape(), type, device);
            Tensor wideTo = Tensor.empty(to.shape(), type, device);
            convert(from, wideFrom);
            convert(to, wideTo);
            body.run(wideFrom, wideTo);
            convert(wideTo, to);
        }
    }
}
