// Element type conversions, one kernel for each pair, and fills.

#define PAIR(FROM, TO)                                                                                                   \
    extern "C" __global__ void FROM##_to_##TO(const FROM##_t* x, TO##_t* y, i64 n) {                                     \
        for EACH(i, n) y[i] = To<TO##_t>::of(widen(x[i]));                                                               \
    }

typedef float FLOAT32_t;
typedef double FLOAT64_t;
typedef bf16 BFLOAT16_t;
typedef int INT32_t;
typedef i64 INT64_t;
typedef u8 UINT8_t;
typedef flag BOOL_t;

#define FROM(TYPE)                                                                                                       \
    PAIR(TYPE, FLOAT32) PAIR(TYPE, FLOAT64) PAIR(TYPE, BFLOAT16) PAIR(TYPE, INT32) PAIR(TYPE, INT64) PAIR(TYPE, UINT8)    \
    PAIR(TYPE, BOOL)                                                                                                     \
    extern "C" __global__ void TYPE##_fill(TYPE##_t* x, double value, i64 n) {                                           \
        for EACH(i, n) x[i] = To<TYPE##_t>::of(value);                                                                   \
    }

FROM(FLOAT32) FROM(FLOAT64) FROM(BFLOAT16) FROM(INT32) FROM(INT64) FROM(UINT8) FROM(BOOL)
