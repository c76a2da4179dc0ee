// Runs CUDA kernels on the CPU: each CUDA thread is a fiber (a stack of its own, switched by hand), and one block runs at a
// time. A thread runs until it must wait at a barrier, then the next one does; a thread that never waits costs no stack of
// its own.
//
// What a test learns: wrong indices (guard pages around allocations), uninitialized memory (poison), barriers that not all
// threads reach ("stuck"), or reach at different lines, data races (races.h), and wrong results. Not: speed.
#include <sys/mman.h>
#include <unistd.h>
#include <algorithm>
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>
#include "simt.h"

dim3 threadIdx, blockIdx, blockDim, gridDim;

// --- failures ---------------------------------------------------------------------------------------------------------

namespace simt {

static const char* kernel;
static std::string message;
static sigjmp_buf escape;
static thread_local bool emulating;
static struct sigaction formerAction;

[[noreturn]] static void abandon(std::string what) {
    message = std::move(what);
    siglongjmp(escape, 1);
}

[[noreturn]] static void fail(const std::string& what) {
    auto text = [](const dim3& d) { return "(" + std::to_string(d.x) + ", " + std::to_string(d.y) + ", " + std::to_string(d.z) + ")"; };
    abandon(what + " in kernel " + kernel + ", block " + text(blockIdx) + ", thread " + text(threadIdx));
}

static void onFault(int signal, siginfo_t* info, void* context) {
    if (emulating) {
        char what[80];
        snprintf(what, sizeof what, "access out of bounds at %p", info->si_addr);
        fail(what);
    }
    if (formerAction.sa_flags & SA_SIGINFO) formerAction.sa_sigaction(signal, info, context);
    else if (formerAction.sa_handler != SIG_IGN && formerAction.sa_handler != SIG_DFL) formerAction.sa_handler(signal);
    else abort();
}

} // namespace simt

#include "races.h"

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
    unsigned first, end; // its threads
    unsigned members, arrived, turn;
    bool orders; // what its threads do in memory
    int line; // of the first to arrive
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
static void (*body)(void*);
static void* argument;

unsigned linear() { return now->linear; }

// --- barriers ---------------------------------------------------------------------------------------------------------

static void open(Barrier& b) {
    if (b.arrived < b.members) return;
    b.arrived = 0;
    b.turn++;
    if (!b.orders) return;
    races::tick();
    for (unsigned i = b.first; i < b.end; i++)
        if (fibers[i].state != DONE) (&b == &whole ? races::metAll : races::metWarp)(i);
}

// What lanes of a warp do together is meant for all of them: cards do not say what happens if one has returned.
static void requireAll(const Barrier& b, unsigned members) {
    if (&b != &whole && members < b.end - b.first) fail("a lane of the warp has returned, which the others wait for");
}

