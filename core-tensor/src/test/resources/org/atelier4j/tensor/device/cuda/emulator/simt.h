// Runs CUDA C++ kernels on the CPU, so that they can be tested without a card. The text of a .cu file is compiled behind
// this header; each CUDA thread is a fiber (a stack of its own, switched by hand), and one block runs at a time.
//
// A thread runs until it must wait at a barrier, then the next one does; a thread that never waits costs no stack of its
// own. What a test learns: wrong indices (guard pages around allocations), uninitialized memory (poison), barriers that
// not all threads reach ("stuck"), or reach at different lines, and wrong results; compiled with -DRACES also data races
// (races.h). Not: speed.
#pragma once
#include <cmath>
#include <csetjmp>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <link.h>
#include <string>
#include <algorithm>
#include <sys/mman.h>
#include <type_traits>
#include <utility>
#include <vector>

using namespace std; // exp(float), exp(double), … are overloads, as in CUDA

#define EMULATED 1
#define __device__
#define __host__
#define __constant__ static const
#define __forceinline__ inline
#define __restrict__
#define __launch_bounds__(...)
#ifdef RACES
#define UNWATCHED __attribute__((no_sanitize("thread"), noinline)) // code that races.h does not look at
#else
#define UNWATCHED
#endif
// Shared memory lies in a section of its own, which is poisoned before every block. (Only in kernels, not in templates.)
#define __shared__ static __attribute__((section("simt_shared")))

struct dim3 { unsigned x, y, z; };
struct float2 { float x, y; };
struct float4 { float x, y, z, w; };
struct int2 { int x, y; };
struct uint4 { unsigned x, y, z, w; };
static dim3 threadIdx, blockIdx, blockDim, gridDim;
constexpr int warpSize = 32;

namespace simt {

// --- fibers -----------------------------------------------------------------------------------------------------------

#if defined(__x86_64__)
extern "C" void simt_switch(void** save, void* load) __attribute__((visibility("hidden")));
asm(R"(
.text
.hidden simt_switch
.type simt_switch, @function
simt_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size simt_switch, .-simt_switch
)");
static void* prepared(char* stackEnd, void (*entry)()) {
    void** top = (void**) stackEnd;
    *--top = nullptr;         // keeps the stack aligned as after a call
    *--top = (void*) entry;   // where "ret" goes
    for (int i = 0; i < 6; i++) *--top = nullptr;
    return top;
}
#else
#error "the emulator's fibers are written for x86-64 only"
#endif

struct Barrier {
    unsigned members, arrived, turn;
    int line; // of the first to arrive
    unsigned fences; // how often it has ordered memory
    bool fence; // whether those that wait now want it to
};

enum State { FRESH, WAITING, DONE };

struct Fiber {
    State state;
    dim3 id;
    unsigned linear;
    char* stack;
    void* at;
    Barrier* barrier;
    unsigned turn;
};

constexpr unsigned THREADS = 1024;
constexpr size_t STACK = 128 << 10;
static Fiber fibers[THREADS];
static char* spareStacks[THREADS];
static unsigned spares;
static Fiber* now;
static void* scheduler;
static Barrier whole, warps[THREADS / 32];
static uint64_t lanes[THREADS / 32][32]; // what each lane of each warp offers in a shuffle
// What a thread has asked for happens when it waits, not before: who forgets to wait reads old contents.
struct Copy { void* to; const void* from; };
static std::vector<std::vector<Copy>> groups[THREADS]; // of each thread, the last one not yet ended
static void (*body)(void*);
static void* argument;
static const char* kernel;

// --- failures ---------------------------------------------------------------------------------------------------------

static char message[512];
static sigjmp_buf escape;
static thread_local bool emulating;
static struct sigaction formerAction;

static void describe(const char* what) {
    snprintf(message, sizeof message, "%s in kernel %s, block (%u, %u, %u), thread (%u, %u, %u)", what, kernel, blockIdx.x,
             blockIdx.y, blockIdx.z, threadIdx.x, threadIdx.y, threadIdx.z);
}

UNWATCHED static void onFault(int signal, siginfo_t* info, void* context) {
    if (emulating) {
        char what[80];
        snprintf(what, sizeof what, "access out of bounds at %p", info->si_addr);
        describe(what);
        siglongjmp(escape, 1);
    }
    if (formerAction.sa_flags & SA_SIGINFO) formerAction.sa_sigaction(signal, info, context);
    else if (formerAction.sa_handler != SIG_IGN && formerAction.sa_handler != SIG_DFL) formerAction.sa_handler(signal);
    else abort();
}

[[noreturn]] static void fail(const char* what) {
    describe(what);
    siglongjmp(escape, 1);
}

// --- barriers ---------------------------------------------------------------------------------------------------------

static void open(Barrier& b) {
    if (b.arrived == b.members) {
        b.arrived = 0;
        b.turn++;
        b.fences += b.fence;
    }
}

static void wait(Barrier& b, int line, bool fence = false) {
    if (b.arrived == 0) b.line = line, b.fence = fence;
    if (b.line != line) {
        char what[120];
        snprintf(what, sizeof what, "threads meet at different barriers (lines %d and %d)", b.line, line);
        fail(what);
    }
    unsigned turn = b.turn;
    b.arrived++;
    open(b);
    if (b.turn == turn) {
        Fiber* me = now;
        me->state = WAITING;
        me->barrier = &b;
        me->turn = turn;
        simt_switch(&me->at, scheduler);
    }
}

// A thread that has returned no longer counts.
static void leave(Barrier& b) {
    b.members--;
    if (b.members) open(b);
}

static void entry() {
    for (;;) {
        body(argument);
        Fiber* me = now;
        me->state = DONE;
        leave(whole);
        leave(warps[me->linear / 32]);
        simt_switch(&me->at, scheduler);
    }
}

static char* takeStack() {
    if (spares) return spareStacks[--spares];
    char* memory = (char*) mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) abort();
    mprotect(memory, 4096, PROT_NONE);
    return memory;
}

