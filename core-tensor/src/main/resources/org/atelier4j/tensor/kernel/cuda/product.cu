// What every product has, whichever loop computes it: C (M × N) = A (M × K) · B (K × N), where A and B are whatever a
// loader makes of memory, and what follows before a result is written. gemm.cu has the loop for ordinary cores, tiles.cu
// the one for tensor cores; matmul.cu and conv.cu are compiled with either.
//
// A loader serves rows (of M or N) and columns (of K). FAST_K says that neighbours along K lie side by side in memory,
// else neighbours among the rows do. row and column prepare, so that the division that finds a pixel is made once a row
// and not once an element; at(r, c) is the element of the r-th prepared row and c-th prepared column, null for a zero.
// wide says that elements side by side come in whole groups of 16 bytes at multiples of 16: all of a group exist, or none.

typedef ELEMENT T;
typedef Wide<T>::type A;

const int SLOTS = 4; // rows or columns that a thread prepares at most
const int VECTOR = 16 / sizeof(T); // elements in 16 bytes

__device__ inline bool wholeGroups(const T* data, i64 length, i64 step) {
    return (u64) data % 16 == 0 && length % VECTOR == 0 && step % VECTOR == 0;
}

// A matrix whose element (row, k) lies at row·step + k, or at row + k·step. Places within it have 32 bits.
template <bool FAST> struct Matrix {
    static const bool FAST_K = FAST;
    const T* data;
    int rows, step;
    bool wide;
    int own[SLOTS], columns[SLOTS]; // −1 where there is none

    __device__ Matrix(const T* data, i64 rows, i64 depth, i64 step)
        : data(data), rows((int) rows), step((int) step), wide(wholeGroups(data, FAST ? depth : rows, step)) {}
    __device__ void row(int j, i64 r) { own[j] = r < rows ? (int) r * (FAST ? step : 1) : -1; }
    __device__ void column(int j, i64 k, i64 end) { columns[j] = k < end ? (int) k * (FAST ? 1 : step) : -1; }
    __device__ const T* at(int r, int c) const { return own[r] >= 0 && columns[c] >= 0 ? data + (own[r] + columns[c]) : nullptr; }
};

// The part of K that falls to one of several blocks which share a tile, in whole steps of the loop.
struct Span { i64 first, end; };
__device__ inline Span span(i64 k, i64 part, i64 parts, i64 steps) {
    i64 length = ((k + parts - 1) / parts + steps - 1) / steps * steps;
    Span s;
    s.first = part * length < k ? part * length : k;
    s.end = s.first + length < k ? s.first + length : k;
    return s;
}

// --- what follows a product -------------------------------------------------------------------------------------------

// activation: 0 none, else as below; the host applies any other function by itself.
struct Epilogue { i64 bias, residual, activation; double a, b; };

__device__ inline A activate(const Epilogue& e, A x) {
    switch ((int) e.activation) {
        case 1: return AFFINE<A>::value(x, (A) e.a, (A) e.b);
        case 2: return RELU<A>::value(x, 0, 0);
        case 3: return LEAKY_RELU<A>::value(x, (A) e.a, 0);
        case 4: return SILU<A>::value(x, 0, 0);
        case 5: return GELU<A>::value(x, 0, 0);
        case 6: return GELU_TANH<A>::value(x, 0, 0);
        case 7: return TANH<A>::value(x, 0, 0);
        case 8: return SIGMOID<A>::value(x, 0, 0);
        default: return x;
    }
}

__device__ inline T finished(const Epilogue& e, A x, i64 column, i64 at) {
    if (e.bias) x += widen(((const T*) e.bias)[column]);
    if (e.residual) x += widen(((const T*) e.residual)[at]);
    return To<T>::of(activate(e, x));
}

// Adds up parts in their order and finishes.
extern "C" __global__ void finishProduct(const A* sums, T* out, i64 parts, i64 size, i64 columns, Epilogue e) {
    for EACH(i, size) {
        A x = sums[i];
        for (i64 k = 1; k < parts; k++) x += sums[k * size + i];
        out[i] = finished(e, x, i % columns, i);
    }
}
