// What is made of random bits: the same numbers as those of org.atelier4j.tensor.kernel.BoxMuller, so multiplications and
// additions are never fused. One thread a block of four words.

// a·b + c with both roundings
__device__ inline float step(float a, float b, float c) { return __fadd_rn(__fmul_rn(a, b), c); }

__device__ inline float logOf(float u) {
    u32 bits = __float_as_uint(u);
    int exponent = (int) (bits >> 23) - 126;
    float m = __uint_as_float((bits & 0x7fffffu) | 0x3f000000u); // in [½, 1)
    bool low = m < 0.70710677f;
    float e = low ? exponent - 1 : exponent;
    float x = low ? __fadd_rn(__fadd_rn(m, m), -1.f) : __fadd_rn(m, -1.f);
    float z = __fmul_rn(x, x);
    float p = 7.0376836292e-2f;
    p = step(p, x, -1.1514610310e-1f);
    p = step(p, x, 1.1676998740e-1f);
    p = step(p, x, -1.2420140846e-1f);
    p = step(p, x, 1.4249322787e-1f);
    p = step(p, x, -1.6668057665e-1f);
    p = step(p, x, 2.0000714765e-1f);
    p = step(p, x, -2.4999993993e-1f);
    p = step(p, x, 3.3333331174e-1f);
    float y = __fmul_rn(__fmul_rn(x, z), p);
    y = __fadd_rn(y, __fmul_rn(e, -2.12194440e-4f));
    y = __fadd_rn(y, -__fmul_rn(0.5f, z));
    return __fadd_rn(__fadd_rn(x, y), __fmul_rn(e, 0.693359375f));
}
__device__ inline float sinOf(float x) {
    float z = __fmul_rn(x, x), p = step(-1.9515295891e-4f, z, 8.3321608736e-3f);
    p = step(p, z, -1.6666654611e-1f);
    return __fadd_rn(__fmul_rn(__fmul_rn(p, z), x), x);
}
__device__ inline float cosOf(float x) {
    float z = __fmul_rn(x, x), p = step(2.443315711809948e-5f, z, -1.388731625493765e-3f);
    p = step(p, z, 4.166664568298827e-2f);
    return __fadd_rn(__fadd_rn(__fmul_rn(__fmul_rn(p, z), z), -__fmul_rn(0.5f, z)), 1.f);
}

struct Two { float x, y; };

__device__ inline Two boxMuller(u32 a, u32 b) {
    float u = step((float) (int) (a >> 1), 4.656612873077393e-10f, 2.3283064365386963e-10f); // 2⁻³¹, 2⁻³²
    float radius = __fsqrt_rn(__fmul_rn(-2.f, logOf(u)));
    int quadrant = (int) (b + 0x20000000u) >> 30;
    int rest = (int) (b - ((u32) quadrant << 30));
    float angle = __fmul_rn(__fmul_rn((float) rest, 9.313225746154785e-10f), 1.5707964f); // 2⁻³⁰
    float s = sinOf(angle), c = cosOf(angle);
    float x = quadrant & 1 ? s : c, y = quadrant & 1 ? c : s;
    Two two;
    two.x = __fmul_rn(radius, (quadrant + 1) & 2 ? -x : x);
    two.y = __fmul_rn(radius, quadrant & 2 ? -y : y);
    return two;
}

__device__ inline void normals(const Words& words, float* out) {
    for (int k = 0; k < 4; k += 2) {
        Two two = boxMuller(words.w[k], words.w[k + 1]);
        out[k] = two.x;
        out[k + 1] = two.y;
    }
}

#define FILL(NAME, T, NUMBERS)                                                                                           \
    extern "C" __global__ void NAME(i64 key, i64 position, T* out, i64 n) {                                              \
        for EACH(b, (n + 3) / 4) {                                                                                       \
            Words words = philox((u64) key, (u64) (position + b));                                                       \
            float numbers[4];                                                                                            \
            NUMBERS;                                                                                                     \
            for (int k = 0; k < 4; k++) if (4 * b + k < n) out[4 * b + k] = To<T>::of(numbers[k]);                       \
        }                                                                                                                \
    }

#define UNIFORM_NUMBERS for (int k = 0; k < 4; k++) numbers[k] = (float) (words.w[k] >> 8) * 5.9604644775390625e-8f
FILL(UNIFORM_FLOAT32, float, UNIFORM_NUMBERS)
FILL(UNIFORM_BFLOAT16, bf16, UNIFORM_NUMBERS)
FILL(NORMAL_FLOAT32, float, normals(words, numbers))
FILL(NORMAL_BFLOAT16, bf16, normals(words, numbers))

__device__ inline double fraction(const Words& words, int k) { // 53 bits of two words, the second one higher
    return (double) (i64) (((u64) words.w[k + 1] << 32 | words.w[k]) >> 11) * 1.1102230246251565e-16;
}

extern "C" __global__ void UNIFORM_FLOAT64(i64 key, i64 position, double* out, i64 n) {
    for EACH(b, (n + 1) / 2) {
        Words words = philox((u64) key, (u64) (position + b));
        for (int k = 0; k < 2; k++) if (2 * b + k < n) out[2 * b + k] = fraction(words, 2 * k);
    }
}

extern "C" __global__ void NORMAL_FLOAT64(i64 key, i64 position, double* out, i64 n) {
    for EACH(b, (n + 1) / 2) {
        Words words = philox((u64) key, (u64) (position + b));
        double radius = sqrt(-2 * log(1 - fraction(words, 0))), angle = 6.283185307179586 * fraction(words, 2);
        out[2 * b] = radius * cos(angle);
        if (2 * b + 1 < n) out[2 * b + 1] = radius * sin(angle);
    }
}

extern "C" __global__ void BITS_INT32(i64 key, i64 position, int* out, i64 n) {
    for EACH(b, (n + 3) / 4) {
        Words words = philox((u64) key, (u64) (position + b));
        for (int k = 0; k < 4; k++) if (4 * b + k < n) out[4 * b + k] = (int) words.w[k];
    }
}