static void resume(Fiber& f) {
    if (f.state == FRESH) {
        f.stack = takeStack();
        f.at = prepared(f.stack + STACK, entry);
    }
    now = &f;
    threadIdx = f.id;
    simt_switch(&scheduler, f.at);
    now = nullptr;
    if (f.state == DONE) spareStacks[spares++] = f.stack;
}

extern "C" char __start_simt_shared[] __attribute__((weak, visibility("hidden")));
extern "C" char __stop_simt_shared[] __attribute__((weak, visibility("hidden")));

static unsigned linear() { return now->linear; }

} // namespace simt

#ifdef RACES
#include "races.h"
#else
namespace races { // nothing is watched
enum Kind { READ, WRITE, ATOMIC };
inline void begin() {}
inline void newBlock() {}
inline void touch(void*, size_t, Kind, void*) {}
inline void copyBegins(void*, void*) {}
inline void copyEnds(void*, void*) {}
inline const char* found() { return nullptr; }
}
#endif

namespace simt {

static void block() {
    unsigned n = blockDim.x * blockDim.y * blockDim.z;
    if (__start_simt_shared) memset(__start_simt_shared, 0xff, __stop_simt_shared - __start_simt_shared); // NaN, −1
    races::newBlock();
    whole = {n};
    for (unsigned w = 0; w * 32 < n; w++) warps[w] = {n - w * 32 < 32 ? n - w * 32 : 32};
    for (unsigned i = 0; i < n; i++) {
        fibers[i].state = FRESH;
        fibers[i].linear = i;
        groups[i].assign(1, {});
        fibers[i].id = {i % blockDim.x, i / blockDim.x % blockDim.y, i / blockDim.x / blockDim.y};
    }
    // Every other block is run from its last thread on: a missing barrier then shows whichever side runs first.
    bool backwards = blockIdx.x & 1;
    for (unsigned alive = n; alive;) {
        bool moved = false;
        for (unsigned k = 0; k < n; k++) {
            Fiber& f = fibers[backwards ? n - 1 - k : k];
            if (f.state == DONE || (f.state == WAITING && f.barrier->turn == f.turn)) continue;
            resume(f);
            moved = true;
            if (f.state == DONE) alive--;
        }
        if (!moved) fail("stuck at a barrier that some threads never reach");
    }
}

template <class T> T exchange(T v, unsigned from, int line) {
    static_assert(sizeof(T) <= 8, "shuffles move up to 8 bytes");
    unsigned me = linear(), w = me / 32;
    memcpy(&lanes[w][me % 32], &v, sizeof v);
    wait(warps[w], line);
    T r;
    memcpy(&r, &lanes[w][from & 31], sizeof r);
    wait(warps[w], line);
    return r;
}

// --- asynchronous copies and tensor cores -----------------------------------------------------------------------------


inline std::vector<std::vector<Copy>>& ownGroups() { return groups[linear()]; }

inline void aligned(const void* p, const char* what) { if ((uintptr_t) p % 16) fail(what); }

static unsigned offered[THREADS / 32][32][6]; // fragments of A and B
static const char* rows[THREADS / 32][32];

inline void loadMatrices(unsigned (&r)[4], const void* row, bool turned, int line) {
    aligned(row, "ldmatrix takes rows at multiples of 16 bytes");
    unsigned warp = linear() / 32, lane = linear() % 32;
    rows[warp][lane] = (const char*) row;
    wait(warps[warp], line);
    for (int m = 0; m < 4; m++) {
        unsigned short pair[2];
        for (unsigned i = 0; i < 2; i++) {
            unsigned at = turned ? lane % 4 * 2 + i : lane / 4, column = turned ? lane / 4 : lane % 4 * 2 + i;
            memcpy(&pair[i], rows[warp][m * 8 + at] + 2 * column, 2);
        }
        memcpy(&r[m], pair, 4);
    }
    wait(warps[warp], line);
}

static float bf16At(unsigned pair, int half) {
    unsigned bits = half ? pair & 0xffff0000u : pair << 16;
    float f;
    memcpy(&f, &bits, 4);
    return f;
}
static float tf32At(unsigned bits) { // tensor cores do not look at the last 13 bits
    bits &= ~0x1fffu;
    float f;
    memcpy(&f, &bits, 4);
    return f;
}

// PER: elements in a register, 2 for bf16 (K = 16) and 1 for tf32 (K = 8). The layouts are those of the PTX ISA.
template <int PER> void mma(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1, int line) {
    unsigned warp = linear() / 32, lane = linear() % 32;
    unsigned own[6] = {a[0], a[1], a[2], a[3], b0, b1};
    memcpy(offered[warp][lane], own, sizeof own);
    wait(warps[warp], line);
    auto element = [](unsigned bits, int part) { return PER == 2 ? bf16At(bits, part) : tf32At(bits); };
    for (int i = 0; i < 4; i++) {
        int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
        for (int k = 0; k < 8 * PER; k++) {
            int inHalf = k % (4 * PER), half = k / (4 * PER), t = inHalf / PER, part = inHalf % PER;
            float x = element(offered[warp][row % 8 * 4 + t][row / 8 + 2 * half], part);
            float y = element(offered[warp][column * 4 + t][4 + half], part);
            c[i] += x * y;
        }
    }
    wait(warps[warp], line);
}

// --- launching --------------------------------------------------------------------------------------------------------

template <class Call> const char* run(const char* name, const unsigned* g, Call call) {
    kernel = name;
    gridDim = {g[0], g[1], g[2]};
    blockDim = {g[3], g[4], g[5]};
    message[0] = 0;
    races::begin();
    if (g[3] * g[4] * g[5] > THREADS || g[3] * g[4] * g[5] == 0) return "a block must have 1 to 1024 threads";
    body = [](void* c) { (*(Call*) c)(); };
    argument = &call;
    struct sigaction action {};
    action.sa_sigaction = onFault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, &formerAction);
    if (sigsetjmp(escape, 1) == 0) {
        emulating = true;
        for (blockIdx.z = 0; blockIdx.z < gridDim.z; blockIdx.z++)
            for (blockIdx.y = 0; blockIdx.y < gridDim.y; blockIdx.y++)
                for (blockIdx.x = 0; blockIdx.x < gridDim.x; blockIdx.x++) block();
    } else {
        spares = 0; // stacks of unfinished threads are lost with the test
    }
    emulating = false;
    if (const char* race = races::found()) snprintf(message, sizeof message, "%s", race);
    sigaction(SIGSEGV, &formerAction, nullptr);
    return message[0] ? message : nullptr;
}

