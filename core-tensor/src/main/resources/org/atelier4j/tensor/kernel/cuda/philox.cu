// Philox-4×32-10, the bits of org.atelier4j.tensor.kernel.Philox: block `low` of the stream `key` is four words.

struct Words { u32 w[4]; };

__device__ inline Words philox(u64 key, u64 low) {
    u32 k0 = (u32) key, k1 = (u32) (key >> 32), c0 = (u32) low, c1 = (u32) (low >> 32), c2 = 0, c3 = 0;
    for (int round = 0; round < 10; round++) {
        u64 p0 = (u64) 0xD2511F53u * c0, p1 = (u64) 0xCD9E8D57u * c2;
        u32 n0 = (u32) (p1 >> 32) ^ c1 ^ k0, n2 = (u32) (p0 >> 32) ^ c3 ^ k1;
        c1 = (u32) p1;
        c3 = (u32) p0;
        c0 = n0;
        c2 = n2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    Words words;
    words.w[0] = c0;
    words.w[1] = c1;
    words.w[2] = c2;
    words.w[3] = c3;
    return words;
}
