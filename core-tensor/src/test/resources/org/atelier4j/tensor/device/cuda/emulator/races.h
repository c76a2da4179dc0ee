// Finds data races of emulated kernels. g++ is told to instrument every load and store for its thread sanitizer, whose
// functions are the ones below. For each word of shared memory and of device memory they keep who touched it last, and fail
// when two threads do so, at least one of them writing and not both by atomics, with nothing between that orders them.
//
// What orders (CUDA C++ Programming Guide, "Memory Fence Functions", "Synchronization Functions", as compute-sanitizer's
// racecheck takes it):
//   threads of a block: __syncthreads(); lanes of a warp: __syncwarp() too. Not shuffles, ldmatrix or mma, which exchange
//     registers and promise nothing about memory;
//   threads of different blocks: nothing within a launch;
//   cp.async: the bytes arrive at any time between its issue and the wait of the thread that asked. Until then nobody may
//     touch them; for others they are there after a barrier behind that wait.
// What is kept of a word are the last two writes and the last two reads of different threads: a race between parts of one
// word may go unseen, an access that is in order is never reported.
#pragma once

namespace races {

struct Access {
    uint32_t block, turn, warpTurn, at; // at: where in the code, counted from the beginning of the library
    uint16_t thread;
    uint8_t bytes, atomic; // bytes: which of the word, a bit each; none for no access
};

struct Word {
    uint64_t launch; // what is older is forgotten
    Access writes[2], reads[2];
    uint16_t copying, pad; // 1 + the thread whose cp.async is under way, 0 for none
};

static uint64_t launch;
static char *libraryStart, *libraryEnd;
static Word* sharedWords;
struct Region { char* start; size_t size; Word* words; };
static std::vector<Region> regions; // device memory that kernels have touched
static size_t lastRegion;
// Set by the driver: whether an address is device memory, and where its allocation lies.
extern "C" { __attribute__((visibility("default"))) bool (*simt_allocation)(const void* p, char** start, size_t* size); }

struct Report { bool found; const char* first; const char* second; Access before, now; char where[80]; };
static Report report;

UNWATCHED static int ofThisLibrary(struct dl_phdr_info* info, size_t, void*) {
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const auto& p = info->dlpi_phdr[i];
        char* start = (char*) info->dlpi_addr + p.p_vaddr;
        if (p.p_type == PT_LOAD && (char*) &launch >= start && (char*) &launch < start + p.p_memsz) {
            libraryStart = (char*) info->dlpi_addr;
            libraryEnd = start + p.p_memsz;
            return 1;
        }
    }
    return 0;
}

UNWATCHED static void begin() {
    if (!libraryStart) {
        dl_iterate_phdr(ofThisLibrary, nullptr);
        if (simt::__start_simt_shared)
            sharedWords = (Word*) calloc((simt::__stop_simt_shared - simt::__start_simt_shared) / 4 + 2, sizeof(Word));
    }
    launch++;
    report.found = false;
}

UNWATCHED static void newBlock() { launch += uint64_t(1) << 40; } // for shared memory, which is new in each block

// Library templates that are used below are instrumented too: their accesses are not the kernel's.
static bool busy;
struct Busy {
    UNWATCHED Busy() { busy = true; }
    UNWATCHED ~Busy() { busy = false; }
};

