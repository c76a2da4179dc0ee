// Finds data races in kernels: two accesses to one byte by different threads, at least one of them a write, that nothing
// puts in order, whether or not they changed a result this time. It is what compute-sanitizer's racecheck does for shared
// memory, for global memory too, and what is ordered does not depend on which thread happened to run first.
//
// What puts accesses in order (PTX ISA, "Memory Consistency Model"; CUDA C++ Programming Guide, "Synchronization
// Functions", "Warp Shuffle Functions", "Asynchronous Data Copies"):
//   1. Within a block __syncthreads, within a warp __syncwarp too, if both threads go through it, one after its access and
//      the other before. Shuffles, mma and ldmatrix order nothing. Who has returned goes through no barrier any more.
//   2. Nothing orders blocks of one launch. Launches follow one another, as they share a stream.
//   3. Atomics get along with atomics, not with plain accesses, and order nothing either.
//   4. cp.async writes at any time from when it is issued to when its thread has waited for it. Until then nobody may touch
//      the place, its own thread neither; from then on it is a write of that thread.
//   5. Shared memory of one block is not that of the next one.
//
// How. g++ -fsanitize=thread makes every load and store call a function __tsan_…; those of its own run-time library are not
// linked, but the ones at the end of this file. A clock counts barriers. Each byte remembers its last write and two reads
// and two atomics of threads as far apart as there are: in other blocks or warps, else other lanes. Two are enough:
// whoever races with any access since the last write races with one of them or with the one that follows it.
#include <map>