static void meet(Barrier& b, int line, bool orders) {
    requireAll(b, b.members);
    if (b.arrived == 0) {
        b.line = line;
        b.orders = orders;
    }
    if (b.line != line) fail("threads meet at different barriers (lines " + std::to_string(b.line) + " and " + std::to_string(line) + ")");
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

void meetBlock(int line) { meet(whole, line, true); }
bool anyOfBlock(bool truth, int line) {
    static bool any;
    meetBlock(line);
    any = false;
    meetBlock(line);
    any |= truth;
    meetBlock(line);
    return any;
}
void meetWarp(int line) { meet(warps[linear() / 32], line, true); }
static void exchangeAt(int line) { meet(warps[linear() / 32], line, false); } // registers only

// A thread that has returned no longer counts.
static void leave(Barrier& b) {
    b.members--;
    if (b.arrived) requireAll(b, b.members);
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

// --- what warps do together -------------------------------------------------------------------------------------------

static uint64_t lanes[THREADS / 32][32]; // what each lane of each warp offers in a shuffle

uint64_t exchange(uint64_t bits, unsigned from, int line) {
    uint64_t* own = lanes[linear() / 32];
    own[linear() % 32] = bits;
    exchangeAt(line);
    uint64_t r = own[from];
    exchangeAt(line);
    return r;
}

static void aligned(const void* p, const char* what) { if ((uintptr_t) p % 16) fail(what); }

static const char* rows[THREADS / 32][32];

void loadMatrices(unsigned (&r)[4], const void* row, bool turned, int line) {
    aligned(row, "ldmatrix takes rows at multiples of 16 bytes");
    unsigned warp = linear() / 32, lane = linear() % 32;
    rows[warp][lane] = (const char*) row;
    exchangeAt(line);
    for (int m = 0; m < 4; m++) {
        unsigned short pair[2];
        for (unsigned i = 0; i < 2; i++) {
            unsigned at = turned ? lane % 4 * 2 + i : lane / 4, column = turned ? lane / 4 : lane % 4 * 2 + i;
            const char* from = rows[warp][m * 8 + at] + 2 * column;
            if (turned) races::access(races::READ, from, 2, __builtin_return_address(0)); // by whom it goes to
            else if (i == 0) races::access(races::READ, from, 4, __builtin_return_address(0));
            memcpy(&pair[i], from, 2);
        }
        memcpy(&r[m], pair, 4);
    }
    exchangeAt(line);
}

static unsigned offered[THREADS / 32][32][6]; // fragments of A and B

static float bf16At(unsigned pair, int half) { return __uint_as_float(half ? pair & 0xffff0000u : pair << 16); }
static float tf32At(unsigned bits) { return __uint_as_float(bits & ~0x1fffu); } // tensor cores do not look at the last 13 bits

// PER: elements in a register, 2 for bf16 (K = 16) and 1 for tf32 (K = 8). The layouts are those of the PTX ISA.
template <int PER> static void multiply(float (&c)[4], const unsigned (*offered)[6], unsigned lane) {
    auto element = [](unsigned bits, int part) { return PER == 2 ? bf16At(bits, part) : tf32At(bits); };
    for (int i = 0; i < 4; i++) {
        int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
        for (int k = 0; k < 8 * PER; k++) {
            int inHalf = k % (4 * PER), half = k / (4 * PER), t = inHalf / PER, part = inHalf % PER;
            float x = element(offered[row % 8 * 4 + t][row / 8 + 2 * half], part);
            float y = element(offered[column * 4 + t][4 + half], part);
            c[i] += x * y;
        }
    }
}

void mma(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1, bool pairs, int line) {
    unsigned warp = linear() / 32, lane = linear() % 32;
    unsigned own[6] = {a[0], a[1], a[2], a[3], b0, b1};
    memcpy(offered[warp][lane], own, sizeof own);
    exchangeAt(line);
    (pairs ? multiply<2> : multiply<1>)(c, offered[warp], lane);
    exchangeAt(line);
}

// --- memory -----------------------------------------------------------------------------------------------------------

void atomic(const void* p, unsigned bytes) { races::access(races::ATOMIC, p, bytes, __builtin_return_address(0)); }

// What a thread has asked for happens when it waits, not before: who forgets to wait reads old contents.
struct Copy { void* to; const void* from; };
static std::vector<std::vector<Copy>> groups[THREADS]; // of each thread, the last one not yet ended

void copyAsync16(void* to, const void* from) {
    aligned(to, "cp.async copies to multiples of 16 bytes");
    aligned(from, "cp.async copies from multiples of 16 bytes");
    if (from) races::access(races::READ, from, 16, __builtin_return_address(0));
    races::access(races::COPY, to, 16, __builtin_return_address(0));
    groups[linear()].back().push_back({to, from});
}

void endCopies() { groups[linear()].push_back({}); }

void awaitCopies(unsigned pending) {
    auto& own = groups[linear()];
    for (; own.size() > pending + 1; own.erase(own.begin()))
        for (Copy& c : own.front()) {
            if (c.from) races::access(races::READ, c.from, 16, __builtin_return_address(0));
            races::copied(c.to, 16);
            if (c.from) memcpy(c.to, c.from, 16);
            else memset(c.to, 0, 16);
        }
}

// --- blocks -----------------------------------------------------------------------------------------------------------

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
    races::resume(f.linear, f.stack, STACK);
    simt_switch(&scheduler, f.at);
    if (f.state == DONE) spareStacks[spares++] = f.stack;
}

static void block(char* shared, char* sharedEnd) {
    unsigned n = blockDim.x * blockDim.y * blockDim.z;
    if (shared) memset(shared, 0xff, sharedEnd - shared); // NaN, −1
    races::block(n, shared, sharedEnd);
    whole = {0, n, n};
    for (unsigned w = 0; w * 32 < n; w++) {
        unsigned end = std::min(w * 32 + 32, n);
        warps[w] = {w * 32, end, end - w * 32};
    }
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

const char* run(const char* name, const unsigned* g, void (*call)(void*), void* with, char* shared, char* sharedEnd) {
    kernel = name;
    gridDim = {g[0], g[1], g[2]};
    blockDim = {g[3], g[4], g[5]};
    message.clear();
    if (g[3] * g[4] * g[5] > THREADS || g[3] * g[4] * g[5] == 0) return "a block must have 1 to 1024 threads";
    body = call;
    argument = with;
    struct sigaction action {};
    action.sa_sigaction = onFault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, &formerAction);
    if (sigsetjmp(escape, 1) == 0) {
        emulating = true;
        for (blockIdx.z = 0; blockIdx.z < gridDim.z; blockIdx.z++)
            for (blockIdx.y = 0; blockIdx.y < gridDim.y; blockIdx.y++)
                for (blockIdx.x = 0; blockIdx.x < gridDim.x; blockIdx.x++) block(shared, sharedEnd);
    } else {
        spares = 0; // stacks of unfinished threads are lost with the test
    }
    emulating = false;
    sigaction(SIGSEGV, &formerAction, nullptr);
    return message.empty() ? nullptr : message.c_str();
}

} // namespace simt
