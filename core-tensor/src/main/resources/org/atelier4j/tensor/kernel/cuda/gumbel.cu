// Softmax of (logits + Gumbel noise)/τ over rows of length n, and the index of the first largest weight; a warp or a block a
// row. The noise is never in memory, and what a row's weights are made of stands in their own place. Every number is rounded
// where separate kernels would have written it, and sums have the order of softmax.cu, so the bits are theirs.

typedef ELEMENT T;
typedef Wide<T>::type A;

// A number of the standard Gumbel law from 32 random bits; u = 0 would give −∞.
__device__ inline float gumbel(u32 word) {
    float u = (float) (word >> 8) * 5.9604644775390625e-8f; // 2⁻²⁴
    return -log(-log(u < 2.98023223876953125e-8f ? 2.98023223876953125e-8f : u)); // 2⁻²⁵
}

extern "C" __global__ void gumbelSoftmax(
        i64 key, i64 position, const double* temperature, const T* logits, T* out, int* largest, i64 n, i64 rows, int wide) {
    __shared__ A spare[32];
    __shared__ i64 indices[32];
    A scale = (A) (1 / *temperature);
    Team t = team(wide);
    for (i64 row = t.row; row < rows; row += t.rows) {
        i64 first = row * n;
        const T* from = logits + first;
        T* to = out + first;
        A top = -infinity();
        for (i64 block = first / 4 + t.rank; 4 * block < first + n; block += t.size) {
            Words words = philox((u64) key, (u64) (position + block));
            for (int k = 0; k < 4; k++) {
                i64 i = 4 * block + k - first;
                if (i >= 0 && i < n) { // the first and the last block of a row may belong to its neighbours too
                    A noise = widen(To<T>::of(gumbel(words.w[k])));
                    A sum = widen(To<T>::of(widen(from[i]) + noise));
                    to[i] = To<T>::of(scale * sum);
                    top = Max::of(top, (A) widen(to[i]));
                }
            }
        }
        __syncwarp(); // others read what this thread wrote; a whole block meets in reduceTeam
        top = reduceTeam<Max>(t, top, spare);
        A total = 0;
        for (i64 i = t.rank; i < n; i += t.size) total += exp(widen(to[i]) - top);
        total = reduceTeam<Add>(t, total, spare);
        A most = -1;
        i64 where = n;
        for (i64 i = t.rank; i < n; i += t.size) {
            to[i] = To<T>::of(exp(widen(to[i]) - top) / total);
            if (widen(to[i]) > most) {
                most = widen(to[i]);
                where = i;
            }
        }
        A best = reduceTeam<Max>(t, most, spare);
        where = reduceTeam<Min>(t, most == best ? where : n, indices);
        if (t.rank == 0) largest[row] = where < n ? (int) where : 0; // all of a row are NaN, or none
    }
}
