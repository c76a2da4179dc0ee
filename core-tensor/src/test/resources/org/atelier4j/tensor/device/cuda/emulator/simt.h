// What CUDA C++ finds where the tests run it on the CPU: the text of a .cu file is compiled behind this header. machine.h,
// compiled apart, runs the threads and is what these words call.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

using namespace std; // exp(float), exp(double), … are overloads, as in CUDA

#define EMULATED 1
#define __device__
#define __host__
#define __constant__ static const
#define __forceinline__ inline
#define __restrict__
#define __launch_bounds__(...)
// Shared memory lies in a section of its own, which is poisoned before every block. (Only in kernels, not in templates.)
#define __shared__ static __attribute__((section("simt_shared")))

struct dim3 { unsigned x, y, z; };
struct float2 { float x, y; };
struct float4 { float x, y, z, w; };
struct int2 { int x, y; };
struct uint4 { unsigned x, y, z, w; };
extern dim3 threadIdx, blockIdx, blockDim, gridDim;
constexpr int warpSize = 32;

// --- the machine ------------------------------------------------------------------------------------------------------

namespace simt {

unsigned linear(); // number of this thread within its block
void meetBlock(int line);
bool anyOfBlock(bool truth, int line);
void meetWarp(int line);
uint64_t exchange(uint64_t bits, unsigned from, int line); // what another lane of the warp offers
void atomic(const void* p, unsigned bytes); // says that the next access to these bytes is one
void copyAsync16(void* to, const void* from);
void endCopies();
void awaitCopies(unsigned pending);
void loadMatrices(unsigned (&r)[4], const void* row, bool turned, int line);
void mma(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1, bool pairs, int line);

// Runs a grid (three numbers) of blocks (three numbers); null, or what failed.
const char* run(const char* kernel, const unsigned* g, void (*body)(void*), void* argument, char* shared, char* sharedEnd);

extern "C" char __start_simt_shared[] __attribute__((weak, visibility("hidden")));
extern "C" char __stop_simt_shared[] __attribute__((weak, visibility("hidden")));

template <class... A, size_t... I>
const char* launch(const char* name, void (*k)(A...), void** p, const unsigned* g, index_sequence<I...>) {
    auto call = [=] { k(*(remove_reference_t<A>*) p[I]...); };
    return run(name, g, [](void* c) { (*(decltype(call)*) c)(); }, &call, __start_simt_shared, __stop_simt_shared);
}
template <class... A> const char* launch(const char* name, void (*k)(A...), void** p, const unsigned* g) {
    return launch(name, k, p, g, index_sequence_for<A...>{});
}

template <class T> T exchanged(T v, unsigned from, int line) {
    static_assert(sizeof(T) <= 8, "shuffles move up to 8 bytes");
    uint64_t bits = 0;
    memcpy(&bits, &v, sizeof v);
    bits = exchange(bits, from & 31, line);
    memcpy(&v, &bits, sizeof v);
    return v;
}

} // namespace simt

// --- what CUDA offers -------------------------------------------------------------------------------------------------

// Part of whoever calls it, so that failures tell the line of the kernel.
#define WORD inline __attribute__((always_inline))

WORD void __syncthreads(int line = __builtin_LINE()) { simt::meetBlock(line); }
WORD int __syncthreads_or(int truth, int line = __builtin_LINE()) { return simt::anyOfBlock(truth, line); }
WORD void __syncwarp(unsigned = ~0u, int line = __builtin_LINE()) { simt::meetWarp(line); }
template <class T> T __shfl_sync(unsigned, T v, int lane, int = 32, int line = __builtin_LINE()) { return simt::exchanged(v, lane, line); }
template <class T> T __shfl_xor_sync(unsigned, T v, int mask, int = 32, int line = __builtin_LINE()) { return simt::exchanged(v, (simt::linear() & 31) ^ mask, line); }
template <class T> T __shfl_down_sync(unsigned, T v, int d, int = 32, int line = __builtin_LINE()) { unsigned l = simt::linear() & 31; return simt::exchanged(v, l + d < 32 ? l + d : l, line); }
template <class T> T __shfl_up_sync(unsigned, T v, int d, int = 32, int line = __builtin_LINE()) { int l = simt::linear() & 31; return simt::exchanged(v, l - d >= 0 ? l - d : l, line); }

