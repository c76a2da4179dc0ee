// Reductions over any set of axes, the index of the largest, running sums and the k largest; elements of type T.

typedef ELEMENT T;
typedef Wide<T>::type A;

__device__ inline float lowest(float) { return -infinity(); }
__device__ inline double lowest(double) { return -infinity(); }
__device__ inline i64 lowest(i64) { return -9223372036854775807ll - 1; }
__device__ inline float highest(float) { return infinity(); }
__device__ inline double highest(double) { return infinity(); }
__device__ inline i64 highest(i64) { return 9223372036854775807ll; }

__device__ inline float mean(float sum, i64 n) { return sum / n; }
__device__ inline double mean(double sum, i64 n) { return sum / n; }
__device__ inline i64 mean(i64 sum, i64 n) { return sum / n; }

// What is added up one after the other: short runs whose results are added up in turn, so that rounding errors grow with
// the square root of the length at most.
const int RUN = 64;

#define REDUCTION(NAME, F, START)                                                                                        \
    __device__ inline A NAME##_range(const T* x, const Axes& axes, i64 first, i64 end, i64 step) {                       \
        A total = START;                                                                                                 \
        for (i64 i = first; i < end;) {                                                                                  \
            A run = START;                                                                                               \
            for (int k = 0; k < RUN && i < end; k++, i += step) run = F::of(run, widen(x[offsetOf(axes, i)]));           \
            total = F::of(total, run);                                                                                   \
        }                                                                                                                \
        return total;                                                                                                    \
    }                                                                                                                    \
    /* One block an output and part: reduced elements lie side by side. */                                               \
    extern "C" __global__ void NAME##_rows(                                                                              \
            const T* x, T* out, A* parts, Axes kept, Axes reduced, i64 outputs, i64 count, i64 divisor) {                \
        __shared__ A spare[32];                                                                                          \
        Team t = team(true);                                                                                             \
        i64 length = (count + gridDim.y - 1) / gridDim.y, first = blockIdx.y * length;                                   \
        i64 end = first + length < count ? first + length : count;                                                       \
        for (i64 row = t.row; row < outputs; row += t.rows) {                                                            \
            A sum = NAME##_range(x + offsetOf(kept, row), reduced, first + t.rank, end, t.size);                         \
            sum = reduceTeam<F>(t, sum, spare);                                                                          \
            if (t.rank == 0 && parts) parts[blockIdx.y * outputs + row] = sum;                                           \
            if (t.rank == 0 && !parts) out[row] = To<T>::of(divisor ? mean(sum, divisor) : sum);                         \
        }                                                                                                                \
    }                                                                                                                    \
    /* One thread an output and part: outputs lie side by side. */                                                       \
    extern "C" __global__ void NAME##_columns(                                                                           \
            const T* x, T* out, A* parts, Axes kept, Axes reduced, i64 outputs, i64 count, i64 divisor) {                \
        i64 length = (count + gridDim.y - 1) / gridDim.y, first = blockIdx.y * length;                                   \
        i64 end = first + length < count ? first + length : count;                                                       \
        for EACH(i, outputs) {                                                                                           \
            A sum = NAME##_range(x + offsetOf(kept, i), reduced, first, end, 1);                                         \
            if (parts) parts[blockIdx.y * outputs + i] = sum;                                                            \
            else out[i] = To<T>::of(divisor ? mean(sum, divisor) : sum);                                                 \
        }                                                                                                                \
    }                                                                                                                    \
    extern "C" __global__ void NAME##_parts(const A* parts, T* out, i64 count, i64 outputs, i64 divisor) {               \
        for EACH(i, outputs) {                                                                                           \
            A sum = START;                                                                                               \
            for (i64 p = 0; p < count; p++) sum = F::of(sum, parts[p * outputs + i]);                                    \
            out[i] = To<T>::of(divisor ? mean(sum, divisor) : sum);                                                      \
        }                                                                                                                \
    }

REDUCTION(SUM, Add, 0)
REDUCTION(PROD, Mul, 1)
REDUCTION(MAX, Max, lowest(A()))
REDUCTION(MIN, Min, highest(A()))

// NaN counts as larger than anything.
__device__ inline bool above(A a, A b) { return a > b || (a != a && b == b); }

// x (outer, length, inner), index of the first largest; one thread each.
extern "C" __global__ void argMax(const T* x, int* out, i64 length, i64 inner, i64 n) {
    for EACH(i, n) {
        const T* row = x + i / inner * length * inner + i % inner;
        A best = widen(row[0]);
        i64 where = 0;
        for (i64 k = 1; k < length; k++) {
            A v = widen(row[k * inner]);
            if (above(v, best)) {
                best = v;
                where = k;
            }
        }
        out[i] = (int) where;
    }
}

// The order in which topK takes elements: falling by value, ties rising by index.
__device__ inline bool earlier(A a, i64 i, A b, i64 j) { return above(a, b) || (!above(b, a) && i < j); }

// The same for rows (inner = 1), a warp each.
extern "C" __global__ void argMaxRow(const T* x, int* out, i64 length, i64 rows) {
    Team t = team(false);
    for (i64 row = t.row; row < rows; row += t.rows) {
        const T* from = x + row * length;
        i64 where = t.rank < length ? t.rank : 0; // lanes beyond the end look at the first
        A best = widen(from[where]);
        for (i64 k = where + 32; k < length; k += 32) {
            A v = widen(from[k]);
            if (above(v, best)) {
                best = v;
                where = k;
            }
        }
        for (int d = 16; d; d >>= 1) {
            A other = __shfl_xor_sync(0xffffffffu, best, d);
            i64 there = __shfl_xor_sync(0xffffffffu, where, d);
            if (earlier(other, there, best, where)) {
                best = other;
                where = there;
            }
        }
        if (t.rank == 0) out[row] = (int) where;
    }
}

