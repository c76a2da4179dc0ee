// A formula of each element in one pass over memory, for elements of type T. The host writes FORMULA: statements that make
// y[0] … from x[0] … and the numbers p[0] … by the functions of functions.cu, and tells how many there are of each.

typedef ELEMENT T;
typedef Wide<T>::type A;

struct alignas(8) Number {
    A value;
    __device__ operator A() const { return value; }
};
struct Operands { T* out[OUTPUTS]; const T* in[INPUTS]; i64 size; Axes axes[INPUTS]; Number numbers[NUMBERS]; };

__device__ inline void formula(const A (&x)[INPUTS], const Number* p, A (&y)[OUTPUTS]) { FORMULA }

// What one thread reads and writes at a time.
template <int WIDTH> struct alignas(WIDTH * sizeof(T)) Pack { T at[WIDTH]; };

template <int WIDTH> __device__ void run(const Operands& o) {
    typedef Pack<WIDTH> P;
    for EACH(i, o.size / WIDTH) {
        P in[INPUTS], out[OUTPUTS];
#pragma unroll
        for (int j = 0; j < INPUTS; j++) {
            if (o.axes[j].rank == 1 && o.axes[j].step[0] == 1) { // as the results lie
                in[j] = ((const P*) o.in[j])[i];
            } else {
#pragma unroll
                for (int k = 0; k < WIDTH; k++) in[j].at[k] = o.in[j][offsetOf(o.axes[j], i * WIDTH + k)];
            }
        }
#pragma unroll
        for (int k = 0; k < WIDTH; k++) {
            A x[INPUTS], y[OUTPUTS];
#pragma unroll
            for (int j = 0; j < INPUTS; j++) x[j] = widen(in[j].at[k]);
            formula(x, o.numbers, y);
#pragma unroll
            for (int j = 0; j < OUTPUTS; j++) out[j].at[k] = To<T>::of(y[j]);
        }
#pragma unroll
        for (int j = 0; j < OUTPUTS; j++) ((P*) o.out[j])[i] = out[j];
    }
}

extern "C" __global__ void evaluate(Operands o) { run<1>(o); }
extern "C" __global__ void evaluateWide(Operands o) { run<16 / sizeof(T)>(o); } // 16 bytes at a time
