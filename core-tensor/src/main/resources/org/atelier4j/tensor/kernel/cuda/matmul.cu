// Products of the matrices of the last two axes; leading axes broadcast.

// A matrix whose element (row, k) lies at row·rowStep + k·columnStep.
template <bool FAST> struct Matrix {
    static const bool FAST_K = FAST;
    const T* data;
    i64 rows, rowStep, columnStep;
    const T* own[PER_THREAD];
    bool inside[PER_THREAD];
    i64 columns[PER_THREAD];

    __device__ void row(int j, i64 r) {
        inside[j] = r < rows;
        own[j] = data + r * rowStep;
    }
    __device__ void column(int j, i64 k, i64 end) { columns[j] = k < end ? k * columnStep : -1; }
    __device__ A value(int r, int c) { return inside[r] && columns[c] >= 0 ? (A) widen(own[r][columns[c]]) : A(0); }
};

struct Product { i64 m, n, k, batches, parts; };

// Grid: tiles of M, tiles of N, batches × parts of K. With parts > 1 unfinished sums (parts, batches, M, N) go to sums.
template <bool FAST_A, bool FAST_B> __device__ void product(
        const T* a, const T* b, T* out, A* sums, const Product& p, const Axes& batchA, const Axes& batchB, const Epilogue& e, A (*ta)[PITCH], A (*tb)[PITCH]) {
    for (i64 job = blockIdx.z; job < p.batches * p.parts; job += gridDim.z) {
        i64 batch = job / p.parts, part = job % p.parts;
        Matrix<FAST_A> x;
        x.data = a + offsetOf(batchA, batch);
        x.rows = p.m;
        x.rowStep = FAST_A ? p.k : 1;
        x.columnStep = FAST_A ? 1 : p.m;
        Matrix<FAST_B> y;
        y.data = b + offsetOf(batchB, batch);
        y.rows = p.n;
        y.rowStep = FAST_B ? p.k : 1;
        y.columnStep = FAST_B ? 1 : p.n;
        multiply(x, y, p.m, p.n, p.k, part, p.parts, ta, tb, [&](i64 row, i64 column, A c) {
            i64 at = (batch * p.m + row) * p.n + column;
            if (sums) sums[part * p.batches * p.m * p.n + at] = c;
            else out[at] = finished(e, c, column, at);
        });
    }
}

#define KERNEL(NAME, FAST_A, FAST_B)                                                                                     \
    extern "C" __global__ void __launch_bounds__(256) NAME(                                                              \
            const T* a, const T* b, T* out, A* sums, Product p, Axes batchA, Axes batchB, Epilogue e) {                  \
        __shared__ A ta[DEPTH][PITCH], tb[DEPTH][PITCH];                                                                 \
        product<FAST_A, FAST_B>(a, b, out, sums, p, batchA, batchB, e, ta, tb);                                          \
    }

KERNEL(matmulNN, true, false)
KERNEL(matmulNT, true, true)
KERNEL(matmulTN, false, false)
KERNEL(matmulTT, false, true)
