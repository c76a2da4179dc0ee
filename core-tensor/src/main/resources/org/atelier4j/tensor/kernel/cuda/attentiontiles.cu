// The kernels of attention.cu on tensor cores, by mma.sync: softmax as in FlashAttention-2 (Dao 2023, arXiv:2307.08691), each
// warp 16 rows of its block. All three are one walk: a block owns rows of two matrices, those of two others pass by, and
// what products make of them stays in registers, where the next product takes it from. Of the others only those pass by that
// one of the block's own sees, or is seen by.
//
// OPERAND is what is multiplied, bf16 or tf32: elements are rounded to it on the way to shared memory, weights in registers.
// W, 64 or 128, is the width of rows there; D and E are at most W. Sums, exponentials and what becomes of them are float32.

struct tf32;
template <class O> struct Operand;
template <> struct Operand<bf16> { static const int PER = 2; }; // in a word
template <> struct Operand<tf32> { static const int PER = 1; };
const int PER = Operand<OPERAND>::PER;

// Sizes such that four matrices fit into 48 KB. A chunk has 16 bytes.
template <int W> struct Plan {
    static const int CHUNKS = W / PER / 4; // of a row
    static const int WARPS = CHUNKS > 16 ? 2 : 4, THREADS = 32 * WARPS;
    static const int OWN = 16 * WARPS, THEIRS = 8 * WARPS; // rows
    static const int PAIRS = THEIRS / 16, GROUPS = THEIRS / 8; // of groups of 8 rows that pass by
};

// Rows in shared memory, moved such that what a warp reads at once lies in different banks.
template <int W> __device__ inline int placeOf(int row, int chunk) { return row * Plan<W>::CHUNKS + (chunk ^ (row & 7)); }

struct alignas(16) Sixteen { T at[16 / sizeof(T)]; };

// Copies count rows of a matrix from row first on, rounded; what is not there becomes 0.
template <int W> __device__ void fetch(const T* from, i64 first, int count, i64 rows, int width, uint4* to) {
    const int ELEMENTS = 4 * PER, GROUP = 16 / sizeof(T);
    for (int i = threadIdx.x; i < count * Plan<W>::CHUNKS; i += Plan<W>::THREADS) {
        int row = i / Plan<W>::CHUNKS, chunk = i % Plan<W>::CHUNKS, column = chunk * ELEMENTS;
        const T* at = from + (first + row) * width + column;
        int there = first + row < rows ? width - column : 0;
        alignas(16) T e[ELEMENTS];
        if (there >= ELEMENTS && (u64) at % 16 == 0) {
#pragma unroll
            for (int j = 0; j < ELEMENTS / GROUP; j++) *(Sixteen*) (e + j * GROUP) = ((const Sixteen*) at)[j];
        } else {
#pragma unroll
            for (int j = 0; j < ELEMENTS; j++) e[j] = j < there ? at[j] : To<T>::of(0.f);
        }
        u32 words[4];
#pragma unroll
        for (int j = 0; j < 4; j++) {
            float low = widen(e[j * PER]), high = widen(e[j * PER + PER - 1]);
            words[j] = PER == 1 ? toTf32(low) : toBf16Pair(low, high);
        }
        uint4 all = {words[0], words[1], words[2], words[3]};
        to[placeOf<W>(row, chunk)] = all;
    }
}

__device__ inline void multiplyAdd(float (&c)[4], const u32 (&a)[4], u32 b0, u32 b1) {
    if (PER == 2) mmaBf16(c, a, b0, b1);
    else mmaTf32(c, a, b0, b1);
}

// c = this warp's 16 own rows times all of theirs, transposed. Number i of c[j] is that of row g + 8 (i / 2) and their row
// 8j + 2t + i % 2, where g = lane / 4 and t = lane % 4.
template <int W> __device__ void products(const uint4* own, const uint4* theirs, float (&c)[Plan<W>::GROUPS][4]) {
    int lane = threadIdx.x % 32, low = lane / 8 % 2, high = lane / 16, row = threadIdx.x / 32 * 16 + lane % 8;
#pragma unroll
    for (int i = 0; i < 4 * Plan<W>::GROUPS; i++) c[i / 4][i % 4] = 0;
#pragma unroll 4
    for (int step = 0; step < Plan<W>::CHUNKS / 2; step++) {
        u32 a[4];
        loadMatrices(a, own + placeOf<W>(row + low * 8, step * 2 + high));
#pragma unroll
        for (int j = 0; j < Plan<W>::PAIRS; j++) {
            u32 b[4];
            loadMatrices(b, theirs + placeOf<W>(j * 16 + high * 8 + lane % 8, step * 2 + low));
            multiplyAdd(c[2 * j], a, b[0], b[1]);
            multiplyAdd(c[2 * j + 1], a, b[2], b[3]);
        }
    }
}

