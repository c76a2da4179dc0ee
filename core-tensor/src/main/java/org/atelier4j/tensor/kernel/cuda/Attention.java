package org.atelier4j.tensor.kernel.cuda;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Precision;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.device.cuda.CudaKernel;
import org.atelier4j.tensor.device.cuda.Launch;
import org.jspecify.annotations.Nullable;

/** Launches {@code attention.cu} and, on tensor cores, {@code attentiontiles.cu}. */
final class Attention {
    private static final int THREADS = 256;
    private static final int WIDEST = 128;

    private final CudaDevice device;

    Attention(CudaDevice device) {
        this.device = device;
    }

    static boolean takes(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask) {
        boolean sizes = q.dim(3) <= WIDEST && v.dim(3) <= WIDEST && k.dim(2) > 0 && q.size() > 0 && v.size() > 0;
        boolean types = q.dtype() == DType.FLOAT32 || q.dtype() == DType.BFLOAT16;
        return sizes && types && (mask == null || mask.dtype() == q.dtype());
    }

    private static long[] struct(double scale, boolean causal, Tensor q, Tensor k, Tensor v, @Nullable Tensor mask) {
        Shape weights = q.shape().with(3, k.dim(2));
        long[] steps = mask == null ? new long[4] : Axes.broadcast(mask.shape(), weights);
        return new long[] {
            q.dim(0),
            q.dim(1),
            q.dim(2),
            k.dim(2),
            q.dim(3),
            v.dim(3),
            causal ? k.dim(2) - q.dim(2) : k.dim(2),
            steps[0],
            steps[1],
            steps[2],
            steps[3],
            Double.doubleToRawLongBits(scale)
        };
    }

    /**
     * The kernels for such tensors.
     *
     * @param precision FLOAT32 for ordinary cores, else what tensor cores multiply
     * @param width of rows in shared memory: 64 or 128 for tensor cores
     * @param rows that a block owns, 16 for each of its warps on tensor cores
     */
    private record Loop(CudaDevice device, DType dtype, Precision precision, int width, int rows) {

        static Loop of(CudaDevice device, Tensor q, Tensor k, Tensor v) {
            Precision precision = ProductLoop.of(device, q.dtype(), Math.min(q.dim(2), k.dim(2)), v.dim(3), q.dim(3))
                    .precision();
            int width = Math.max(q.dim(3), v.dim(3)) <= 64 ? 64 : 128;
            int rows = precision == Precision.FLOAT32 || precision == Precision.TF32 && width == 128 ? 32 : 64;
            return new Loop(device, q.dtype(), precision, width, rows);
        }

        private boolean onTensorCores() {
            return precision != Precision.FLOAT32;
        }

        Launch launch(String name) {
            CudaKernel kernel = onTensorCores()
                    ? Code.ATTENTION_TILES.kernel(device, dtype, precision, name + width)
                    : Code.ATTENTION.kernel(device, dtype, name);
            return kernel.with();
        }

        /** Runs a kernel whose blocks share the rows of a tensor (B, H, T, …). */
        void run(Launch launch, Tensor owned) {
            long tiles = (owned.dim(2) + rows - 1L) / rows * owned.dim(0) * owned.dim(1);
            launch.run(device.blocksFor(tiles, 1), 1, 1, onTensorCores() ? 2 * rows : THREADS);
        }
    }

    void forward(
            double scale,
            boolean causal,
            Tensor q,
            Tensor k,
            Tensor v,
            @Nullable Tensor mask,
            Tensor y,
            Tensor logSums) {
        Loop loop = Loop.of(device, q, k, v);
        Launch launch = loop.launch("attention")
                .tensor(q)
                .tensor(k)
                .tensor(v)
                .tensor(mask)
                .tensor(y)
                .tensor(logSums)
                .struct(struct(scale, causal, q, k, v, mask));
        loop.run(launch, q);
    }

    void backward(
            double scale,
            boolean causal,
            Tensor q,
            Tensor k,
            Tensor v,
            @Nullable Tensor mask,
            Tensor y,
            Tensor logSums,
            Tensor dy,
            Tensor dq,
            Tensor dk,
            Tensor dv) {
        long[] struct = struct(scale, causal, q, k, v, mask);
        Loop loop = Loop.of(device, q, k, v);
        try (TensorScope scope = TensorScope.open()) {
            Tensor dots = Tensor.empty(logSums.shape(), DType.FLOAT32, device);
            Code.ATTENTION
                    .kernel(device, q.dtype(), "attentionDots")
                    .with()
                    .tensor(y)
                    .tensor(dy)
                    .tensor(dots)
                    .int64(dots.size())
                    .int64(y.dim(3))
                    .run(device.blocksFor(dots.size(), THREADS / 32), 1, 1, THREADS);
            Launch queries = loop.launch("attentionQueries")
                    .tensor(q)
                    .tensor(k)
                    .tensor(v)
                    .tensor(mask)
                    .tensor(dy)
                    .tensor(logSums)
                    .tensor(dots)
                    .tensor(dq)
                    .struct(struct);
            loop.run(queries, q);
            Launch keys = loop.launch("attentionKeys")
                    .tensor(q)
                    .tensor(k)
                    .tensor(v)
                    .tensor(mask)
                    .tensor(dy)
                    .tensor(logSums)
                    .tensor(dots)
                    .tensor(dk)
                    .tensor(dv)
                    .struct(struct);
            loop.run(keys, k);
        }
    }
}
