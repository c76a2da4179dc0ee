package org.atelier4j.tensor.kernel.cuda;

import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.kernel.Epilogue;
import org.atelier4j.tensor.kernel.StridedCopy;

/**
 * Launches {@code conv.cu}. Weights are laid out anew for it, (groups, channels of the result, taps, channels seen), so that
 * what a window sees and what it is multiplied by lie side by side in memory.
 */
final class Convolutions {
    private final CudaDevice device;
    private final Endings endings;
    private final Movement movement;

    Convolutions(CudaDevice device, Endings endings, Movement movement) {
        this.device = device;
        this.endings = endings;
        this.movement = movement;
    }

    void conv(Convolution conv, Tensor x, Tensor weight, Epilogue epilogue, Tensor out) {
        if (out.size() > 0) {
            Geometry g = Geometry.of(conv, x, weight, out);
            try (TensorScope scope = TensorScope.open()) {
                Tensor rows = g.taps() == 1 ? weight : turned(g, weight, true);
                Job job = new Job(out.size() / g.outputs(), g.outputs() / g.groups(), g.taps() * g.seen());
                run("convForward", g, x, rows, epilogue, out, job);
            }
        }
    }

    void convBackwardInput(Convolution conv, Tensor dy, Tensor weight, Tensor dx) {
        if (dx.size() > 0) {
            Geometry g = Geometry.of(conv, dx, weight, dy);
            try (TensorScope scope = TensorScope.open()) {
                Tensor rows = turned(g, weight, false);
                Job job = new Job(dx.size() / dx.dim(-1), g.seen(), (long) g.taps() * g.outputs() / g.groups());
                run("convInput", g, dy, rows, Epilogue.NONE, dx, job);
            }
        }
    }

    void convBackwardWeight(Convolution conv, Tensor x, Tensor dy, Tensor dWeight) {
        if (dWeight.size() > 0) {
            Geometry g = Geometry.of(conv, x, dWeight, dy);
            Job job = new Job(g.outputs() / g.groups(), (long) g.taps() * g.seen(), dy.size() / g.outputs());
            run("convWeight", g, x, dy, Epilogue.NONE, dWeight, job);
        }
    }

    /** Sizes of the product that each group is. */
    private record Job(long m, long n, long k) {}

    private void run(String name, Geometry g, Tensor a, Tensor b, Epilogue epilogue, Tensor out, Job job) {
        ProductLoop loop = ProductLoop.of(device, a.dtype(), job.m, job.n, job.k);
        int parts = loop.parts(job.m, job.n, job.k, g.groups());
        endings.follow(
                epilogue,
                out,
                parts,
                (sums, ending) -> loop.kernel(Code.CONV, Code.CONV_TILES, a.dtype(), name)
                        .with()
                        .tensor(a)
                        .tensor(b)
                        .tensor(out)
                        .tensor(sums)
                        .struct(g.struct(parts))
                        .struct(ending)
                        .run(
                                loop.tiles(job.m),
                                loop.tiles(job.n),
                                ProductLoop.blocksInZ((long) g.groups() * parts),
                                ProductLoop.THREADS));
    }

    /** Returns weights (O, C/groups, taps) as (groups, O/groups, taps, C/groups), or for the adjoint with O and C exchanged. */
    private Tensor turned(Geometry g, Tensor weight, boolean forward) {
        int own = g.outputs() / g.groups();
        int rows = forward ? own : g.seen();
        int columns = forward ? g.seen() : own;
        long output = (long) g.seen() * g.taps();
        Shape shape = Shape.of(g.groups(), rows, g.taps(), columns);
        Tensor rowsOfTaps = Tensor.empty(shape, weight.dtype(), device);
        movement.copy(
                new StridedCopy(
                        shape,
                        StridedCopy.Strides.of(
                                0, own * output, forward ? output : g.taps(), 1, forward ? g.taps() : output),
                        StridedCopy.Strides.contiguous(shape)),
                weight,
                rowsOfTaps);
        return rowsOfTaps;
    }

    /**
     * A convolution with three spatial axes, the first ones of length 1 where there are fewer.
     *
     * @param seen input channels of a group
     * @param taps of the kernel, over all axes
     */
    private record Geometry(Convolution conv, Tensor x, Tensor weight, Tensor y, int outputs, int seen, int taps) {
        static Geometry of(Convolution conv, Tensor x, Tensor weight, Tensor y) {
            int taps = 1;
            for (int axis = 2; axis < weight.rank(); axis++) {
                taps *= weight.dim(axis);
            }
            return new Geometry(conv, x, weight, y, weight.dim(0), weight.dim(1), taps);
        }

        int groups() {
            return conv.groups();
        }

        long[] struct(int parts) {
            long[] f = new long[23];
            f[0] = x.dim(0);
            f[4] = x.dim(-1);
            f[8] = y.dim(-1);
            f[21] = conv.groups();
            f[22] = parts;
            int missing = 3 - conv.stride().rank();
            for (int i = 0; i < 3; i++) {
                int axis = i - missing;
                boolean real = axis >= 0;
                f[1 + i] = real ? x.dim(1 + axis) : 1;
                f[5 + i] = real ? y.dim(1 + axis) : 1;
                f[9 + i] = real ? weight.dim(2 + axis) : 1;
                f[12 + i] = real ? conv.stride().dim(axis) : 1;
                f[15 + i] = real ? conv.padding().dim(axis) : 0;
                f[18 + i] = real ? conv.dilation().dim(axis) : 1;
            }
            return f;
        }
    }
}