#define HELD 1024 // elements that topK takes in a pass over the row
#define NONE 0x7fffffff // the index of no element, which stands behind all

template <class V> __device__ void exchange(V& a, V& b) {
    V former = a;
    a = b;
    b = former;
}

struct Ranked {
    A value[2 * HELD];
    int index[2 * HELD];

    __device__ bool isBefore(int i, int j) const {
        return index[i] != NONE && (index[j] == NONE || earlier(value[i], index[i], value[j], index[j]));
    }

    // Puts the first n, a power of two, in order: a bitonic network (Batcher 1968, "Sorting networks and their applications").
    __device__ void sort(int n) {
        for (int size = 2; size <= n; size *= 2) {
            for (int stride = size / 2; stride; stride /= 2) {
                for (int t = threadIdx.x; t < n / 2; t += blockDim.x) {
                    int i = 2 * t - (t & (stride - 1)), j = i + stride;
                    bool rising = !(i & size);
                    if (isBefore(j, i) == rising) {
                        exchange(value[i], value[j]);
                        exchange(index[i], index[j]);
                    }
                }
                __syncthreads();
            }
        }
    }
};

// One block a row, ⌈k/HELD⌉ passes over it. A pass takes the first of those behind the last one that the pass before took:
// half of the ranked are the best so far; where a piece of the row has better ones, it becomes the other half.
extern "C" __global__ void topK(const T* x, T* values, int* indices, i64 length, i64 k, i64 rows) {
    __shared__ Ranked best;
    int half = 1;
    while (half < HELD && half < length) half *= 2;
    for (i64 row = blockIdx.x; row < rows; row += gridDim.x) {
        const T* from = x + row * length;
        A lastValue = 0;
        int last = -1;
        for (i64 taken = 0; taken < k; taken += half) {
            int count = (int) (k - taken < half ? k - taken : half);
            for (int i = threadIdx.x; i < half; i += blockDim.x) {
                best.value[i] = 0;
                best.index[i] = NONE;
            }
            __syncthreads();
            for (i64 start = 0; start < length; start += half) {
                bool better = false;
                for (int i = threadIdx.x; i < half; i += blockDim.x) {
                    int at = (int) start + i, slot = half + i;
                    bool left = at < length;
                    best.value[slot] = left ? widen(from[at]) : A(0);
                    left = left && (last < 0 || earlier(lastValue, last, best.value[slot], at));
                    best.index[slot] = left ? at : NONE;
                    better |= best.isBefore(slot, count - 1);
                }
                if (__syncthreads_or(better)) best.sort(2 * half);
            }
            for (int i = threadIdx.x; i < count; i += blockDim.x) {
                values[row * k + taken + i] = from[best.index[i]];
                indices[row * k + taken + i] = best.index[i];
            }
            lastValue = best.value[count - 1];
            last = best.index[count - 1];
            __syncthreads();
        }
    }
}

// Running sums and products along the middle axis of (outer, length, inner); one thread a line.
#define RUNNING(NAME, F, START)                                                                                          \
    extern "C" __global__ void NAME##_running(const T* x, T* out, i64 length, i64 inner, i64 lines, int exclusive, int reverse) { \
        for EACH(i, lines) {                                                                                             \
            i64 base = i / inner * length * inner + i % inner;                                                           \
            A sum = START;                                                                                               \
            for (i64 k = 0; k < length; k++) {                                                                           \
                i64 at = base + (reverse ? length - 1 - k : k) * inner;                                                  \
                A v = widen(x[at]);                                                                                      \
                A next = F::of(sum, v);                                                                                  \
                out[at] = To<T>::of(exclusive ? sum : next);                                                             \
                sum = next;                                                                                              \
            }                                                                                                            \
        }                                                                                                                \
    }                                                                                                                    \
    /* the same for rows (inner = 1), a warp each: 32 elements at a time */                                              \
    extern "C" __global__ void NAME##_runningRow(const T* x, T* out, i64 length, i64 rows, int exclusive, int reverse) { \
        Team t = team(false);                                                                                            \
        for (i64 row = t.row; row < rows; row += t.rows) {                                                               \
            A before = START;                                                                                            \
            for (i64 k0 = 0; k0 < length; k0 += 32) {                                                                    \
                i64 k = k0 + t.rank, at = row * length + (reverse ? length - 1 - k : k);                                 \
                A sum = k < length ? widen(x[at]) : A(START);                                                            \
                for (int d = 1; d < 32; d <<= 1) {                                                                       \
                    A left = __shfl_up_sync(0xffffffffu, sum, d);                                                        \
                    if (t.rank >= d) sum = F::of(left, sum);                                                             \
                }                                                                                                        \
                A left = __shfl_up_sync(0xffffffffu, sum, 1);                                                            \
                A own = !exclusive ? F::of(before, sum) : t.rank ? F::of(before, left) : before;                         \
                if (k < length) out[at] = To<T>::of(own);                                                                \
                before = F::of(before, __shfl_sync(0xffffffffu, sum, 31));                                               \
            }                                                                                                            \
        }                                                                                                                \
    }

RUNNING(SUM, Add, 0)
RUNNING(PROD, Mul, 1)
