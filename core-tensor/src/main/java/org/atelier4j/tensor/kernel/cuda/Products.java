package org.atelier4j.tensor.kernel.cuda;

import java.util.Arrays;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.device.cuda.Launch;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.kernel.Epilogue;
import org.atelier4j.tensor.kernel.Unary;
import org.jspecify.annotations.Nullable;

/** Launches {@code matmul.cu} and {@code conv.cu}. */
final class Products {
    private static final int TILE = 64;
    private static final int THREADS = 256;
    private static final int MOST_IN_Z = 65_535;

    /** Part of K that is worth a block of its own. */
    private static final int SHARE = 256;

    private final CudaDevice device;
    private final Elementwise elementwise;

    Products(CudaDevice device, Elementwise elementwise) {
        this.device = device;
        this.elementwise = elementwise;
    }

    // --- matrices ---------------------------------------------------------------------------------------------------

    void matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, Epilogue epilogue, Tensor out) {
        if (out.size() == 0) {
            return;
        }
        int m = out.dim(-2);
        int n = out.dim(-1);
        int k = a.dim(transposeA ? -2 : -1);
        Shape lead = leading(out.shape());
        Axes batch = Axes.of(Axes.sizes(lead), leadingSteps(a.shape(), lead), leadingSteps(b.shape(), lead));
        int parts = parts(m, n, k, lead.size());
        String name = "matmul" + (transposeA ? "T" : "N") + (transposeB ? "T" : "N");
        inParts(
                a,
                epilogue,
                out,
                parts,
                (sums, ending) -> Code.MATMUL
                        .kernel(device, a.dtype(), name)
                        .with()
                        .tensor(a)
                        .tensor(b)
                        .tensor(out)
                        .tensor(sums)
                        .struct(m, n, k, lead.size(), parts)
                        .struct(batch.struct(0))
                        .struct(batch.struct(1))
                        .struct(ending)
                        .run(tiles(m), tiles(n), Math.min(MOST_IN_Z, lead.size() * parts), THREADS));
    }

    private static Shape leading(Shape shape) {
        return Shape.of(Arrays.copyOf(shape.dims(), shape.rank() - 2));
    }

    private static long[] leadingSteps(Shape operand, Shape lead) {
        long[] steps = Axes.broadcast(leading(operand), lead);
        long matrix = (long) operand.dim(-1) * operand.dim(-2);
        return Arrays.stream(steps).map(s -> s * matrix).toArray();
    }

    // --- convolutions -----------------------------------------------------------------------------------------------

    void conv(Convolution conv, Tensor x, Tensor weight, Epilogue epilogue, Tensor out) {
        if (out.size() > 0) {
            long rows = out.size() / out.dim(-1);
            run(
                    "convForward",
                    new Geometry(conv, x, weight, out),
                    x,
                    weight,
                    epilogue,
                    out,
                    rows,
                    weight.dim(0),
                    weight.size() / Math.max(1, weight.dim(0)));
        }
    }

    void convBackwardInput(Convolution conv, Tensor dy, Tensor weight, Tensor dx) {
        if (dx.size() > 0) {
            long rows = dx.size() / dx.dim(-1);
            run(
                    "convInput",
                    new Geometry(conv, dx, weight, dy),
                    dy,
                    weight,
                    Epilogue.NONE,
                    dx,
                    rows,
                    dx.dim(-1),
                    weight.size() / Math.max(1, dx.dim(-1)));
        }
    }

    void convBackwardWeight(Convolution conv, Tensor x, Tensor dy, Tensor dWeight) {
        if (dWeight.size() > 0) {
            long width = dWeight.size() / dWeight.dim(0) * conv.groups();
            run(
                    "convWeight",
                    new Geometry(conv, x, dWeight, dy),
                    x,
                    dy,
                    Epilogue.NONE,
                    dWeight,
                    dWeight.dim(0),
                    width,
                    dy.size() / Math.max(1, dy.dim(-1)));
        }
    }

    /** Runs one of the three: rows and columns of all groups together, k the depth of each product. */
    private void run(
            String name,
            Geometry g,
            Tensor a,
            Tensor b,
            Epilogue epilogue,
            Tensor out,
            long rows,
            long columns,
            long k) {
        int groups = g.conv.groups();
        long ownRows = name.equals("convWeight") ? rows / groups : rows;
        long ownColumns = columns / groups;
        int parts = parts(ownRows, ownColumns, k, groups);
        inParts(
                a,
                epilogue,
                out,
                parts,
                (sums, ending) -> Code.CONV
                        .kernel(device, a.dtype(), name)
                        .with()
                        .tensor(a)
                        .tensor(b)
                        .tensor(out)
                        .tensor(sums)
                        .struct(g.struct(parts))
                        .struct(ending)
                        .run(tiles(ownRows), tiles(ownColumns), Math.min(MOST_IN_Z, (long) groups * parts), THREADS));
    }

    /** A convolution with three spatial axes, the first ones of length 1 where there are fewer. */
    private record Geometry(Convolution conv, Tensor x, Tensor weight, Tensor y) {

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

    // --- parts and endings ------------------------------------------------------------------------------------------

    private static long tiles(long n) {
        return (n + TILE - 1) / TILE;
    }

    /** Returns how many blocks should share each tile, so that products with few tiles fill the card as well. */
    private int parts(long m, long n, long k, long batches) {
        long wanted = 2L * device.properties().multiprocessors() / Math.max(1, tiles(m) * tiles(n) * batches);
        return (int) Math.max(1, Math.min(Math.min(wanted, k / SHARE), 256));
    }

    private interface Body {
        void run(@Nullable Tensor sums, long[] ending);
    }

    /** Runs a product at once or in parts that are added up, with its epilogue behind. */
    private void inParts(Tensor like, Epilogue epilogue, Tensor out, int parts, Body body) {
        @Nullable Unary activation = epilogue.activation();
        int known = activation == null ? 0 : number(activation);
        long[] ending = ending(epilogue, activation, known);
        if (parts == 1) {
            body.run(null, ending);
        } else {
            try (TensorScope scope = TensorScope.open()) {
                Tensor sums = Tensor.empty(out.shape().insert(0, parts), Code.wide(out.dtype()), device);
                body.run(sums, ending);
                Code.MATMUL
                        .kernel(device, like.dtype(), "finishProduct")
                        .with()
                        .tensor(sums)
                        .tensor(out)
                        .int64(parts)
                        .int64(out.size())
                        .int64(out.dim(-1))
                        .struct(ending)
                        .forElements(out.size());
            }
        }
        if (activation != null && known == 0) {
            elementwise.unary(activation, out, out);
        }
    }

    private static long[] ending(Epilogue epilogue, @Nullable Unary activation, int known) {
        return new long[] {
            address(epilogue.bias()),
            address(epilogue.residual()),
            known,
            Double.doubleToRawLongBits(activation == null ? 0 : activation.a()),
            Double.doubleToRawLongBits(activation == null ? 0 : activation.b())
        };
    }

    private static long address(@Nullable Tensor t) {
        return t == null ? 0 : Launch.address(t, 0);
    }

    /** Returns the number by which {@code gemm.cu} knows a function, 0 where it does not. */
    private static int number(Unary f) {
        return switch (f.function()) {
            case AFFINE -> 1;
            case RELU -> 2;
            case LEAKY_RELU -> 3;
            case SILU -> 4;
            case GELU -> 5;
            case GELU_TANH -> 6;
            case TANH -> 7;
            case SIGMOID -> 8;
            default -> 0;
        };
    }
}