template <class... A, size_t... I>
const char* launch(const char* name, void (*k)(A...), void** p, const unsigned* g, index_sequence<I...>) {
    return run(name, g, [=] { k(*(remove_reference_t<A>*) p[I]...); });
}
template <class... A> const char* launch(const char* name, void (*k)(A...), void** p, const unsigned* g) {
    return launch(name, k, p, g, index_sequence_for<A...>{});
}

} // namespace simt

// --- what CUDA offers -------------------------------------------------------------------------------------------------

inline void __syncthreads(int line = __builtin_LINE()) { simt::wait(simt::whole, line, true); }
UNWATCHED inline int __syncthreads_or(int truth, int line = __builtin_LINE()) {
    static int any; // of the one block that runs
    __syncthreads(line);
    any = 0;
    __syncthreads(line);
    if (truth) any = 1;
    __syncthreads(line);
    return any;
}
inline void __syncwarp(unsigned = ~0u, int line = __builtin_LINE()) { simt::wait(simt::warps[simt::linear() / 32], line, true); }
template <class T> T __shfl_sync(unsigned, T v, int lane, int = 32, int line = __builtin_LINE()) { return simt::exchange(v, lane, line); }
template <class T> T __shfl_xor_sync(unsigned, T v, int mask, int = 32, int line = __builtin_LINE()) { return simt::exchange(v, (simt::linear() & 31) ^ mask, line); }
template <class T> T __shfl_down_sync(unsigned, T v, int d, int = 32, int line = __builtin_LINE()) { unsigned l = simt::linear() & 31; return simt::exchange(v, l + d < 32 ? l + d : l, line); }
template <class T> T __shfl_up_sync(unsigned, T v, int d, int = 32, int line = __builtin_LINE()) { int l = simt::linear() & 31; return simt::exchange(v, l - d >= 0 ? l - d : l, line); }