// Returns the word of shared or device memory at an address, null for any other memory.
UNWATCHED static Word* wordAt(char* p, bool& isShared) {
    if (p >= libraryStart && p < libraryEnd) {
        isShared = true;
        bool inside = simt::__start_simt_shared && p >= simt::__start_simt_shared && p < simt::__stop_simt_shared;
        return inside ? sharedWords + ((p - (char*) ((uintptr_t) simt::__start_simt_shared & ~uintptr_t(3))) >> 2) : nullptr;
    }
    isShared = false;
    if (p >= simt::now->stack && p < simt::now->stack + simt::STACK) return nullptr;
    for (size_t i = 0; i < regions.size(); i++) {
        Region& r = regions[lastRegion];
        if (p >= r.start && p < r.start + r.size) return r.words + ((p - r.start) >> 2);
        lastRegion = (lastRegion + 1) % regions.size();
    }
    char* start;
    size_t size;
    if (!simt_allocation || !simt_allocation(p, &start, &size)) return nullptr;
    for (size_t i = 0; i < regions.size(); i++) // what was freed since
        if (start < regions[i].start + regions[i].size && regions[i].start < start + size) {
            free(regions[i].words);
            regions.erase(regions.begin() + i--);
        }
    lastRegion = regions.size();
    regions.push_back({start, size, (Word*) calloc(size / 4 + 2, sizeof(Word))});
    return regions.back().words + ((p - start) >> 2);
}

UNWATCHED static bool ordered(const Access& a, const Access& b) {
    if (a.block != b.block) return false;
    return a.thread == b.thread || a.turn != b.turn || (a.thread / 32 == b.thread / 32 && a.warpTurn != b.warpTurn);
}

[[noreturn]] UNWATCHED static void fail(const char* first, const Access& before, const char* second, const Access& now, bool isShared) {
    busy = false;
    report = {true, first, second, before, now, ""};
    snprintf(report.where, sizeof report.where, "%s memory", isShared ? "shared" : "device");
    simt::fail("race");
}

UNWATCHED static void check(Access (&others)[2], const char* first, const char* second, const Access& now, bool isShared) {
    for (const Access& o : others)
        if ((o.bytes & now.bytes) && !(o.atomic && now.atomic) && !ordered(o, now)) fail(first, o, second, now, isShared);
}

// Keeps the latest access, and the latest one of another thread.
UNWATCHED static void keep(Access (&last)[2], const Access& now) {
    bool same = last[0].bytes && last[0].thread == now.thread && last[0].block == now.block;
    if (!same) last[1] = last[0];
    uint8_t bytes = same && last[0].turn == now.turn && last[0].warpTurn == now.warpTurn ? last[0].bytes : 0;
    last[0] = now;
    last[0].bytes |= bytes;
}

enum Kind { READ, WRITE, ATOMIC };

UNWATCHED static void touch(void* address, size_t size, Kind kind, void* caller) {
    if (busy || !simt::emulating || !simt::now) return; // not in a thread of the kernel
    Busy here;
    char* p = (char*) address;
    for (char* end = p + size; p < end;) {
        bool isShared;
        Word* w = wordAt(p, isShared);
        size_t offset = (uintptr_t) p & 3, n = std::min<size_t>(4 - offset, end - p);
        p += n;
        if (!w) continue;
        uint64_t present = isShared ? launch : launch & ((uint64_t(1) << 40) - 1);
        if (w->launch != present) {
            memset(w, 0, sizeof *w);
            w->launch = present;
        }
        unsigned thread = simt::linear();
        uint32_t block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
        Access now{block, simt::whole.fences, simt::warps[thread / 32].fences, (uint32_t) ((char*) caller - libraryStart),
                   (uint16_t) thread, (uint8_t) (((1u << n) - 1) << offset), kind == ATOMIC};
        const char* what = kind == READ ? "reads" : kind == WRITE ? "writes" : "changes by an atomic";
        if (w->copying && isShared) {
            Access copy = now;
            copy.thread = w->copying - 1;
            copy.at = 0;
            fail("has not waited for its copy to", copy, what, now, isShared);
        }
        check(w->writes, w->writes[0].atomic ? "has changed by an atomic" : "has written", what, now, isShared);
        if (kind != READ) check(w->reads, "has read", what, now, isShared);
        keep(kind == READ ? w->reads : w->writes, now);
    }
}

