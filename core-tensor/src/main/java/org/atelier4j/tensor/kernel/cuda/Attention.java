package org.atelier4j.tensor.kernel.cuda;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.jspecify.annotations.Nullable;

/** Launches {@code attention.cu}. */
final class Attention {
    private static final int THREADS = 256;
    private static final int ROWS = 32;
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

    private static long[] struct(double scale, Tensor q, Tensor k, Tensor v, @Nullable Tensor mask) {
        Shape weights = q.shape().with(3, k.dim(2));
        long[] steps = mask == null ? new long[4] : Axes.broadcast(mask.shape(), weights);
        return new long[] {
            q.dim(0),
            q.dim(1),
            q.dim(2),
            k.dim(2),
            q.dim(3),
            v.dim(3),
            steps[0],
            steps[1],
            steps[2],
            steps[3],
            Double.doubleToRawLongBits(scale)
        };
    }

    private long blocks(Tensor rows) {
        return device.blocksFor((rows.dim(2) + ROWS - 1L) / ROWS * rows.dim(0) * rows.dim(1), 1);
    }

    void forward(double scale, Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, Tensor y, Tensor logSums) {
        Code.ATTENTION
                .kernel(device, q.dtype(), "attention")
                .with()
                .tensor(q)
                .tensor(k)
                .tensor(v)
                .tensor(mask)
                .tensor(y)
                .tensor(logSums)
                .struct(struct(scale, q, k, v, mask))
                .run(blocks(q), 1, 1, THREADS);
    }

    void backward(
            double scale,
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
        long[] struct = struct(scale, q, k, v, mask);
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
            Code.ATTENTION
                    .kernel(device, q.dtype(), "attentionQueries")
                    .with()
                    .tensor(q)
                    .tensor(k)
                    .tensor(v)
                    .tensor(mask)
                    .tensor(dy)
                    .tensor(logSums)
                    .tensor(dots)
                    .tensor(dq)
                    .struct(struct)
                    .run(blocks(q), 1, 1, THREADS);
            Code.ATTENTION
                    .kernel(device, q.dtype(), "attentionKeys")
                    .with()
                    .tensor(q)
                    .tensor(k)
                    .tensor(v)
                    .tensor(mask)
                    .tensor(dy)
                    .tensor(logSums)
                    .tensor(dots)
                    .tensor(dk)
                    .tensor(dv)
                    .struct(struct)
                    .run(blocks(k), 1, 1, THREADS);
        }
    }
}