template <class T, class F> UNWATCHED T simtAtomic(T* p, F f) {
    races::touch(p, sizeof(T), races::ATOMIC, __builtin_return_address(0));
    T old = *p;
    *p = f(old);
    return old;
}
template <class T> T atomicAdd(T* p, T v) { return simtAtomic(p, [=](T o) { return (T) (o + v); }); }
template <class T> T atomicSub(T* p, T v) { return simtAtomic(p, [=](T o) { return (T) (o - v); }); }
template <class T> T atomicMax(T* p, T v) { return simtAtomic(p, [=](T o) { return o > v ? o : v; }); }
template <class T> T atomicMin(T* p, T v) { return simtAtomic(p, [=](T o) { return o < v ? o : v; }); }
template <class T> T atomicExch(T* p, T v) { return simtAtomic(p, [=](T) { return v; }); }
template <class T> T atomicAnd(T* p, T v) { return simtAtomic(p, [=](T o) { return o & v; }); }
template <class T> T atomicOr(T* p, T v) { return simtAtomic(p, [=](T o) { return o | v; }); }
template <class T> T atomicXor(T* p, T v) { return simtAtomic(p, [=](T o) { return o ^ v; }); }
template <class T> T atomicCAS(T* p, T expected, T v) { return simtAtomic(p, [=](T o) { return o == expected ? v : o; }); }
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

UNWATCHED inline void copyAsync16(void* to, const void* from, bool exists) {
    simt::aligned(to, "cp.async copies to multiples of 16 bytes");
    simt::aligned(from, "cp.async copies from multiples of 16 bytes");
    races::copyBegins(to, __builtin_return_address(0));
    if (exists) races::touch((void*) from, 16, races::READ, __builtin_return_address(0));
    simt::ownGroups().back().push_back({to, exists ? from : nullptr});
}
inline void copiesBegun() { simt::ownGroups().push_back({}); }
template <int PENDING> UNWATCHED void awaitCopies() {
    auto& groups = simt::ownGroups();
    for (; groups.size() > PENDING + 1; groups.erase(groups.begin()))
        for (simt::Copy& c : groups.front()) {
            races::copyEnds(c.to, __builtin_return_address(0));
            if (c.from) memcpy(c.to, c.from, 16);
            else memset(c.to, 0, 16);
        }
}
inline void loadMatrices(unsigned (&r)[4], const void* row, int line = __builtin_LINE()) { simt::loadMatrices(r, row, false, line); }
inline void loadMatricesTurned(unsigned (&r)[4], const void* row, int line = __builtin_LINE()) { simt::loadMatrices(r, row, true, line); }
inline unsigned toTf32(float x) { // to nearest, ties away from zero; the rest is kept 0
    unsigned bits = __float_as_uint(x);
    return (bits & 0x7f800000u) == 0x7f800000u ? bits : (bits + 0x1000u) & ~0x1fffu;
}
inline unsigned bf16Bits(float x) { // to nearest, ties to even
    unsigned b = __float_as_uint(x);
    return (b & 0x7fffffffu) > 0x7f800000u ? 0x7fffu : (b + 0x7fffu + (b >> 16 & 1u)) >> 16;
}
inline unsigned toBf16Pair(float low, float high) { return bf16Bits(high) << 16 | bf16Bits(low); }
inline void mmaTf32(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1, int line = __builtin_LINE()) { simt::mma<1>(c, a, b0, b1, line); }
inline void mmaBf16(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1, int line = __builtin_LINE()) { simt::mma<2>(c, a, b0, b1, line); }