// sums += weights times their rows; number i of sums[j] is that of row g + 8 (i / 2) and column 8j + 2t + i % 2.
template <int W> __device__ void accumulate(const float (&weights)[Plan<W>::GROUPS][4], const uint4* theirs, float (&sums)[W / 8][4]) {
    int lane = threadIdx.x % 32, low = lane / 8 % 2, high = lane / 16, g = lane / 4, t = lane % 4;
    if (PER == 2) {
#pragma unroll
        for (int step = 0; step < Plan<W>::PAIRS; step++) {
            const float (&x)[4] = weights[2 * step], (&y)[4] = weights[2 * step + 1];
            u32 a[4] = {toBf16Pair(x[0], x[1]), toBf16Pair(x[2], x[3]), toBf16Pair(y[0], y[1]), toBf16Pair(y[2], y[3])};
#pragma unroll
            for (int j = 0; j < W / 16; j++) {
                u32 b[4];
                loadMatricesTurned(b, theirs + placeOf<W>(step * 16 + low * 8 + lane % 8, j * 2 + high));
                multiplyAdd(sums[2 * j], a, b[0], b[1]);
                multiplyAdd(sums[2 * j + 1], a, b[2], b[3]);
            }
        }
    } else {
#pragma unroll
        for (int step = 0; step < Plan<W>::GROUPS; step++) { // the order of their rows is free: t stands for 2t, t + 4 for 2t + 1
            const float (&x)[4] = weights[step];
            u32 a[4] = {toTf32(x[0]), toTf32(x[2]), toTf32(x[1]), toTf32(x[3])};
#pragma unroll
            for (int j = 0; j < W / 8; j++) {
                u32 b[2];
#pragma unroll
                for (int i = 0; i < 2; i++) {
                    int row = step * 8 + 2 * t + i, column = j * 8 + g;
                    b[i] = ((const u32*) (theirs + placeOf<W>(row, column / 4)))[column % 4];
                }
                multiplyAdd(sums[j], a, b[0], b[1]);
            }
        }
    }
}

template <int N> __device__ inline void clear(float (&sums)[N][4]) {
#pragma unroll
    for (int i = 0; i < 4 * N; i++) sums[i / 4][i % 4] = 0;
}

// Writes one of this thread's two rows, times a factor.
template <int N> __device__ void write(const float (&sums)[N][4], int half, float factor, int width, T* row) {
    int t = threadIdx.x % 4;
#pragma unroll
    for (int j = 0; j < N; j++) {
#pragma unroll
        for (int i = 0; i < 2; i++) {
            int column = 8 * j + 2 * t + i;
            if (column < width) row[column] = To<T>::of(sums[j][2 * half + i] * factor);
        }
    }
}

template <class F> __device__ float amongFour(float x) {
    for (int d = 2; d; d >>= 1) x = F::of(x, __shfl_xor_sync(0xffffffffu, x, d));
    return x;
}

// The four matrices in shared memory.
template <int W> struct Places {
    uint4 *own[2], *theirs[2];
    __device__ Places(uint4* all) {
        const int CHUNKS = Plan<W>::CHUNKS;
        for (int i = 0; i < 2; i++) {
            own[i] = all + i * Plan<W>::OWN * CHUNKS;
            theirs[i] = all + (2 * Plan<W>::OWN + i * Plan<W>::THEIRS) * CHUNKS;
        }
    }
};

