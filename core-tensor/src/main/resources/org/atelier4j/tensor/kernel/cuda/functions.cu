// The functions of one number: value, and slope from x or from y = f(x), whichever is cheaper. a and b are constants.

#define FUNCTION(NAME, VALUE, SLOPE)                                                                                     \
    template <class A> struct NAME {                                                                                     \
        static __device__ A value(A x, A a, A b) { return VALUE; }                                                       \
        static __device__ A slope(A x, A y, A a, A b) { return SLOPE; }                                                  \
    };

template <class A> __device__ A sigmoid(A x) { // e⁻ˣ would overflow for negative x
    A e = exp(-fabs(x));
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}
template <class A> __device__ A cdf(A x) { return A(0.5) * erfc(x * A(-0.70710678118654752440)); }
template <class A> __device__ A bell(A x) { return exp(A(-0.5) * x * x); }
template <class A> __device__ A geluTanh(A x) { return tanh(A(0.79788456080286535588) * (x + A(0.044715) * x * x * x)); }
template <class A> __device__ A geluTanhSlope(A x) {
    A t = geluTanh(x);
    return A(0.5) * (1 + t) + A(0.5) * x * (1 - t * t) * A(0.79788456080286535588) * (1 + A(3 * 0.044715) * x * x);
}
template <class A> __device__ A signOf(A x) { return x > 0 ? A(1) : x < 0 ? A(-1) : x; }

FUNCTION(AFFINE, a * x + b, a)
FUNCTION(RELU, x > 0 || x != x ? x : A(0), x > 0 ? A(1) : A(0))
FUNCTION(LEAKY_RELU, x > 0 ? x : a * x, x > 0 ? A(1) : a)
FUNCTION(ELU, x > 0 ? x : a * expm1(x), x > 0 ? A(1) : a * exp(x))
FUNCTION(SIGMOID, sigmoid(x), y * (1 - y))
FUNCTION(SILU, x * sigmoid(x), sigmoid(x) * (1 + x * (1 - sigmoid(x))))
FUNCTION(GELU, x * cdf(x), cdf(x) + x * bell(x) * A(0.39894228040143267794))
FUNCTION(GELU_TANH, A(0.5) * x * (1 + geluTanh(x)), geluTanhSlope(x))
FUNCTION(TANH, tanh(x), 1 - y * y)
FUNCTION(SOFTPLUS, (x > 0 || x != x ? x : A(0)) + log1p(exp(-fabs(x))), sigmoid(x))
FUNCTION(EXP, exp(x), y)
FUNCTION(LOG, log(x), 1 / x)
FUNCTION(SQRT, sqrt(x), A(0.5) / y)
FUNCTION(RSQRT, 1 / sqrt(x), A(-0.5) * y / x)
FUNCTION(RECIPROCAL, 1 / x, -y * y)
FUNCTION(SQUARE, x * x, 2 * x)
FUNCTION(POW, pow(x, a), a == 0 ? A(0) : a * pow(x, a - 1))
FUNCTION(ABS, fabs(x), signOf(x))
FUNCTION(SIGN, signOf(x), A(0))
FUNCTION(FLOOR, floor(x), A(0))
FUNCTION(ROUND, rint(x), A(0))
FUNCTION(CLAMP, x < a ? a : x > b ? b : x, x >= a && x <= b ? A(1) : A(0))
FUNCTION(SIN, sin(x), cos(x))
FUNCTION(COS, cos(x), -sin(x))
FUNCTION(ERF, erf(x), A(1.12837916709551257390) * exp(-x * x))

#define FOR_ALL_FUNCTIONS(X)                                                                                             \
    X(AFFINE) X(RELU) X(LEAKY_RELU) X(ELU) X(SIGMOID) X(SILU) X(GELU) X(GELU_TANH) X(TANH) X(SOFTPLUS) X(EXP) X(LOG)      \
    X(SQRT) X(RSQRT) X(RECIPROCAL) X(SQUARE) X(POW) X(ABS) X(SIGN) X(FLOOR) X(ROUND) X(CLAMP) X(SIN) X(COS) X(ERF)