namespace races {

// --- what is remembered -----------------------------------------------------------------------------------------------

// An access: when, by which thread of the block, at which instruction of the module.
struct __attribute__((packed, aligned(4))) Stamp {
    uint64_t thread : 10, pending : 1, time : 53;
    uint32_t place;
};

struct alignas(64) Byte {
    Stamp write, reads[2], atomics[2];
    bool split; // of the first byte of four
};

// Four bytes that are accessed together need one memory, that of the first.
struct Word { Byte bytes[4]; };

struct Region {
    uintptr_t start, size;
    Word* words; // made when it is first accessed
    uint64_t begin; // what was before has nothing to do with what is now
};

static Region shared;
static std::map<uintptr_t, Region> allocations;
static std::mutex allocating;

// Memory for what is remembered: zeros, which the system gives only to what is touched. Little ones are used again as they
// are, since all that is remembered is older than the next launch.
static std::map<size_t, std::vector<Word*>> spare;
static Word* words(size_t bytes) {
    std::vector<Word*>& fitting = spare[bytes];
    if (fitting.size()) {
        Word* w = fitting.back();
        fitting.pop_back();
        return w;
    }
    void* memory = mmap(nullptr, bytes / 4 * sizeof(Word), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) abort();
    return (Word*) memory;
}
static void release(Region& r) {
    if (!r.words) return;
    if (r.size <= 1 << 14) spare[r.size].push_back(r.words);
    else munmap(r.words, r.size / 4 * sizeof(Word));
}

// Begins to look at global memory, at a multiple of 4, in pages of its own.
static void watch(const void* p, size_t size) {
    std::lock_guard<std::mutex> hold(allocating);
    allocations[(uintptr_t) p] = {(uintptr_t) p, (size + 3) / 4 * 4, nullptr, 0};
}
static void forget(const void* p) {
    std::lock_guard<std::mutex> hold(allocating);
    auto it = allocations.find((uintptr_t) p);
    release(it->second);
    allocations.erase(it);
}

// --- the present ------------------------------------------------------------------------------------------------------

static const char* module; // where its code begins
static int moduleFile;
static uint64_t clock, launchBegin, blockBegin;
static std::vector<uint64_t> blockBegins; // of this launch

struct Thread {
    uint64_t block, warp; // the last barrier it went through with all, with its warp or all
};
static Thread threads[1024];
static unsigned me;
static uintptr_t stack, stackSize; // of this thread: nobody else's business

static struct { uintptr_t page; Region* region; } recent[256]; // null where nobody looks

static void launch(const char* code, int file) {
    module = code;
    moduleFile = file;
    launchBegin = ++clock;
    blockBegins.clear();
    memset(recent, 0, sizeof recent);
}
static void block(unsigned n, char* sharedStart, char* sharedEnd) {
    blockBegin = ++clock;
    blockBegins.push_back(blockBegin);
    for (unsigned t = 0; t < n; t++) threads[t] = {blockBegin, blockBegin};
    static size_t room; // for which there is memory
    size_t size = (sharedEnd - sharedStart + 3) / 4 * 4;
    if (size > room) {
        std::lock_guard<std::mutex> hold(allocating);
        shared.size = room;
        release(shared);
        shared.words = words(size);
        room = size;
    }
    shared = {(uintptr_t) sharedStart, size, shared.words, blockBegin};
}
static void resume(unsigned thread, const char* stackStart, size_t size) {
    me = thread;
    stack = (uintptr_t) stackStart;
    stackSize = size;
}
// Threads that meet say so one by one, after the clock.
static void tick() { clock++; }
static void metAll(unsigned thread) { threads[thread] = {clock, clock}; }
static void metWarp(unsigned thread) { threads[thread].warp = clock; }

// --- order ------------------------------------------------------------------------------------------------------------

static bool fresh(const Stamp& s, const Region& r) { return s.time >= r.begin; }

static bool ordered(const Stamp& s, const Region& r) {
    if (!fresh(s, r)) return true;
    if (s.time < blockBegin || s.pending) return false;
    if (s.thread == me) return true;
    const Thread& other = threads[s.thread];
    return s.time < (s.thread / 32 == me / 32 ? other.warp : other.block);
}

// 0 for one thread, 1 for one warp, 2 for more.
static int apart(const Stamp& a, const Stamp& b) {
    if ((a.time < blockBegin) != (b.time < blockBegin)) return 2;
    return a.thread == b.thread ? 0 : a.thread / 32 == b.thread / 32 ? 1 : 2;
}

// Remembers what many may do at once. The first of the two is never older than the block or launch of the second.
static void note(Stamp (&two)[2], const Stamp& now, const Region& r) {
    if (ordered(two[0], r)) {
        two[0] = now;
        return;
    }
    int distance = apart(two[0], two[1]);
    if (distance < 2 && apart(two[0], now) > distance || ordered(two[1], r)) two[1] = now;
}

enum Kind { READ, WRITE, ATOMIC, COPY };

[[noreturn]] static void report(const Region& r, uintptr_t at, unsigned bytes, Kind now, uint32_t place, Kind before, const Stamp& other);

// --- accesses ---------------------------------------------------------------------------------------------------------

static Region* regionOf(uintptr_t at) {
    if (at - shared.start < shared.size) return &shared;
    if (at - stack < stackSize) return nullptr;
    uintptr_t page = at >> 12;
    auto& slot = recent[page % 256];
    if (slot.page != page) {
        std::lock_guard<std::mutex> hold(allocating);
        auto it = allocations.upper_bound(at | 4095);
        Region* found = it == allocations.begin() ? nullptr : &std::prev(it)->second;
        if (found && (found->start + found->size - 1) >> 12 < page) found = nullptr;
        if (found) found->begin = launchBegin;
        slot = {page, found};
    }
    return slot.region && at - slot.region->start < slot.region->size ? slot.region : nullptr;
}

// Every byte of an access by itself, or four as one where nobody ever wanted less.
template <class Visit> static void each(const Region& r, uintptr_t at, unsigned size, Visit visit) {
    for (uintptr_t from = at - r.start, end = from + size; from < end;) {
        Byte* four = r.words[from / 4].bytes;
        unsigned first = from % 4, count = std::min<uintptr_t>(4 - first, end - from);
        from += count;
        if (count < 4 && !four->split) {
            for (int i = 1; i < 4; i++) four[i] = four[0];
            four->split = true;
        }
        if (four->split) for (unsigned i = first; i < first + count; i++) visit(four[i]);
        else visit(four[0]);
    }
}

static inline __attribute__((always_inline)) void access(Kind kind, const void* p, unsigned size, const void* code) {
    uintptr_t at = (uintptr_t) p;
    Region* r = regionOf(at);
    if (!r || at + size > r->start + r->size) return; // what lies outside is found by other means
    if (!r->words) {
        std::lock_guard<std::mutex> hold(allocating);
        r->words = words(r->size);
    }
    Stamp now;
    now.time = clock;
    now.pending = kind == COPY;
    now.thread = me;
    now.place = (uint32_t) ((const char*) code - module);
    auto must = [&](const Stamp& s, Kind before) { if (!ordered(s, *r)) report(*r, at, size, kind, now.place, before, s); };
    each(*r, at, size, [&](Byte& b) {
        must(b.write, b.write.pending ? COPY : WRITE);
        if (kind != READ && fresh(b.reads[0], *r)) for (Stamp& s : b.reads) must(s, READ);
        if (kind != ATOMIC && fresh(b.atomics[0], *r)) for (Stamp& s : b.atomics) must(s, ATOMIC);
        if (kind == READ) note(b.reads, now, *r);
        else if (kind == ATOMIC) note(b.atomics, now, *r);
        else b.write = now;
    });
}

// This thread has waited for what it copied.
static void copied(const void* p, unsigned size) {
    if (Region* r = regionOf((uintptr_t) p))
        each(*r, (uintptr_t) p, size, [](Byte& b) {
            b.write.time = clock;
            b.write.pending = 0;
        });
}

// --- reports ----------------------------------------------------------------------------------------------------------

static std::vector<std::string> output(std::string command) {
    std::vector<std::string> lines;
    char line[512];
    FILE* in = popen((command + " 2> /dev/null").c_str(), "r");
    while (in && fgets(line, sizeof line, in)) lines.emplace_back(line, strcspn(line, "\n"));
    if (in) pclose(in);
    return lines;
}
static std::string moduleName() { return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(moduleFile); }

// The line of a kernel's file; what simt.h stands for is where it is called.
static std::string lineOf(uint32_t place) {
    char address[32];
    snprintf(address, sizeof address, " %#x", place - 1); // in the call, not behind it
    for (std::string& line : output("addr2line -i -s -e " + moduleName() + address))
        if (line.rfind("simt.h:", 0)) return line.substr(0, line.find(' '));
    return "an unknown line";
}

// What lies at an address of shared memory, as "at byte 8 of kernel::tile in shared memory".
static std::string sharedName(uintptr_t at) {
    uint64_t offset = at - (uintptr_t) module, begin = 0;
    std::string name = "?";
    for (std::string& symbol : output("nm -C -n " + moduleName())) { // address, type, name
        char* rest;
        uint64_t address = strtoull(symbol.c_str(), &rest, 16);
        if (rest - symbol.c_str() < 16 || address > offset || symbol.find(" __s") < symbol.size()) continue; // of the section
        begin = address;
        name = rest + 3;
    }
    return "at byte " + std::to_string(offset - begin) + " of " + name + " in shared memory";
}
static std::string globalName(uintptr_t at, const Region& r) {
    return "at byte " + std::to_string(at - r.start) + " of an allocation of " + std::to_string(r.size) + " in global memory";
}

static std::string coordinates(unsigned i, const dim3& size) {
    return "(" + std::to_string(i % size.x) + ", " + std::to_string(i / size.x % size.y) + ", " + std::to_string(i / size.x / size.y) + ")";
}
static std::string blockOf(uint64_t time) {
    auto next = std::upper_bound(blockBegins.begin(), blockBegins.end(), time);
    return " of block " + coordinates(next - blockBegins.begin() - 1, gridDim);
}

static void report(const Region& r, uintptr_t at, unsigned bytes, Kind now, uint32_t place, Kind before, const Stamp& other) {
    static const char* const does[] = {"reads", "writes", "changes (atomic)", "begins to copy to (cp.async)"};
    static const char* const did[] = {"has read", "has written", "has changed (atomic)", "began to copy to (cp.async)"};
    bool elsewhere = other.time < blockBegin;
    const char* missing = elsewhere ? "nothing orders blocks" : other.pending ? "the copy has not been waited for" : "no barrier between";
    simt::abandon("race in kernel " + std::string(simt::kernel) + ": thread " + coordinates(me, blockDim) + blockOf(clock) + " " + does[now]
                  + " " + std::to_string(bytes) + (bytes == 1 ? " byte " : " bytes ") + (&r == &shared ? sharedName(at) : globalName(at, r)) + " at " + lineOf(place)
                  + ", thread " + coordinates(other.thread, blockDim) + (elsewhere ? blockOf(other.time) : "") + " " + did[before] + " them at "
                  + lineOf(other.place) + ", " + missing);
}

} // namespace races

// --- what -fsanitize=thread calls -------------------------------------------------------------------------------------

#define EXPORT extern "C" __attribute__((visibility("default"))) void
#define AT __builtin_return_address(0)
#define OF_SIZE(N)                                                                                                       \
    EXPORT __tsan_read##N(void* p) { races::access(races::READ, p, N, AT); }                                             \
    EXPORT __tsan_write##N(void* p) { races::access(races::WRITE, p, N, AT); }                                           \
    EXPORT __tsan_unaligned_read##N(void* p) { races::access(races::READ, p, N, AT); }                                   \
    EXPORT __tsan_unaligned_write##N(void* p) { races::access(races::WRITE, p, N, AT); }
OF_SIZE(1) OF_SIZE(2) OF_SIZE(4) OF_SIZE(8) OF_SIZE(16)
EXPORT __tsan_read_range(void* p, size_t n) { races::access(races::READ, p, n, AT); }
EXPORT __tsan_write_range(void* p, size_t n) { races::access(races::WRITE, p, n, AT); }
EXPORT __tsan_func_entry(void*) {}
EXPORT __tsan_func_exit() {}
EXPORT __tsan_init() {}
