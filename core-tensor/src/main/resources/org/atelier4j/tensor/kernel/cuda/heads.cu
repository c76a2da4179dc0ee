// What both kinds of attention kernels know: sizes, and the logits of a query and a key.
//
// q (B·H, T, D), k (B·H, S, D), v (B·H, S, E); D and E up to 128.

typedef ELEMENT T;

// mask: steps along its axes, 0 where it repeats. Query i sees keys up to i + reach: S − T if attention is causal, S if not.
struct Heads { i64 batch, heads, queries, keys, depth, width, reach, mask[4]; double scale; };

__device__ inline const T* maskOf(const T* mask, const Heads& p, i64 head) {
    return mask ? mask + head / p.heads * p.mask[0] + head % p.heads * p.mask[1] : mask;
}

// The logit of a query and a key that it sees.
__device__ inline float logit(float product, const T* mask, const Heads& p, int query, int key) {
    return (float) p.scale * product + (mask ? widen(mask[query * p.mask[2] + key * p.mask[3]]) : 0.f);
}

// The last key that a query sees; −1, which is none, for a query that is not there.
__device__ inline int lastKey(const Heads& p, i64 query) {
    if (query >= p.queries) return -1;
    return (int) (query + p.reach < p.keys ? query + p.reach : p.keys - 1);
}

// The first query that sees a key; T, which is none, for a key that is not there.
__device__ inline int firstQuery(const Heads& p, i64 key) {
    if (key >= p.keys) return (int) p.queries;
    return (int) (key > p.reach ? key - p.reach : 0);
}

// How many keys a block needs whose queries are [first, first + count).
__device__ inline int keysSeen(const Heads& p, i64 first, int count) {
    return lastKey(p, (first + count < p.queries ? first + count : p.queries) - 1) + 1;
}
