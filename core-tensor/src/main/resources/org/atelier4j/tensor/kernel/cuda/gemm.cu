// The product loop for ordinary cores, in the element's own precision: 256 threads make a tile of 64 × 64, each thread
// 4 × 4 of it, 16 of K at a time. Neighbouring threads take what lies side by side in memory.

const int TILE = 64, DEPTH = 16, THREADS = 256, PER_THREAD = 4, PITCH = TILE + 4;
const int RESIDENT = 1; // blocks that must fit on a multiprocessor: the compiler knows best

struct Tiles { A (*a)[PITCH]; A (*b)[PITCH]; };
#define TILES __shared__ A tileA[DEPTH][PITCH], tileB[DEPTH][PITCH]; Tiles tiles = {tileA, tileB}

template <class L> __device__ void startRows(L& load, i64 first) {
    if (L::FAST_K) for (int j = 0; j < PER_THREAD; j++) load.row(j, first + threadIdx.x / DEPTH + j * (THREADS / DEPTH));
    else load.row(0, first + threadIdx.x % TILE);
}

__device__ inline A element(const T* at) { return at ? (A) widen(*at) : A(0); }

template <class L> __device__ void fill(L& load, i64 first, i64 end, A (*tile)[PITCH]) {
    if (L::FAST_K) {
        int k = threadIdx.x % DEPTH;
        load.column(0, first + k, end);
        for (int j = 0; j < PER_THREAD; j++) tile[k][threadIdx.x / DEPTH + j * (THREADS / DEPTH)] = element(load.at(j, 0));
    } else {
        for (int j = 0; j < PER_THREAD; j++) {
            int k = threadIdx.x / TILE + j * (THREADS / TILE);
            load.column(j, first + k, end);
            tile[k][threadIdx.x % TILE] = element(load.at(0, j));
        }
    }
}

// Adds up the products of a part of K: this thread's 4 × 4 sums of the tile that begins at (row, column).
template <class LA, class LB>
__device__ void addProducts(LA& a, LB& b, i64 row, i64 column, const Span& s, const Tiles& tiles, A (&c)[PER_THREAD][PER_THREAD]) {
    int ty = threadIdx.x / 16 * PER_THREAD, tx = threadIdx.x % 16 * PER_THREAD;
    startRows(a, row);
    startRows(b, column);
    for (i64 k0 = s.first; k0 < s.end; k0 += DEPTH) {
        fill(a, k0, s.end, tiles.a);
        fill(b, k0, s.end, tiles.b);
        __syncthreads();
#pragma unroll
        for (int k = 0; k < DEPTH; k++) {
            A x[PER_THREAD], y[PER_THREAD];
            for (int i = 0; i < PER_THREAD; i++) x[i] = tiles.a[k][ty + i];
            for (int j = 0; j < PER_THREAD; j++) y[j] = tiles.b[k][tx + j];
            for (int i = 0; i < PER_THREAD; i++) for (int j = 0; j < PER_THREAD; j++) c[i][j] += x[i] * y[j];
        }
        __syncthreads();
    }
}

// Makes this block's tile from its part of K and hands every finished element (row, column, sum) to write.
template <class LA, class LB, class Write>
__device__ void multiply(LA a, LB b, i64 rows, i64 columns, i64 depth, i64 part, i64 parts, const Tiles& tiles, Write write) {
    i64 row = (i64) blockIdx.x * TILE, column = (i64) blockIdx.y * TILE;
    int ty = threadIdx.x / 16 * PER_THREAD, tx = threadIdx.x % 16 * PER_THREAD;
    A c[PER_THREAD][PER_THREAD];
    for (int i = 0; i < PER_THREAD; i++) for (int j = 0; j < PER_THREAD; j++) c[i][j] = 0;
    addProducts(a, b, row, column, span(depth, part, parts, DEPTH), tiles, c);
    for (int i = 0; i < PER_THREAD; i++)
        for (int j = 0; j < PER_THREAD; j++)
            if (row + ty + i < rows && column + tx + j < columns) write(row + ty + i, column + tx + j, c[i][j]);
}
