// Products of the matrices of the last two axes; leading axes broadcast.

struct Product { i64 m, n, k, batches, parts; };

// Grid: tiles of M, tiles of N, batches × parts of K. With parts > 1 unfinished sums (parts, batches, M, N) go to sums.
template <bool FAST_A, bool FAST_B> __device__ void product(
        const T* a, const T* b, T* out, A* sums, const Product& p, const Axes& batchA, const Axes& batchB, const Epilogue& e, const Tiles& tiles) {
    int parts = (int) p.parts, jobs = (int) p.batches * parts;
    for (int job = blockIdx.z; job < jobs; job += gridDim.z) {
        int batch = job / parts, part = job % parts;
        Matrix<FAST_A> x(a + offsetOf(batchA, batch), p.m, p.k, FAST_A ? p.k : p.m);
        Matrix<FAST_B> y(b + offsetOf(batchB, batch), p.n, p.k, FAST_B ? p.k : p.n);
        multiply(x, y, p.m, p.n, p.k, part, p.parts, tiles, [&](i64 row, i64 column, A c) {
            i64 at = (batch * p.m + row) * p.n + column;
            if (sums) sums[part * p.batches * p.m * p.n + at] = c;
            else out[at] = finished(e, c, column, at);
        });
    }
}

#define KERNEL(NAME, FAST_A, FAST_B)                                                                                     \
    extern "C" __global__ void __launch_bounds__(THREADS, RESIDENT) NAME(                                                \
            const T* a, const T* b, T* out, A* sums, Product p, Axes batchA, Axes batchB, Epilogue e) {                  \
        TILES;                                                                                                           \
        product<FAST_A, FAST_B>(a, b, out, sums, p, batchA, batchB, e, tiles);                                           \
    }

KERNEL(matmulNN, true, false)
KERNEL(matmulNT, true, true)
KERNEL(matmulTN, false, false)
KERNEL(matmulTT, false, true)
