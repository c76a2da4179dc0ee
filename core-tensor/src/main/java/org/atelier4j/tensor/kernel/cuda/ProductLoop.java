package org.atelier4j.tensor.kernel.cuda;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.device.Precision;
import org.atelier4j.tensor.device.PrecisionScope;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.device.cuda.CudaKernel;

/**
 * Which of the two product loops computes a product: {@code gemm.cu} on ordinary cores, tiles of 64 × 64, or
 * {@code tiles.cu} on tensor cores, tiles of 128 × 128.
 *
 * @param precision FLOAT32 on ordinary cores, else what tensor cores multiply
 */
record ProductLoop(CudaDevice device, Precision precision) {
    static final int THREADS = 256;
    private static final int MOST_IN_Z = 65_535;

    /** Products that are thinner than this would leave most of a tile of tensor cores empty. */
    private static final int THINNEST = 16;

    /** Part of K that is worth a block of its own. */
    private static final int SHARE = 256;

    /** Returns the loop for a product of m × k by k × n elements. */
    static ProductLoop of(CudaDevice device, DType dtype, long m, long n, long k) {
        boolean possible = device.properties().capability() >= Code.TENSOR_CORES
                && dtype != DType.FLOAT64
                && Math.min(Math.min(m, n), k) >= THINNEST;
        Precision wanted = dtype == DType.BFLOAT16 ? Precision.BF16 : PrecisionScope.current();
        return new ProductLoop(device, possible ? wanted : Precision.FLOAT32);
    }

    private boolean onTensorCores() {
        return precision != Precision.FLOAT32;
    }

    /** Returns a kernel of {@code matmul.cu} or {@code conv.cu}, compiled with this loop. */
    CudaKernel kernel(Code ordinary, Code tiles, DType dtype, String name) {
        return (onTensorCores() ? tiles : ordinary).kernel(device, dtype, precision, name);
    }

    /** Returns how many tiles cover n rows or columns. */
    long tiles(long n) {
        int tile = onTensorCores() ? 128 : 64;
        return (n + tile - 1) / tile;
    }

    /** Returns how many blocks should share each tile, so that products with few tiles fill the card as well. */
    int parts(long m, long n, long k, long batches) {
        long wanted = 2L * device.properties().multiprocessors() / Math.max(1, tiles(m) * tiles(n) * batches);
        return (int) Math.max(1, Math.min(Math.min(wanted, k / SHARE), 256));
    }

    /** Returns how many blocks stand behind each other for so many jobs on every tile. */
    static long blocksInZ(long jobs) {
        return Math.min(MOST_IN_Z, jobs);
    }
}
