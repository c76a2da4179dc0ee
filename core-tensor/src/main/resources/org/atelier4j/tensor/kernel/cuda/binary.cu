// Functions of two numbers with broadcasting, for elements of type T, reals or integers.

typedef ELEMENT T;
typedef Wide<T>::type A;

__device__ inline float power(float a, float b) { return pow(a, b); }
__device__ inline double power(double a, double b) { return pow(a, b); }
__device__ inline i64 power(i64 a, i64 b) {
    if (b < 0) return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
    u64 result = 1, square = (u64) a;
    for (; b; b >>= 1, square *= square) if (b & 1) result *= square;
    return (i64) result;
}
__device__ inline float quotient(float a, float b) { return a / b; }
__device__ inline double quotient(double a, double b) { return a / b; }
__device__ inline i64 quotient(i64 a, i64 b) { return b == 0 ? 0 : b == -1 ? (i64) (0 - (u64) a) : a / b; }
__device__ inline bool dividesByZero(float) { return false; }
__device__ inline bool dividesByZero(double) { return false; }
__device__ inline bool dividesByZero(i64 b) { return b == 0; }
__device__ inline float added(float a, float b) { return a + b; }
__device__ inline double added(double a, double b) { return a + b; }
__device__ inline i64 added(i64 a, i64 b) { return (i64) ((u64) a + (u64) b); } // integers wrap
__device__ inline float subtracted(float a, float b) { return a - b; }
__device__ inline double subtracted(double a, double b) { return a - b; }
__device__ inline i64 subtracted(i64 a, i64 b) { return (i64) ((u64) a - (u64) b); }
__device__ inline float multiplied(float a, float b) { return a * b; }
__device__ inline double multiplied(double a, double b) { return a * b; }
__device__ inline i64 multiplied(i64 a, i64 b) { return (i64) ((u64) a * (u64) b); }

#define KERNEL(F, OUT, RESULT, FAULT)                                                                                    \
    extern "C" __global__ void F(                                                                                        \
            const T* x, const T* y, OUT* z, Axes left, Axes right, i64 n, Faults* faults, i64 serial) {                  \
        for EACH(i, n) {                                                                                                 \
            A a = widen(x[offsetOf(left, i)]), b = widen(y[offsetOf(right, i)]);                                         \
            if (FAULT) report(faults, serial, i);                                                                        \
            z[i] = To<OUT>::of(RESULT);                                                                                  \
        }                                                                                                                \
    }

KERNEL(ADD, T, added(a, b), false)
KERNEL(SUB, T, subtracted(a, b), false)
KERNEL(MUL, T, multiplied(a, b), false)
KERNEL(DIV, T, quotient(a, b), dividesByZero(b))
KERNEL(POW, T, power(a, b), false)
KERNEL(MAX, T, Max::of(a, b), false)
KERNEL(MIN, T, Min::of(a, b), false)
KERNEL(EQUAL, flag, (i64) (a == b), false)
KERNEL(LESS, flag, (i64) (a < b), false)
KERNEL(LESS_EQUAL, flag, (i64) (a <= b), false)
