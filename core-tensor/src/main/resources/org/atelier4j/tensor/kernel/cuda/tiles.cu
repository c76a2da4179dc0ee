// The product loop for tensor cores: 256 threads make a tile of 128 × 128, each warp 64 × 32 of it by mma.sync. A turn
// takes 64 bytes of K: 32 bfloat16 numbers or 16 floats. Three turns' operands lie in shared memory, exactly the 48 KB that
// every card gives unasked: while one is multiplied the next two are on their way (cp.async).
//
// OPERAND is what is multiplied: bf16, or tf32 for floats; floats are rounded to it on the way to the registers. Sums are
// float32.

struct tf32;
template <class O> struct Operand;
template <> struct Operand<bf16> { static const int STEP = 16; }; // of K, that one mma takes
template <> struct Operand<tf32> { static const int STEP = 8; };

const int TILE = 128, DEPTH = 64 / sizeof(T), THREADS = 256, PER_THREAD = 2, STAGES = 3, CHUNKS = TILE / VECTOR;
const int RESIDENT = 2; // blocks that must fit on a multiprocessor: one multiplies while the other waits
const int STEP = Operand<OPERAND>::STEP;

struct Tiles { uint4 (*a)[512]; uint4 (*b)[512]; };
#define TILES __shared__ uint4 operands[2 * STAGES][512]; Tiles tiles = {operands, operands + STAGES}

// Where 16 bytes lie: chunk c of line l, which is a row of the matrix (4 chunks of K) or one k (all 128 rows). Moved such
// that what a warp reads at once lies in different banks.
template <bool FAST_K> __device__ inline int placeOf(int line, int chunk) {
    if (FAST_K) return line * 4 + (chunk ^ (line >> 1 & 3));
    return line * CHUNKS + (chunk ^ (sizeof(T) == 2 ? line & 7 : (line & 3) * 2));
}

// --- from memory ------------------------------------------------------------------------------------------------------

template <class L> __device__ void startRows(L& load, i64 first) {
    if (L::FAST_K) for (int j = 0; j < PER_THREAD; j++) load.row(j, first + threadIdx.x / 4 + j * (THREADS / 4));
    else load.row(0, first + threadIdx.x % CHUNKS * VECTOR);
}

template <class L> __device__ void fetch(L& load, int firstRow, int k0, int end, uint4* tile) {
    for (int j = 0; j < PER_THREAD; j++) {
        int chunk = threadIdx.x % (L::FAST_K ? 4 : CHUNKS);
        int line = L::FAST_K ? threadIdx.x / 4 + j * (THREADS / 4) : threadIdx.x / CHUNKS + j * (THREADS / CHUNKS);
        uint4* to = tile + placeOf<L::FAST_K>(line, chunk);
        int k = k0 + (L::FAST_K ? chunk * VECTOR : line);
        if (load.wide) {
            load.column(0, k, end);
            const T* from = load.at(L::FAST_K ? j : 0, 0);
            copyAsync16(to, from ? from : load.data, from != nullptr);
        } else {
#pragma unroll 1
            for (int i = 0; i < VECTOR; i++) {
                if (!L::FAST_K) load.row(0, firstRow + chunk * VECTOR + i);
                load.column(0, L::FAST_K ? k + i : k, end);
                const T* from = load.at(L::FAST_K ? j : 0, 0);
                ((T*) to)[i] = from ? *from : To<T>::of(0.f);
            }
        }
    }
}

// --- to registers -----------------------------------------------------------------------------------------------------

// A float of a tile.
template <bool FAST_K> __device__ inline float single(const uint4* tile, int row, int k) {
    int line = FAST_K ? row : k, at = FAST_K ? k : row;
    return ((const float*) (tile + placeOf<FAST_K>(line, at / 4)))[at % 4];
}