// A cp.async to shared memory: writes from now on, until it is waited for.
UNWATCHED static void copyBegins(void* to, void* caller) {
    touch(to, 16, WRITE, caller);
    Busy here;
    for (int i = 0; i < 4; i++) {
        bool isShared;
        if (Word* w = wordAt((char*) to + 4 * i, isShared)) w->copying = 1 + simt::linear();
    }
}
UNWATCHED static void copyEnds(void* to, void* caller) {
    {
        Busy here;
        for (int i = 0; i < 4; i++) {
            bool isShared;
            if (Word* w = wordAt((char*) to + 4 * i, isShared)) w->copying = 0;
        }
    }
    touch(to, 16, WRITE, caller);
}

// Returns file and line, as the compiler's tables know them.
UNWATCHED static std::string lineOf(uint32_t at) {
    Dl_info self;
    if (at == 0 || !dladdr((void*) &launch, &self)) return "?";
    char command[600], line[300] = "?";
    snprintf(command, sizeof command, "addr2line -s -e '%s' 0x%x", self.dli_fname, at - 1);
    if (FILE* out = popen(command, "r")) {
        if (!fgets(line, sizeof line, out)) strcpy(line, "?");
        pclose(out);
    }
    line[strcspn(line, " \n")] = 0; // without what else is known of the place
    return line;
}

// Returns what was found in the last launch, null for nothing.
UNWATCHED static const char* found() {
    static std::string text;
    if (!report.found) return nullptr;
    const Access &a = report.before, &b = report.now;
    text = std::string("race in kernel ") + simt::kernel + ": thread " + std::to_string(b.thread) + " of block " + std::to_string(b.block) + " "
            + report.second + " " + report.where + " (" + lineOf(b.at) + ") that thread " + std::to_string(a.thread) + " of block "
            + std::to_string(a.block) + " " + report.first + (a.at ? " (" + lineOf(a.at) + ")" : "") + ", and nothing orders them";
    return text.c_str();
}

} // namespace races

#define SIMT_CALLER __builtin_return_address(0)
#define SIMT_HOOK(name, size, kind) extern "C" UNWATCHED void name(void* p) { races::touch(p, size, races::kind, SIMT_CALLER); }
SIMT_HOOK(__tsan_read1, 1, READ)
SIMT_HOOK(__tsan_read2, 2, READ)
SIMT_HOOK(__tsan_read4, 4, READ)
SIMT_HOOK(__tsan_read8, 8, READ)
SIMT_HOOK(__tsan_read16, 16, READ)
SIMT_HOOK(__tsan_write1, 1, WRITE)
SIMT_HOOK(__tsan_write2, 2, WRITE)
SIMT_HOOK(__tsan_write4, 4, WRITE)
SIMT_HOOK(__tsan_write8, 8, WRITE)
SIMT_HOOK(__tsan_write16, 16, WRITE)
SIMT_HOOK(__tsan_unaligned_read2, 2, READ)
SIMT_HOOK(__tsan_unaligned_read4, 4, READ)
SIMT_HOOK(__tsan_unaligned_read8, 8, READ)
SIMT_HOOK(__tsan_unaligned_read16, 16, READ)
SIMT_HOOK(__tsan_unaligned_write2, 2, WRITE)
SIMT_HOOK(__tsan_unaligned_write4, 4, WRITE)
SIMT_HOOK(__tsan_unaligned_write8, 8, WRITE)
SIMT_HOOK(__tsan_unaligned_write16, 16, WRITE)
extern "C" UNWATCHED void __tsan_read_range(void* p, size_t n) { races::touch(p, n, races::READ, SIMT_CALLER); }
extern "C" UNWATCHED void __tsan_write_range(void* p, size_t n) { races::touch(p, n, races::WRITE, SIMT_CALLER); }
extern "C" UNWATCHED void __tsan_func_entry(void*) {}
extern "C" UNWATCHED void __tsan_func_exit() {}
extern "C" UNWATCHED void __tsan_init() {}
extern "C" UNWATCHED void __tsan_vptr_update(void**, void*) {}
extern "C" UNWATCHED void __tsan_vptr_read(void**) {}
