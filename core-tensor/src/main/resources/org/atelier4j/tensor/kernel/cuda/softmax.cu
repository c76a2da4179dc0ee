// Softmax and its logarithm over rows of length n; a warp or a block a row.

typedef ELEMENT T;
typedef Wide<T>::type A;

extern "C" __global__ void softmax(const T* x, T* out, i64 n, i64 rows, int log_, int wide) {
    __shared__ A spare[32];
    Team t = team(wide);
    for (i64 row = t.row; row < rows; row += t.rows) {
        const T* from = x + row * n;
        T* to = out + row * n;
        A top = -infinity();
        for (i64 i = t.rank; i < n; i += t.size) top = Max::of(top, (A) widen(from[i]));
        top = reduceTeam<Max>(t, top, spare);
        A sum = 0;
        for (i64 i = t.rank; i < n; i += t.size) sum += exp(widen(from[i]) - top);
        sum = reduceTeam<Add>(t, sum, spare);
        if (log_) {
            A shift = log(sum);
            for (i64 i = t.rank; i < n; i += t.size) to[i] = To<T>::of(widen(from[i]) - top - shift);
        } else {
            for (i64 i = t.rank; i < n; i += t.size) to[i] = To<T>::of(exp(widen(from[i]) - top) / sum);
        }
    }
}

// dx = y (dy − Σ dy y), for the logarithm dx = dy − eʸ Σ dy
extern "C" __global__ void softmaxSlope(const T* y, const T* dy, T* dx, i64 n, i64 rows, int log_, int wide) {
    __shared__ A spare[32];
    Team t = team(wide);
    for (i64 row = t.row; row < rows; row += t.rows) {
        i64 first = row * n;
        A dot = 0;
        for (i64 i = t.rank; i < n; i += t.size) dot += widen(dy[first + i]) * (log_ ? A(1) : widen(y[first + i]));
        dot = reduceTeam<Add>(t, dot, spare);
        for (i64 i = t.rank; i < n; i += t.size) {
            A d = widen(dy[first + i]), v = widen(y[first + i]);
            dx[first + i] = To<T>::of(log_ ? d - exp(v) * dot : v * (d - dot));
        }
    }
}
