// Instructions of compute capability 8.0 and newer that C++ has no words for, by their names in the PTX ISA: copies that
// run beside the threads, matrix fragments from shared memory, products on tensor cores. Sums are float32.
//
// A warp's fragments (PTX ISA, "Matrix fragments for mma.m16n8k16" and "m16n8k8"), with g = lane / 4 and t = lane % 4:
//   A 16 × 16 bf16: register r has row g + 8 (r % 2), columns 2t and 2t + 1 of its half r / 2 of K;
//   A 16 × 8 tf32:  register r has row g + 8 (r % 2), column t + 4 (r / 2);
//   B bf16: register r has rows 2t + 8r and 2t + 1 + 8r of column g; B tf32: row t + 4r of column g;
//   C, D: numbers 0 and 1 are columns 2t and 2t + 1 of row g, numbers 2 and 3 of row g + 8.
#ifndef EMULATED // the tests' emulator brings its own

__device__ inline u32 sharedAddress(const void* p) {
    u32 a;
    asm("{ .reg .u64 t; cvta.to.shared.u64 t, %1; cvt.u32.u64 %0, t; }" : "=r"(a) : "l"(p));
    return a;
}

// Begins to copy 16 bytes from global to shared memory, or to clear them.
__device__ inline void copyAsync16(void* to, const void* from, bool exists) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(sharedAddress(to)), "l"(from), "r"(exists ? 16 : 0) : "memory");
}
__device__ inline void copiesBegun() { asm volatile("cp.async.commit_group;" ::: "memory"); } // ends a group

// Waits for this thread's groups but the last PENDING.
template <int PENDING> __device__ void awaitCopies() { asm volatile("cp.async.wait_group %0;" ::"n"(PENDING) : "memory"); }

// Four matrices of 8 × 8 two-byte elements, of whose rows lane l names that of number l % 8 of matrix l / 8.
__device__ inline void loadMatrices(u32 (&r)[4], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(sharedAddress(row)) : "memory");
}
__device__ inline void loadMatricesTurned(u32 (&r)[4], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(sharedAddress(row)) : "memory");
}

__device__ inline u32 toTf32(float x) { // 10 bits behind the point, to nearest
    u32 y;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(y) : "f"(x));
    return y;
}
__device__ inline u32 toBf16Pair(float low, float high) {
    u32 y;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(y) : "f"(high), "f"(low));
    return y;
}

// c += a · b for 16 × 8 numbers
__device__ inline void mmaTf32(float (&c)[4], const u32 (&a)[4], u32 b0, u32 b1) {
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
__device__ inline void mmaBf16(float (&c)[4], const u32 (&a)[4], u32 b0, u32 b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
#endif