template <int W> __device__ void forward(const T* q, const T* k, const T* v, const T* mask, T* out, float* logSums, const Heads& p, uint4* shared) {
    const int OWN = Plan<W>::OWN, THEIRS = Plan<W>::THEIRS, GROUPS = Plan<W>::GROUPS;
    Places<W> at(shared);
    int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4, depth = (int) p.depth, width = (int) p.width;
    i64 tiles = (p.queries + OWN - 1) / OWN;
    for (i64 job = blockIdx.x; job < tiles * p.batch * p.heads; job += gridDim.x) {
        i64 head = job / tiles, first = (tiles - 1 - job % tiles) * OWN, query = first + threadIdx.x / 32 * 16 + g;
        int last[2] = {lastKey(p, query), lastKey(p, query + 8)}, end = keysSeen(p, first, OWN);
        const T* bias = maskOf(mask, p, head);
        fetch<W>(q + head * p.queries * depth, first, OWN, p.queries, depth, at.own[0]);
        float y[W / 8][4], top[2] = {-infinity(), -infinity()}, sum[2] = {0, 0};
        clear(y);
        for (int key0 = 0; key0 < end; key0 += THEIRS) {
            fetch<W>(k + head * p.keys * depth, key0, THEIRS, end, depth, at.theirs[0]);
            fetch<W>(v + head * p.keys * width, key0, THEIRS, end, width, at.theirs[1]);
            __syncthreads();
            float s[GROUPS][4];
            products<W>(at.own[0], at.theirs[0], s);
#pragma unroll
            for (int half = 0; half < 2; half++) {
                float highest = top[half], part = 0;
#pragma unroll
                for (int i = 0; i < 2 * GROUPS; i++) {
                    float& x = s[i / 2][2 * half + i % 2];
                    int key = key0 + i / 2 * 8 + 2 * t + i % 2;
                    x = key <= last[half] ? logit(x, bias, p, query + 8 * half, key) : -infinity();
                    highest = Max::of(highest, x);
                }
                highest = amongFour<Max>(highest);
                float base = highest == -infinity() ? 0.f : highest; // nothing to see yet
                float shrink = exp(top[half] - base);
#pragma unroll
                for (int i = 0; i < 2 * GROUPS; i++) {
                    float& x = s[i / 2][2 * half + i % 2];
                    x = exp(x - base);
                    part += x;
                }
                sum[half] = sum[half] * shrink + amongFour<Add>(part);
                top[half] = highest;
#pragma unroll
                for (int j = 0; j < W / 8; j++) {
                    y[j][2 * half] *= shrink;
                    y[j][2 * half + 1] *= shrink;
                }
            }
            accumulate<W>(s, at.theirs[1], y);
            __syncthreads();
        }
#pragma unroll
        for (int half = 0; half < 2; half++) {
            i64 row = head * p.queries + query + 8 * half;
            if (query + 8 * half < p.queries) {
                write(y, half, 1 / sum[half], width, out + row * width);
                if (t == 0) logSums[row] = top[half] + log(sum[half]);
            }
        }
    }
}

// dq = scale·dS·K with dS = P (dy·Vᵀ − dots).
template <int W> __device__ void queries(
        const T* q, const T* k, const T* v, const T* mask, const T* dy, const float* logSums, const float* dots, T* dq, const Heads& p, uint4* shared) {
    const int OWN = Plan<W>::OWN, THEIRS = Plan<W>::THEIRS, GROUPS = Plan<W>::GROUPS;
    Places<W> at(shared);
    int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4, depth = (int) p.depth, width = (int) p.width;
    i64 tiles = (p.queries + OWN - 1) / OWN;
    for (i64 job = blockIdx.x; job < tiles * p.batch * p.heads; job += gridDim.x) {
        i64 head = job / tiles, first = (tiles - 1 - job % tiles) * OWN, query = first + threadIdx.x / 32 * 16 + g;
        int last[2] = {lastKey(p, query), lastKey(p, query + 8)}, end = keysSeen(p, first, OWN);
        const T* bias = maskOf(mask, p, head);
        fetch<W>(q + head * p.queries * depth, first, OWN, p.queries, depth, at.own[0]);
        fetch<W>(dy + head * p.queries * width, first, OWN, p.queries, width, at.own[1]);
        float logSum[2], dot[2], sums[W / 8][4];
        clear(sums);
#pragma unroll
        for (int half = 0; half < 2; half++) {
            bool real = query + 8 * half < p.queries;
            logSum[half] = real ? logSums[head * p.queries + query + 8 * half] : 0.f;
            dot[half] = real ? dots[head * p.queries + query + 8 * half] : 0.f;
        }
        for (int key0 = 0; key0 < end; key0 += THEIRS) {
            fetch<W>(k + head * p.keys * depth, key0, THEIRS, end, depth, at.theirs[0]);
            fetch<W>(v + head * p.keys * width, key0, THEIRS, end, width, at.theirs[1]);
            __syncthreads();
            float s[GROUPS][4], slopes[GROUPS][4];
            products<W>(at.own[0], at.theirs[0], s);
            products<W>(at.own[1], at.theirs[1], slopes);
#pragma unroll
            for (int i = 0; i < 4 * GROUPS; i++) {
                int half = i % 4 / 2, key = key0 + i / 4 * 8 + 2 * t + i % 2;
                float x = key <= last[half] ? logit(s[i / 4][i % 4], bias, p, query + 8 * half, key) : -infinity();
                s[i / 4][i % 4] = exp(x - logSum[half]) * (slopes[i / 4][i % 4] - dot[half]);
            }
            accumulate<W>(s, at.theirs[0], sums);
            __syncthreads();
        }
#pragma unroll
        for (int half = 0; half < 2; half++)
            if (query + 8 * half < p.queries)
                write(sums, half, (float) p.scale, depth, dq + (head * p.queries + query + 8 * half) * depth);
    }
}

