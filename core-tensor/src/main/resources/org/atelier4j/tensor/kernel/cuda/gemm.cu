// One product loop for matrices, convolutions and their adjoints: C (M × N) = A (M × K) · B (K × N), where A and B are
// whatever a loader makes of memory. 256 threads make a tile of 64 × 64, each thread 4 × 4 of it, 16 of K at a time.
//
// A loader serves rows (of M or N) and columns (of K). Neighbouring threads take neighbours of K where FAST_K says that
// these lie side by side in memory, else neighbours of the rows; each thread then has four rows and one column a turn, or
// one row and four columns, so that the division that finds a pixel is made once a row and not once an element.

typedef ELEMENT T;
typedef Wide<T>::type A;

const int TILE = 64, DEPTH = 16, THREADS = 256, PER_THREAD = 4, PITCH = TILE + 4;

template <class L> __device__ void startRows(L& load, i64 first) {
    if (L::FAST_K) for (int j = 0; j < PER_THREAD; j++) load.row(j, first + threadIdx.x / DEPTH + j * (THREADS / DEPTH));
    else load.row(0, first + threadIdx.x % TILE);
}

template <class L> __device__ void fill(L& load, i64 first, i64 end, A (*tile)[PITCH]) {
    if (L::FAST_K) {
        int k = threadIdx.x % DEPTH;
        load.column(0, first + k, end);
        for (int j = 0; j < PER_THREAD; j++) tile[k][threadIdx.x / DEPTH + j * (THREADS / DEPTH)] = load.value(j, 0);
    } else {
        for (int j = 0; j < PER_THREAD; j++) {
            int k = threadIdx.x / TILE + j * (THREADS / TILE);
            load.column(j, first + k, end);
            tile[k][threadIdx.x % TILE] = load.value(0, j);
        }
    }
}

// The part of K that falls to one of several blocks which share a tile.
struct Span { i64 first, end; };
__device__ inline Span span(i64 k, i64 part, i64 parts) {
    i64 length = ((k + parts - 1) / parts + DEPTH - 1) / DEPTH * DEPTH;
    Span s;
    s.first = part * length < k ? part * length : k;
    s.end = s.first + length < k ? s.first + length : k;
    return s;
}

// Makes this block's tile from its part of K and hands every finished element (row, column, sum) to write.
template <class LA, class LB, class Write>
__device__ void multiply(
        LA a, LB b, i64 rows, i64 columns, i64 depth, i64 part, i64 parts, A (*ta)[PITCH], A (*tb)[PITCH], Write write) {
    i64 row = (i64) blockIdx.x * TILE, column = (i64) blockIdx.y * TILE;
    int ty = threadIdx.x / 16 * PER_THREAD, tx = threadIdx.x % 16 * PER_THREAD;
    A c[PER_THREAD][PER_THREAD];
    for (int i = 0; i < PER_THREAD; i++) for (int j = 0; j < PER_THREAD; j++) c[i][j] = 0;
    startRows(a, row);
    startRows(b, column);
    Span s = span(depth, part, parts);
    for (i64 k0 = s.first; k0 < s.end; k0 += DEPTH) {
        fill(a, k0, s.end, ta);
        fill(b, k0, s.end, tb);
        __syncthreads();
#pragma unroll
        for (int k = 0; k < DEPTH; k++) {
            A x[PER_THREAD], y[PER_THREAD];
            for (int i = 0; i < PER_THREAD; i++) x[i] = ta[k][ty + i];
            for (int j = 0; j < PER_THREAD; j++) y[j] = tb[k][tx + j];
            for (int i = 0; i < PER_THREAD; i++) for (int j = 0; j < PER_THREAD; j++) c[i][j] += x[i] * y[j];
        }
        __syncthreads();
    }
    for (int i = 0; i < PER_THREAD; i++)
        for (int j = 0; j < PER_THREAD; j++)
            if (row + ty + i < rows && column + tx + j < columns) write(row + ty + i, column + tx + j, c[i][j]);
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
