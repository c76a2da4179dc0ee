package org.atelier4j.tensor.kernel.cuda;

import java.util.Arrays;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.PrecisionScope;
import org.atelier4j.tensor.device.cuda.Cublas;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.device.cuda.Launch;
import org.atelier4j.tensor.kernel.Epilogue;
import org.jspecify.annotations.Nullable;

/** Launches {@code matmul.cu}; large products that nothing follows go to cuBLAS where it is installed. */
final class Products {
    /** Multiplications from which a product is large. */
    private static final double LARGE = 512.0 * 512 * 512;

    private final CudaDevice device;
    private final Endings endings;

    Products(CudaDevice device, Endings endings) {
        this.device = device;
        this.endings = endings;
    }

    void matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, Epilogue epilogue, Tensor out) {
        if (out.size() == 0) {
            return;
        }
        int m = out.dim(-2);
        int n = out.dim(-1);
        int k = a.dim(transposeA ? -2 : -1);
        Shape lead = leading(out.shape());
        Axes batch = Axes.of(Axes.sizes(lead), leadingSteps(a.shape(), lead), leadingSteps(b.shape(), lead));
        if (epilogue.equals(Epilogue.NONE) && byLibrary(a, transposeA, b, transposeB, k, out, batch)) {
            return;
        }
        ProductLoop loop = ProductLoop.of(device, a.dtype(), m, n, k);
        int parts = loop.parts(m, n, k, lead.size());
        String name = "matmul" + (transposeA ? "T" : "N") + (transposeB ? "T" : "N");
        endings.follow(
                epilogue,
                out,
                parts,
                (sums, ending) -> loop.kernel(Code.MATMUL, Code.MATMUL_TILES, a.dtype(), name)
                        .with()
                        .tensor(a)
                        .tensor(b)
                        .tensor(out)
                        .tensor(sums)
                        .struct(m, n, k, lead.size(), parts)
                        .struct(batch.struct(0))
                        .struct(batch.struct(1))
                        .struct(ending)
                        .run(
                                loop.tiles(m),
                                loop.tiles(n),
                                ProductLoop.blocksInZ(lead.size() * parts),
                                ProductLoop.THREADS));
    }

    /** Hands a large product that nothing follows to cuBLAS, where it is installed and the batch is evenly spaced. */
    private boolean byLibrary(
            Tensor a, boolean transposeA, Tensor b, boolean transposeB, int k, Tensor out, Axes batch) {
        if ((double) out.size() * k < LARGE || batch.rank() > 1 || a.device() != device || b.device() != device) {
            return false;
        }
        @Nullable Cublas cublas = device.cublas();
        if (cublas == null) {
            return false;
        }
        boolean many = batch.rank() == 1;
        cublas.multiply(
                new Cublas.Product(
                        transposeA,
                        transposeB,
                        out.dim(-2),
                        out.dim(-1),
                        k,
                        Launch.address(a, 0),
                        many ? batch.step(0, 0) : 0,
                        Launch.address(b, 0),
                        many ? batch.step(0, 1) : 0,
                        Launch.address(out, 0),
                        many ? Math.toIntExact(batch.size(0)) : 1),
                a.dtype(),
                PrecisionScope.current());
        return true;
    }

    private static Shape leading(Shape shape) {
        return Shape.of(Arrays.copyOf(shape.dims(), shape.rank() - 2));
    }

    private static long[] leadingSteps(Shape operand, Shape lead) {
        long[] steps = Axes.broadcast(leading(operand), lead);
        long matrix = (long) operand.dim(-1) * operand.dim(-2);
        return Arrays.stream(steps).map(s -> s * matrix).toArray();
    }
}
