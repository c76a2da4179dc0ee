// Functions of one number, one kernel each, for elements of type T.

typedef ELEMENT T;
typedef Wide<T>::type A;

#define KERNELS(F)                                                                                                       \
    extern "C" __global__ void F##_value(const T* x, T* y, double a, double b, i64 n) {                                  \
        for EACH(i, n) y[i] = To<T>::of(F<A>::value(widen(x[i]), (A) a, (A) b));                                         \
    }                                                                                                                    \
    extern "C" __global__ void F##_slope(const T* x, const T* y, const T* dy, T* dx, double a, double b, i64 n) {        \
        for EACH(i, n) dx[i] = To<T>::of(widen(dy[i]) * F<A>::slope(widen(x[i]), widen(y[i]), (A) a, (A) b));            \
    }

FOR_ALL_FUNCTIONS(KERNELS)