// dk = scale·dSᵀ·Q, dv = Pᵀ·dy.
template <int W> __device__ void keys(
        const T* q, const T* k, const T* v, const T* mask, const T* dy, const float* logSums, const float* dots, T* dk, T* dv, const Heads& p, uint4* shared) {
    const int OWN = Plan<W>::OWN, THEIRS = Plan<W>::THEIRS, GROUPS = Plan<W>::GROUPS;
    Places<W> at(shared);
    int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4, depth = (int) p.depth, width = (int) p.width;
    i64 tiles = (p.keys + OWN - 1) / OWN;
    for (i64 job = blockIdx.x; job < tiles * p.batch * p.heads; job += gridDim.x) {
        i64 head = job / tiles, first = job % tiles * OWN, key = first + threadIdx.x / 32 * 16 + g;
        int from[2] = {firstQuery(p, key), firstQuery(p, key + 8)}, queries = (int) p.queries;
        const T* bias = maskOf(mask, p, head);
        fetch<W>(k + head * p.keys * depth, first, OWN, p.keys, depth, at.own[0]);
        fetch<W>(v + head * p.keys * width, first, OWN, p.keys, width, at.own[1]);
        float dks[W / 8][4], dvs[W / 8][4];
        clear(dks);
        clear(dvs);
        for (int query0 = firstQuery(p, first) / THEIRS * THEIRS; query0 < queries; query0 += THEIRS) {
            fetch<W>(q + head * p.queries * depth, query0, THEIRS, p.queries, depth, at.theirs[0]);
            fetch<W>(dy + head * p.queries * width, query0, THEIRS, p.queries, width, at.theirs[1]);
            __syncthreads();
            float weights[GROUPS][4], slopes[GROUPS][4];
            products<W>(at.own[0], at.theirs[0], weights);
#pragma unroll
            for (int i = 0; i < 4 * GROUPS; i++) {
                int half = i % 4 / 2, query = query0 + i / 4 * 8 + 2 * t + i % 2;
                float& x = weights[i / 4][i % 4];
                bool seen = query >= from[half] && query < queries;
                x = seen ? exp(logit(x, bias, p, query, key + 8 * half) - logSums[head * p.queries + query]) : 0.f;
            }
            accumulate<W>(weights, at.theirs[1], dvs);
            products<W>(at.own[1], at.theirs[1], slopes);
#pragma unroll
            for (int i = 0; i < 4 * GROUPS; i++) {
                int query = query0 + i / 4 * 8 + 2 * t + i % 2;
                float dot = query < queries ? dots[head * p.queries + query] : 0.f;
                weights[i / 4][i % 4] *= slopes[i / 4][i % 4] - dot;
            }
            accumulate<W>(weights, at.theirs[0], dks);
            __syncthreads();
        }
#pragma unroll
        for (int half = 0; half < 2; half++) {
            if (key + 8 * half < p.keys) {
                i64 row = head * p.keys + key + 8 * half;
                write(dks, half, (float) p.scale, depth, dk + row * depth);
                write(dvs, half, 1.f, width, dv + row * width);
            }
        }
    }
}

#define KERNELS(W)                                                                                                       \
    extern "C" __global__ void __launch_bounds__(Plan<W>::THREADS) attention##W(                                         \
            const T* q, const T* k, const T* v, const T* mask, T* out, float* logSums, Heads p) {                        \
        __shared__ uint4 shared[2 * (Plan<W>::OWN + Plan<W>::THEIRS) * Plan<W>::CHUNKS];                                 \
        forward<W>(q, k, v, mask, out, logSums, p, shared);                                                              \
    }                                                                                                                    \
    extern "C" __global__ void __launch_bounds__(Plan<W>::THREADS) attentionQueries##W(                                  \
            const T* q, const T* k, const T* v, const T* mask, const T* dy, const float* logSums, const float* dots,     \
            T* dq, Heads p) {                                                                                            \
        __shared__ uint4 shared[2 * (Plan<W>::OWN + Plan<W>::THEIRS) * Plan<W>::CHUNKS];                                 \
        queries<W>(q, k, v, mask, dy, logSums, dots, dq, p, shared);                                                     \
    }                                                                                                                    \
    extern "C" __global__ void __launch_bounds__(Plan<W>::THREADS) attentionKeys##W(                                     \
            const T* q, const T* k, const T* v, const T* mask, const T* dy, const float* logSums, const float* dots,     \
            T* dk, T* dv, Heads p) {                                                                                     \
        __shared__ uint4 shared[2 * (Plan<W>::OWN + Plan<W>::THEIRS) * Plan<W>::CHUNKS];                                 \
        keys<W>(q, k, v, mask, dy, logSums, dots, dk, dv, p, shared);                                                    \
    }

KERNELS(64)
KERNELS(128)
