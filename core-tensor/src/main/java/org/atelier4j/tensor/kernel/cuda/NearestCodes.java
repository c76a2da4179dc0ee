package org.atelier4j.tensor.kernel.cuda;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.jspecify.annotations.Nullable;

/** Launches {@code nearest.cu}, always on ordinary cores: rounded products would find other codes. */
final class NearestCodes {
    private static final int THREADS = 256;
    private static final int TILE = 64;

    /** Part of the table that is worth a block of its own. */
    private static final int SHARE = 256;

    private final CudaDevice device;

    NearestCodes(CudaDevice device) {
        this.device = device;
    }

    void find(Tensor points, Tensor table, Tensor codes) {
        int n = points.dim(0);
        int k = table.dim(0);
        if (n == 0) {
            return;
        }
        long tiles = (n + TILE - 1L) / TILE;
        int parts = (int) Math.max(1, Math.min(2L * device.properties().multiprocessors() / tiles, k / SHARE));
        DType wide = Code.wide(points.dtype());
        try (TensorScope scope = TensorScope.open()) {
            Tensor half = Tensor.empty(Shape.of(k), wide, device);
            Code.NEAREST
                    .kernel(device, points.dtype(), "halfNorms")
                    .with()
                    .tensor(table)
                    .tensor(half)
                    .int64(k)
                    .int64(table.dim(1))
                    .run(device.blocksFor(k, THREADS / 32), 1, 1, THREADS);
            Shape each = Shape.of(parts, n);
            @Nullable Tensor scores = parts == 1 ? null : Tensor.empty(each, wide, device);
            Tensor candidates = parts == 1 ? codes : Tensor.empty(each, DType.INT32, device);
            Code.NEAREST
                    .kernel(device, points.dtype(), "nearestCode")
                    .with()
                    .tensor(points)
                    .tensor(table)
                    .tensor(half)
                    .tensor(candidates)
                    .tensor(scores)
                    .int64(n)
                    .int64(k)
                    .int64(table.dim(1))
                    .run(device.blocksFor(tiles, 1), parts, 1, THREADS);
            if (scores != null) {
                Code.NEAREST
                        .kernel(device, points.dtype(), "nearestOfParts")
                        .with()
                        .tensor(candidates)
                        .tensor(scores)
                        .tensor(codes)
                        .int64(n)
                        .int64(parts)
                        .forElements(n);
            }
        }
    }
}
