// Attention softmax(scale·Q·Kᵀ + M)·V without the matrix of weights in memory: Dao et al. 2022, "FlashAttention"
// (arXiv:2205.14135), alg. 1, and its backward pass (alg. 4) as two kernels, so that every sum has one owner and a fixed
// order. 256 threads: eight to each of 32 rows, whose reductions are shuffles among the eight. What is behind the last key
// that a block's queries see, or before the first query that sees its keys, is not read.
//
// q (B·H, T, D), k (B·H, S, D), v (B·H, S, E); D and E up to 128; elements computed in float32.

const int ROWS = 32, LANES = 8, MOST = 128, WIDE = MOST + 1, SHORT = 16, SHARE = MOST / LANES;

// Copies rows [first, first + count) of a matrix; rows that are not there become 0.
__device__ inline void fetch(const T* from, i64 first, int count, i64 rows, int width, float (*to)[WIDE]) {
    for (int i = threadIdx.x; i < count * width; i += 256) {
        int row = i / width, column = i - row * width;
        to[row][column] = first + row < rows ? widen(from[(first + row) * width + column]) : 0;
    }
}

__device__ inline float dot(const float* a, const float* b, int n) {
    float sum = 0;
#pragma unroll 4
    for (int i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

template <class F> __device__ float amongEight(float x) {
    for (int d = LANES / 2; d; d >>= 1) x = F::of(x, __shfl_xor_sync(0xffffffffu, x, d));
    return x;
}

extern "C" __global__ void __launch_bounds__(256) attention(
        const T* q, const T* k, const T* v, const T* mask, T* out, float* logSums, Heads p) {
    __shared__ float mine[ROWS][WIDE], theirs[ROWS][WIDE], weights[ROWS][ROWS + 1];
    int row = threadIdx.x / LANES, lane = threadIdx.x % LANES, depth = (int) p.depth, width = (int) p.width;
    i64 tiles = (p.queries + ROWS - 1) / ROWS;
    for (i64 job = blockIdx.x; job < tiles * p.batch * p.heads; job += gridDim.x) {
        i64 head = job / tiles, first = (tiles - 1 - job % tiles) * ROWS, query = first + row; // causal: long rows first
        int last = lastKey(p, query), end = keysSeen(p, first, ROWS);
        const T* bias = maskOf(mask, p, head);
        fetch(q + head * p.queries * depth, first, ROWS, p.queries, depth, mine);
        float top = -infinity(), sum = 0, y[SHARE];
#pragma unroll
        for (int j = 0; j < SHARE; j++) y[j] = 0;
        for (int key0 = 0; key0 < end; key0 += ROWS) {
            fetch(k + head * p.keys * depth, key0, ROWS, end, depth, theirs);
            __syncthreads();
            float s[ROWS / LANES], highest = top;
            for (int j = 0; j < ROWS / LANES; j++) {
                int key = lane + j * LANES;
                s[j] = key0 + key <= last ? logit(dot(mine[row], theirs[key], depth), bias, p, query, key0 + key) : -infinity();
                highest = Max::of(highest, s[j]);
            }
            highest = amongEight<Max>(highest);
            float base = highest == -infinity() ? 0.f : highest; // nothing to see yet
            float shrink = exp(top - base), part = 0;
            for (int j = 0; j < ROWS / LANES; j++) {
                float e = exp(s[j] - base);
                part += e;
                weights[row][lane + j * LANES] = e;
            }
            sum = sum * shrink + amongEight<Add>(part);
            top = highest;
            __syncthreads();
            fetch(v + head * p.keys * width, key0, ROWS, end, width, theirs);
            __syncthreads();
#pragma unroll
            for (int j = 0; j < SHARE; j++) {
                int column = lane + j * LANES;
                if (column < width) {
                    float more = 0;
#pragma unroll 4
                    for (int key = 0; key < ROWS; key++) more += weights[row][key] * theirs[key][column];
                    y[j] = y[j] * shrink + more;
                }
            }
            __syncthreads();
        }
        if (query < p.queries) {
#pragma unroll
            for (int j = 0; j < SHARE; j++) {
                int column = lane + j * LANES;
                if (column < width) out[(head * p.queries + query) * width + column] = To<T>::of(y[j] / sum);
            }
            if (lane == 0) logSums[head * p.queries + query] = top + log(sum);
        }
        __syncthreads();
    }
}

// Σ dy·y of each row, which the softmax's slope needs. A warp a row.
extern "C" __global__ void attentionDots(const T* y, const T* dy, float* dots, i64 rows, i64 width) {
    Team t = team(false);
    float* none = nullptr;
    for (i64 row = t.row; row < rows; row += t.rows) {
        float sum = 0;
        for (i64 i = t.rank; i < width; i += t.size) sum += widen(y[row * width + i]) * widen(dy[row * width + i]);
        sum = reduceTeam<Add>(t, sum, none);
        if (t.rank == 0) dots[row] = sum;
    }
}

// dq = scale·dS·K with dS = P (dy·Vᵀ − dots); a block 32 queries.
extern "C" __global__ void __launch_bounds__(256) attentionQueries(
        const T* q, const T* k, const T* v, const T* mask, const T* dy, const float* logSums, const float* dots, T* dq, Heads p) {
    __shared__ float own[ROWS][WIDE], slopes[ROWS][WIDE], theirs[SHORT][WIDE], ds[ROWS][SHORT + 1];
    int row = threadIdx.x / LANES, lane = threadIdx.x % LANES, depth = (int) p.depth, width = (int) p.width;
    i64 tiles = (p.queries + ROWS - 1) / ROWS;
    for (i64 job = blockIdx.x; job < tiles * p.batch * p.heads; job += gridDim.x) {
        i64 head = job / tiles, first = (tiles - 1 - job % tiles) * ROWS, query = first + row, at = head * p.queries + query;
        const T* bias = maskOf(mask, p, head);
        bool real = query < p.queries;
        int last = lastKey(p, query), end = keysSeen(p, first, ROWS);
        float logSum = real ? logSums[at] : 0, own_ = real ? dots[at] : 0, sums[SHARE];
#pragma unroll
        for (int j = 0; j < SHARE; j++) sums[j] = 0;
        fetch(q + head * p.queries * depth, first, ROWS, p.queries, depth, own);
        fetch(dy + head * p.queries * width, first, ROWS, p.queries, width, slopes);
        for (int key0 = 0; key0 < end; key0 += SHORT) {
            fetch(v + head * p.keys * width, key0, SHORT, end, width, theirs);
            __syncthreads();
            float dp[SHORT / LANES];
            for (int j = 0; j < SHORT / LANES; j++) dp[j] = dot(slopes[row], theirs[lane + j * LANES], width);
            __syncthreads();
            fetch(k + head * p.keys * depth, key0, SHORT, end, depth, theirs);
            __syncthreads();
            for (int j = 0; j < SHORT / LANES; j++) {
                int key = lane + j * LANES;
                float s = key0 + key <= last ? logit(dot(own[row], theirs[key], depth), bias, p, query, key0 + key) : -infinity();
                ds[row][key] = exp(s - logSum) * (dp[j] - own_);
            }
            __syncthreads();
#pragma unroll
            for (int j = 0; j < SHARE; j++) {
                int column = lane + j * LANES;
                if (column < depth) {
#pragma unroll 4
                    for (int key = 0; key < SHORT; key++) sums[j] += ds[row][key] * theirs[key][column];
                }
            }
            __syncthreads();
        }
#pragma unroll
        for (int j = 0; j < SHARE; j++) {
            int column = lane + j * LANES;
            if (real && column < depth) dq[at * depth + column] = To<T>::of((float) p.scale * sums[j]);
        }
        __syncthreads();
    }
}

// dk = scale·dSᵀ·Q, dv = Pᵀ·dy; a block 32 keys.
extern "C" __global__ void __launch_bounds__(256) attentionKeys(
        const T* q, const T* k, const T* v, const T* mask, const T* dy, const float* logSums, const float* dots, T* dk, T* dv, Heads p) {
    __shared__ float keys[ROWS][WIDE], values[ROWS][WIDE], theirs[SHORT][WIDE], cell[ROWS][SHORT + 1];
    int row = threadIdx.x / LANES, lane = threadIdx.x % LANES, depth = (int) p.depth, width = (int) p.width;
    i64 tiles = (p.keys + ROWS - 1) / ROWS;
    for (i64 job = blockIdx.x; job < tiles * p.batch * p.heads; job += gridDim.x) {
        i64 head = job / tiles, first = job % tiles * ROWS, key = first + row;
        int from = firstQuery(p, key), queries = (int) p.queries;
        const T* bias = maskOf(mask, p, head);
        float dks[SHARE], dvs[SHARE];
#pragma unroll
        for (int j = 0; j < SHARE; j++) dks[j] = dvs[j] = 0;
        fetch(k + head * p.keys * depth, first, ROWS, p.keys, depth, keys);
        fetch(v + head * p.keys * width, first, ROWS, p.keys, width, values);
        for (int query0 = firstQuery(p, first) / SHORT * SHORT; query0 < queries; query0 += SHORT) {
            fetch(q + head * p.queries * depth, query0, SHORT, p.queries, depth, theirs);
            __syncthreads();
            float weight[SHORT / LANES];
            for (int j = 0; j < SHORT / LANES; j++) {
                int query = query0 + lane + j * LANES;
                weight[j] = 0;
                if (query >= from && query < queries) {
                    float s = logit(dot(keys[row], theirs[lane + j * LANES], depth), bias, p, query, key);
                    weight[j] = exp(s - logSums[head * p.queries + query]);
                }
                cell[row][lane + j * LANES] = weight[j];
            }
            __syncthreads();
            fetch(dy + head * p.queries * width, query0, SHORT, p.queries, width, theirs);
            __syncthreads();
#pragma unroll
            for (int j = 0; j < SHARE; j++) {
                int column = lane + j * LANES;
                if (column < width) {
#pragma unroll 4
                    for (int i = 0; i < SHORT; i++) dvs[j] += cell[row][i] * theirs[i][column];
                }
            }
            __syncwarp(); // the eight of a row are in one warp: all have read the weights that are now replaced
            for (int j = 0; j < SHORT / LANES; j++) {
                int query = query0 + lane + j * LANES;
                float slope = dot(values[row], theirs[lane + j * LANES], width);
                cell[row][lane + j * LANES] = query < queries ? weight[j] * (slope - dots[head * p.queries + query]) : 0.f;
            }
            __syncthreads();
            fetch(q + head * p.queries * depth, query0, SHORT, p.queries, depth, theirs);
            __syncthreads();
#pragma unroll
            for (int j = 0; j < SHARE; j++) {
                int column = lane + j * LANES;
                if (column < depth) {
#pragma unroll 4
                    for (int i = 0; i < SHORT; i++) dks[j] += cell[row][i] * theirs[i][column];
                }
            }
            __syncthreads();
        }
#pragma unroll
        for (int j = 0; j < SHARE; j++) {
            int column = lane + j * LANES;
            if (key < p.keys && column < depth) dk[(head * p.keys + key) * depth + column] = To<T>::of((float) p.scale * dks[j]);
            if (key < p.keys && column < width) dv[(head * p.keys + key) * width + column] = To<T>::of(dvs[j]);
        }
        __syncthreads();
    }
}