// Fragments of 16 rows and one step of K, in halves of 8 rows and half a step. Of A register r is (half r % 2 of the rows,
// half r / 2 of K), of B it is (r / 2, r % 2): two fragments of 8 columns each.
template <bool FAST_K, bool OF_B> struct Fragments {
    // As they lie in memory: groups of 16 bytes, eight rows each, are what ldmatrix takes and what mma wants.
    static __device__ void stored(const uint4* tile, int row, int step, u32 (&r)[4]) {
        int lane = threadIdx.x % 32, low = lane / 8 % 2, high = lane / 16;
        int rows = row + (OF_B ? high : low) * 8, half = step * 2 + (OF_B ? low : high);
        if (FAST_K) loadMatrices(r, tile + placeOf<true>(rows + lane % 8, half));
        else loadMatricesTurned(r, tile + placeOf<false>(half * 8 + lane % 8, rows / 8)); // of two bytes only
    }
    static __device__ void of(const uint4* tile, int row, int step, u32 (&r)[4], bf16) { stored(tile, row, step, r); }
    static __device__ void of(const uint4* tile, int row, int step, u32 (&r)[4], float) {
        if (STEP == 8 && FAST_K) {
            stored(tile, row, step, r);
            for (int i = 0; i < 4; i++) r[i] = toTf32(__uint_as_float(r[i]));
            return;
        }
        int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
        for (int i = 0; i < 4; i++) {
            int rows = row + g + (OF_B ? i / 2 : i % 2) * 8, k = (step * 2 + (OF_B ? i % 2 : i / 2)) * (STEP / 2);
            if (STEP == 8) r[i] = toTf32(single<FAST_K>(tile, rows, k + t));
            else r[i] = toBf16Pair(single<FAST_K>(tile, rows, k + 2 * t), single<FAST_K>(tile, rows, k + 2 * t + 1));
        }
    }
};

__device__ inline void multiplyAdd(float (&c)[4], const u32 (&a)[4], u32 b0, u32 b1) {
    if (STEP == 16) mmaBf16(c, a, b0, b1);
    else mmaTf32(c, a, b0, b1);
}

// Makes this block's tile from its part of K and hands every finished element (row, column, sum) to write.
template <class LA, class LB, class Write>
__device__ void multiply(LA a, LB b, i64 rows, i64 columns, i64 depth, i64 part, i64 parts, const Tiles& tiles, Write write) {
    int row = blockIdx.x * TILE, column = blockIdx.y * TILE;
    int warp = threadIdx.x / 32, ownRow = warp / 4 * 64, ownColumn = warp % 4 * 32;
    float c[4][4][4];
#pragma unroll
    for (int i = 0; i < 64; i++) c[i / 16][i / 4 % 4][i % 4] = 0;
    startRows(a, row);
    startRows(b, column);
    Span s = span(depth, part, parts, DEPTH);
    int next = (int) s.first, end = (int) s.end;
    for (int stage = 0; stage < STAGES - 1; stage++, next += DEPTH) {
        if (next < end) fetch(a, row, next, end, tiles.a[stage]);
        if (next < end) fetch(b, column, next, end, tiles.b[stage]);
        copiesBegun();
    }
    int stage = 0;
    for (int k0 = (int) s.first; k0 < end; k0 += DEPTH, next += DEPTH) {
        awaitCopies<STAGES - 2>();
        __syncthreads(); // this turn's operands have arrived, and nobody needs the last turn's any more
        int free = stage ? stage - 1 : STAGES - 1;
        if (next < end) fetch(a, row, next, end, tiles.a[free]);
        if (next < end) fetch(b, column, next, end, tiles.b[free]);
        copiesBegun();
#pragma unroll
        for (int step = 0; step < DEPTH / STEP; step++) {
            u32 y[2][4];
#pragma unroll
            for (int j = 0; j < 2; j++) Fragments<LB::FAST_K, true>::of(tiles.b[stage], ownColumn + j * 16, step, y[j], T());
#pragma unroll
            for (int i = 0; i < 4; i++) {
                u32 x[4];
                Fragments<LA::FAST_K, false>::of(tiles.a[stage], ownRow + i * 16, step, x, T());
#pragma unroll
                for (int j = 0; j < 4; j++) multiplyAdd(c[i][j], x, y[j / 2][j % 2 * 2], y[j / 2][j % 2 * 2 + 1]);
            }
        }
        stage = stage == STAGES - 1 ? 0 : stage + 1;
    }
    awaitCopies<0>();
    // Sums go through shared memory, half of the rows at a time, so that neighbouring threads write neighbours and what
    // follows a product stands once in the code and not 64 times.
    float (*sums)[TILE + 4] = (float (*)[TILE + 4]) tiles.a;
    int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
    for (int half = 0; half < 2; half++) {
        __syncthreads();
        if (warp / 4 == half) {
#pragma unroll
            for (int i = 0; i < 64; i++)
                sums[i / 16 * 16 + i % 4 / 2 * 8 + g][ownColumn + i / 4 % 4 * 8 + 2 * t + i % 2] = c[i / 16][i / 4 % 4][i % 4];
        }
        __syncthreads();
        int own = threadIdx.x % TILE;
#pragma unroll 1
        for (int i = threadIdx.x / TILE; i < TILE / 2; i += THREADS / TILE) {
            int atRow = row + half * (TILE / 2) + i;
            if (atRow < rows && column + own < columns) write(atRow, column + own, sums[i][own]);
        }
    }
    __syncthreads(); // the next product begins with free tiles
}
