// What both kinds of attention kernels know: sizes, and the logits of a query and a key.
//
// q (B·H, T, D), k (B·H, S, D), v (B·H, S, E); D and E up to 128.

typedef ELEMENT T;

// Steps of the mask along its axes, 0 where it repeats.
struct Heads { i64 batch, heads, queries, keys, depth, width, mask[4]; double scale; };

__device__ inline const T* maskOf(const T* mask, const Heads& p, i64 head) {
    return mask ? mask + head / p.heads * p.mask[0] + head % p.heads * p.mask[1] : mask;
}

__device__ inline float logit(float product, const T* mask, const Heads& p, i64 query, i64 key) {
    if (query >= p.queries || key >= p.keys) return -infinity();
    return (float) p.scale * product + (mask ? widen(mask[query * p.mask[2] + key * p.mask[3]]) : 0.f);
}
