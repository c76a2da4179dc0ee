// The nearest row of a table (K, D) for each point (N, D): the least ‖e‖²/2 − ⟨x, e⟩. The products are those of gemm.cu and
// never leave the registers: a block takes 64 points and meets 64 rows of the table after the other, each thread keeps the
// best row so far of its four points, and sixteen threads agree at the end.

// The row with the least score so far. NaN counts as less than any number; of equals the smaller index is nearer.
struct Best { A score; int code; };

__device__ inline bool below(A a, A b) { return a < b || (a != a && b == b); }
__device__ inline void take(Best& best, const Best& other) {
    if (below(other.score, best.score) || (!below(best.score, other.score) && other.code < best.code)) best = other;
}

// ‖e‖²/2 of each row, a warp a row.
extern "C" __global__ void halfNorms(const T* table, A* half, i64 rows, i64 width) {
    Team t = team(false);
    A* none = nullptr;
    for (i64 row = t.row; row < rows; row += t.rows) {
        A sum = 0;
        for (i64 i = t.rank; i < width; i += t.size) {
            A e = widen(table[row * width + i]);
            sum += e * e;
        }
        sum = reduceTeam<Add>(t, sum, none);
        if (t.rank == 0) half[row] = A(0.5) * sum;
    }
}

// Grid: tiles of points, parts of the table. Codes are (parts, N); scores too, null where there is one part.
extern "C" __global__ void __launch_bounds__(THREADS, RESIDENT) nearestCode(
        const T* points, const T* table, const A* half, int* codes, A* scores, i64 count, i64 rows, i64 width) {
    TILES;
    int ty = threadIdx.x / 16 * PER_THREAD, tx = threadIdx.x % 16 * PER_THREAD;
    Span own = span(rows, blockIdx.y, gridDim.y, TILE), whole = span(width, 0, 1, DEPTH);
    Matrix<true> x(points, count, width, width), e(table, own.end, width, width);
    for (i64 point = (i64) blockIdx.x * TILE; point < count; point += (i64) gridDim.x * TILE) {
        Best best[PER_THREAD];
        for (int i = 0; i < PER_THREAD; i++) best[i] = {infinity(), 0x7fffffff};
        for (i64 row = own.first; row < own.end; row += TILE) {
            A c[PER_THREAD][PER_THREAD];
            for (int i = 0; i < PER_THREAD; i++) for (int j = 0; j < PER_THREAD; j++) c[i][j] = 0;
            addProducts(x, e, point, row, whole, tiles, c);
            for (int j = 0; j < PER_THREAD; j++) {
                i64 code = row + tx + j;
                if (code < own.end) {
                    A shift = half[code];
                    for (int i = 0; i < PER_THREAD; i++) take(best[i], {shift - c[i][j], (int) code});
                }
            }
        }
        for (int i = 0; i < PER_THREAD; i++) {
            for (int d = 8; d; d >>= 1) {
                Best other = {__shfl_xor_sync(0xffffffffu, best[i].score, d), __shfl_xor_sync(0xffffffffu, best[i].code, d)};
                take(best[i], other);
            }
            i64 at = point + ty + i;
            if (tx == 0 && at < count) {
                codes[blockIdx.y * count + at] = best[i].code;
                if (scores) scores[blockIdx.y * count + at] = best[i].score;
            }
        }
    }
}

// The best of all parts.
extern "C" __global__ void nearestOfParts(const int* codes, const A* scores, int* out, i64 count, i64 parts) {
    for EACH(i, count) {
        Best best = {scores[i], codes[i]};
        for (i64 p = 1; p < parts; p++) take(best, {scores[p * count + i], codes[p * count + i]});
        out[i] = best.code;
    }
}
