// Optimizer steps, moving averages and norms over many tensors in one launch. The tensors' addresses travel as an argument
// of the launch: nothing is copied to the card for it, and a captured graph holds them.

typedef ELEMENT T;
typedef Wide<T>::type A;

const int MOST = TENSORS; // tensors a launch: as many as its arguments hold
const i64 CHUNK = 4096; // elements a block does at a time

// firstChunk: number of chunks of the tensors before
struct Tensors { i64 address[4][MOST], size[MOST], firstChunk[MOST]; };

__device__ inline T* tensor(const Tensors& t, int which, int i) { return (T*) t.address[which][i]; }

// For every element of every tensor that is this thread's turn: body(tensor, element, chunk).
template <class Body> __device__ void eachElement(const Tensors& t, i64 tensors, i64 chunks, Body body) {
    for (i64 chunk = blockIdx.x; chunk < chunks; chunk += gridDim.x) {
        int low = 0, high = (int) tensors - 1;
        while (low < high) { // the last one that begins at or before this chunk
            int middle = (low + high + 1) / 2;
            if (t.firstChunk[middle] <= chunk) low = middle;
            else high = middle - 1;
        }
        i64 first = (chunk - t.firstChunk[low]) * CHUNK;
        i64 end = first + CHUNK < t.size[low] ? first + CHUNK : t.size[low];
        for (i64 i = first + threadIdx.x; i < end; i += blockDim.x) body(low, i);
    }
}

// The factor on gradients, 1 if there is none; false where it is not finite: then nothing may change.
__device__ inline bool usable(const double* factor, A& scale) {
    scale = factor ? (A) *factor : A(1);
    return scale - scale == 0;
}

extern "C" __global__ void SGD(
        Tensors t, i64 tensors, i64 chunks, double rate, double momentum, double decay, int nesterov, const double* factor) {
    A scale;
    if (!usable(factor, scale)) return;
    eachElement(t, tensors, chunks, [&](int k, i64 i) {
        T *p = tensor(t, 0, k) + i, *g = tensor(t, 1, k) + i;
        A x = widen(*p), d = scale * widen(*g) + (A) decay * x, u = d;
        if (momentum != 0) {
            T* state = tensor(t, 2, k) + i;
            u = (A) momentum * widen(*state) + d;
            *state = To<T>::of(u);
            if (nesterov) u = d + (A) momentum * u;
        }
        *p = To<T>::of(x - (A) rate * u);
    });
}

extern "C" __global__ void ADAM(
        Tensors t, i64 tensors, i64 chunks, double rate, double beta1, double beta2, double eps, double decay, int decoupled,
        double correction1, double correction2, const double* factor) {
    A scale;
    if (!usable(factor, scale)) return;
    A stepSize = (A) (rate / correction1), root = (A) (1 / sqrt(correction2)), keep1 = (A) beta1, take1 = (A) (1 - beta1);
    A keep2 = (A) beta2, take2 = (A) (1 - beta2);
    eachElement(t, tensors, chunks, [&](int k, i64 i) {
        T *p = tensor(t, 0, k) + i, *g = tensor(t, 1, k) + i, *first = tensor(t, 2, k) + i, *second = tensor(t, 3, k) + i;
        A x = widen(*p), d = scale * widen(*g) + (decoupled ? A(0) : (A) decay * x);
        A m = keep1 * widen(*first) + take1 * d, v = keep2 * widen(*second) + take2 * d * d;
        *first = To<T>::of(m);
        *second = To<T>::of(v);
        *p = To<T>::of(x - stepSize * m / (sqrt(v) * root + (A) eps) - (decoupled ? (A) (rate * decay) * x : A(0)));
    });
}

extern "C" __global__ void RMSPROP(
        Tensors t, i64 tensors, i64 chunks, double rate, double alpha, double eps, double momentum, double decay, const double* factor) {
    A scale;
    if (!usable(factor, scale)) return;
    eachElement(t, tensors, chunks, [&](int k, i64 i) {
        T *p = tensor(t, 0, k) + i, *g = tensor(t, 1, k) + i, *second = tensor(t, 2, k) + i;
        A x = widen(*p), d = scale * widen(*g) + (A) decay * x;
        A v = (A) alpha * widen(*second) + (A) (1 - alpha) * d * d, u = d / (sqrt(v) + (A) eps);
        *second = To<T>::of(v);
        if (momentum != 0) {
            T* state = tensor(t, 3, k) + i;
            u = (A) momentum * widen(*state) + u;
            *state = To<T>::of(u);
        }
        *p = To<T>::of(x - (A) rate * u);
    });
}

extern "C" __global__ void LION(
        Tensors t, i64 tensors, i64 chunks, double rate, double beta1, double beta2, double decay, const double* factor) {
    A scale;
    if (!usable(factor, scale)) return;
    eachElement(t, tensors, chunks, [&](int k, i64 i) {
        T *p = tensor(t, 0, k) + i, *g = tensor(t, 1, k) + i, *first = tensor(t, 2, k) + i;
        A x = widen(*p), d = scale * widen(*g), m = widen(*first), c = (A) beta1 * m + (A) (1 - beta1) * d;
        A sign = c > 0 ? A(1) : c < 0 ? A(-1) : c;
        *p = To<T>::of(x - (A) rate * (sign + (A) decay * x));
        *first = To<T>::of((A) beta2 * m + (A) (1 - beta2) * d);
    });
}

// target ← target + weight·(source − target), exact at weight 1
extern "C" __global__ void LERP(Tensors t, i64 tensors, i64 chunks, double weight) {
    eachElement(t, tensors, chunks, [&](int k, i64 i) {
        T *to = tensor(t, 0, k) + i, *from = tensor(t, 1, k) + i;
        *to = To<T>::of((A) (1 - weight) * widen(*to) + (A) weight * widen(*from));
    });
}

// One partial sum of squares a block, in float64: squares of large float32 numbers overflow theirs.
extern "C" __global__ void SQUARES(Tensors t, i64 tensors, i64 chunks, double* parts) {
    __shared__ double spare[32];
    double sum = 0;
    eachElement(t, tensors, chunks, [&](int k, i64 i) {
        double x = widen(tensor(t, 0, k)[i]);
        sum += x * x;
    });
    sum = reduceTeam<Add>(team(true), sum, spare);
    if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}

extern "C" __global__ void TOTAL(const double* parts, double* total, i64 n) {
    __shared__ double spare[32];
    double sum = 0;
    for (i64 i = threadIdx.x; i < n; i += blockDim.x) sum += parts[i];
    sum = reduceTeam<Add>(team(true), sum, spare);
    if (threadIdx.x == 0) *total = sum;
}