// The access itself is not looked at: simt::atomic has been told.
template <class T, class F> __attribute__((noinline, no_sanitize("thread"))) T simtChange(T* p, F f) { T old = *p; *p = f(old); return old; }
template <class T, class F> WORD T simtAtomic(T* p, F f) { simt::atomic(p, sizeof(T)); return simtChange(p, f); }
template <class T> WORD T atomicAdd(T* p, T v) { return simtAtomic(p, [=](T o) { return (T) (o + v); }); }
template <class T> WORD T atomicSub(T* p, T v) { return simtAtomic(p, [=](T o) { return (T) (o - v); }); }
template <class T> WORD T atomicMax(T* p, T v) { return simtAtomic(p, [=](T o) { return o > v ? o : v; }); }
template <class T> WORD T atomicMin(T* p, T v) { return simtAtomic(p, [=](T o) { return o < v ? o : v; }); }
template <class T> WORD T atomicExch(T* p, T v) { return simtAtomic(p, [=](T) { return v; }); }
template <class T> WORD T atomicAnd(T* p, T v) { return simtAtomic(p, [=](T o) { return o & v; }); }
template <class T> WORD T atomicOr(T* p, T v) { return simtAtomic(p, [=](T o) { return o | v; }); }
template <class T> WORD T atomicXor(T* p, T v) { return simtAtomic(p, [=](T o) { return o ^ v; }); }
template <class T> WORD T atomicCAS(T* p, T expected, T v) { return simtAtomic(p, [=](T o) { return o == expected ? v : o; }); }
inline void __threadfence() {}
template <class T> T __ldg(const T* p) { return *p; }
inline float rsqrt(float x) { return 1 / sqrtf(x); }
inline double rsqrt(double x) { return 1 / sqrt(x); }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fsqrt_rn(float a) { return sqrtf(a); }
inline unsigned __umulhi(unsigned a, unsigned b) { return (uint64_t) a * b >> 32; }
inline float __int_as_float(int x) { float f; memcpy(&f, &x, 4); return f; }
inline float __uint_as_float(unsigned x) { float f; memcpy(&f, &x, 4); return f; }
inline int __float_as_int(float x) { int i; memcpy(&i, &x, 4); return i; }
inline unsigned __float_as_uint(float x) { unsigned i; memcpy(&i, &x, 4); return i; }
inline int min(int a, int b) { return a < b ? a : b; }
inline int max(int a, int b) { return a > b ? a : b; }
inline long long min(long long a, long long b) { return a < b ? a : b; }
inline long long max(long long a, long long b) { return a > b ? a : b; }

// --- what instructions.cu offers --------------------------------------------------------------------------------------

WORD void copyAsync16(void* to, const void* from, bool exists) { simt::copyAsync16(to, exists ? from : nullptr); }
inline void copiesBegun() { simt::endCopies(); }
template <int PENDING> WORD void awaitCopies() { simt::awaitCopies(PENDING); }
WORD void loadMatrices(unsigned (&r)[4], const void* row, int line = __builtin_LINE()) { simt::loadMatrices(r, row, false, line); }
WORD void loadMatricesTurned(unsigned (&r)[4], const void* row, int line = __builtin_LINE()) { simt::loadMatrices(r, row, true, line); }
inline unsigned toTf32(float x) { // to nearest, ties away from zero; the rest is kept 0
    unsigned bits = __float_as_uint(x);
    return (bits & 0x7f800000u) == 0x7f800000u ? bits : (bits + 0x1000u) & ~0x1fffu;
}
inline unsigned bf16Bits(float x) { // to nearest, ties to even
    unsigned b = __float_as_uint(x);
    return (b & 0x7fffffffu) > 0x7f800000u ? 0x7fffu : (b + 0x7fffu + (b >> 16 & 1u)) >> 16;
}
inline unsigned toBf16Pair(float low, float high) { return bf16Bits(high) << 16 | bf16Bits(low); }
inline void mmaTf32(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1, int line = __builtin_LINE()) { simt::mma(c, a, b0, b1, false, line); }
inline void mmaBf16(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1, int line = __builtin_LINE()) { simt::mma(c, a, b0, b1, true, line); }
