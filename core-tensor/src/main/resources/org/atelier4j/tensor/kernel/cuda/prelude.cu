// What every kernel file builds on: element types and how they convert, indices, reductions within a block, faults.
// Nothing is included: NVRTC has no headers at run time.

typedef long long i64;
typedef unsigned long long u64;
typedef unsigned int u32;
typedef unsigned char u8;

struct bf16 { unsigned short bits; };
struct flag { u8 bits; }; // BOOL: 0 or 1

// --- element types ----------------------------------------------------------------------------------------------------

// The type in which elements are computed.
template <class T> struct Wide { typedef i64 type; };
template <> struct Wide<float> { typedef float type; };
template <> struct Wide<double> { typedef double type; };
template <> struct Wide<bf16> { typedef float type; };

__device__ inline float infinity() { return __int_as_float(0x7f800000); }
__device__ inline float notANumber() { return __int_as_float(0x7fc00000); }

__device__ inline float widen(float x) { return x; }
__device__ inline double widen(double x) { return x; }
__device__ inline float widen(bf16 x) { return __uint_as_float((u32) x.bits << 16); }
__device__ inline i64 widen(int x) { return x; }
__device__ inline i64 widen(i64 x) { return x; }
__device__ inline i64 widen(u8 x) { return x; }
__device__ inline i64 widen(flag x) { return x.bits; }

// Reals towards zero, to the nearest number the integer type has; NaN is 0.
__device__ inline i64 towardsZero(double x, i64 low, i64 high) {
    if (x != x) return 0;
    return x <= (double) low ? low : x >= (double) high ? high : (i64) x;
}

// Rounds or narrows a computed number to an element; integers keep their low bits.
template <class T> struct To;
template <> struct To<float> {
    static __device__ float of(float x) { return x; }
    static __device__ float of(double x) { return (float) x; }
    static __device__ float of(i64 x) { return (float) x; }
};
template <> struct To<double> {
    static __device__ double of(float x) { return x; }
    static __device__ double of(double x) { return x; }
    static __device__ double of(i64 x) { return (double) x; }
};
template <> struct To<bf16> { // to nearest, ties to even
    static __device__ bf16 of(float x) {
        u32 b = __float_as_uint(x);
        bf16 y;
        y.bits = (unsigned short) ((b & 0x7fffffffu) > 0x7f800000u ? b >> 16 | 0x40u : (b + 0x7fffu + (b >> 16 & 1u)) >> 16);
        return y;
    }
    static __device__ bf16 of(double x) { return of((float) x); }
    static __device__ bf16 of(i64 x) { return of((float) x); }
};
template <> struct To<int> {
    static __device__ int of(double x) { return (int) towardsZero(x, -2147483648ll, 2147483647ll); }
    static __device__ int of(float x) { return of((double) x); }
    static __device__ int of(i64 x) { return (int) x; }
};
template <> struct To<i64> {
    static __device__ i64 of(double x) { return towardsZero(x, -9223372036854775807ll - 1, 9223372036854775807ll); }
    static __device__ i64 of(float x) { return of((double) x); }
    static __device__ i64 of(i64 x) { return x; }
};
template <> struct To<u8> {
    static __device__ u8 of(double x) { return (u8) towardsZero(x, 0, 255); }
    static __device__ u8 of(float x) { return of((double) x); }
    static __device__ u8 of(i64 x) { return (u8) x; }
};
template <> struct To<flag> {
    static __device__ flag of(float x) { flag y; y.bits = x != 0; return y; }
    static __device__ flag of(double x) { flag y; y.bits = x != 0; return y; }
    static __device__ flag of(i64 x) { flag y; y.bits = x != 0; return y; }
};

// --- indices ----------------------------------------------------------------------------------------------------------

__device__ inline i64 firstElement() { return (i64) blockIdx.x * blockDim.x + threadIdx.x; }
__device__ inline i64 elementStep() { return (i64) gridDim.x * blockDim.x; }

// For every element of n that is this thread's turn.
#define EACH(i, n) (i64 i = firstElement(); i < (n); i += elementStep())

// Up to eight axes, as the host lays them out.
struct Axes { i64 rank, size[8], step[8]; };

// The offset of element i, counted with the last axis fastest. Elements are fewer than 2³¹, so 32-bit division does.
__device__ inline i64 offsetOf(const Axes& axes, i64 i) {
    u32 rest = (u32) i;
    i64 offset = 0;
    for (int a = (int) axes.rank - 1; a > 0; a--) {
        u32 size = (u32) axes.size[a], quotient = rest / size;
        offset += axes.step[a] * (i64) (rest - quotient * size);
        rest = quotient;
    }
    return axes.rank ? offset + axes.step[0] * (i64) rest : 0;
}

// --- reductions -------------------------------------------------------------------------------------------------------

struct Add { template <class A> static __device__ A of(A a, A b) { return a + b; } };
struct Mul { template <class A> static __device__ A of(A a, A b) { return a * b; } };
struct Max { template <class A> static __device__ A of(A a, A b) { return a > b || a != a ? a : b; } };
struct Min { template <class A> static __device__ A of(A a, A b) { return a < b || a != a ? a : b; } };

// The threads that share a row: a warp, or the whole block.
struct Team {
    int rank, size;
    i64 row; // the first row of this team
    i64 rows; // how many rows further its next one is
};

__device__ inline Team team(bool wide) {
    Team t;
    int warps = blockDim.x / 32;
    t.rank = wide ? threadIdx.x : threadIdx.x % 32;
    t.size = wide ? blockDim.x : 32;
    t.row = wide ? (i64) blockIdx.x : (i64) blockIdx.x * warps + threadIdx.x / 32;
    t.rows = wide ? (i64) gridDim.x : (i64) gridDim.x * warps;
    return t;
}

// The reduction over all threads of a team, to all of them. spare: 32 numbers of shared memory.
template <class F, class A> __device__ A reduceTeam(const Team& t, A x, A* spare) {
    for (int d = 16; d; d >>= 1) x = F::of(x, __shfl_xor_sync(0xffffffffu, x, d));
    if (t.size == 32) return x;
    int warp = threadIdx.x / 32, warps = t.size / 32;
    if (threadIdx.x % 32 == 0) spare[warp] = x;
    __syncthreads();
    x = spare[0];
    for (int w = 1; w < warps; w++) x = F::of(x, spare[w]);
    __syncthreads();
    return x;
}

// --- faults -----------------------------------------------------------------------------------------------------------

// What the host hears of later: the smallest serial·2⁴⁰ + position, and the number found there.
struct Faults { u64 key; i64 number; };

__device__ inline void report(Faults* faults, i64 serial, i64 position) {
    atomicMin(&faults->key, (u64) serial << 40 | (u64) position);
}

// Whether anything was reported; the first thread of the launch whose fault it is adds the number.
__device__ inline bool faulty(Faults* faults, i64 serial, const int* numbers) {
    u64 key = faults->key;
    if (key == ~0ull) return false;
    if (numbers && (i64) (key >> 40) == serial && firstElement() == 0) faults->number = numbers[key & (1ull << 40) - 1];
    return true;
}
