// Stands in for libcuda and libnvrtc where there is no card: "compiles" CUDA C++ with g++ behind simt.h and runs it. The
// "machine code" is a shared library, so that compiling, caching, loading and launching go the way they go on a card.
// Allocations end at a page that must not be touched; what is asked for is poisoned, what lies before it watched.
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#define API extern "C" __attribute__((visibility("default")))

// --- test hooks -------------------------------------------------------------------------------------------------------

static std::string failing;
static int failureCode, failureDelay;
static std::string lastMessage;
static size_t memoryLimit = size_t(4) << 30, memoryUsed;
static std::map<std::string, long> calls;

// The (delay + 1)-th call of a function from now on fails with a code, once.
API void standinFail(const char* function, int code, int delay) {
    failing = function;
    failureCode = code;
    failureDelay = delay;
}
static int compilerMajor = 13;
API void standinCompiler(int major) { compilerMajor = major; }
API void standinMemory(int64_t bytes) { memoryLimit = bytes; }
API int64_t standinUsed() { return memoryUsed; }
API int64_t standinCalls(const char* function) { return calls[function]; }

static int injected(const char* function) {
    calls[function]++;
    if (failing != function || failureDelay-- > 0) return 0;
    failing.clear();
    return failureCode;
}
#define ENTER if (int code = injected(__func__)) return code

// --- driver -----------------------------------------------------------------------------------------------------------

API int cuInit(unsigned) { ENTER; return 0; }
API int cuDriverGetVersion(int* v) { ENTER; *v = 13000; return 0; }
API int cuGetErrorString(int error, const char** s) {
    switch (error) {
        case 2: *s = "out of memory"; break;
        case 500: *s = "named symbol not found"; break;
        case 700:
        case 719: *s = lastMessage.empty() ? "launch failed" : lastMessage.c_str(); break;
        default: *s = "injected error";
    }
    return 0;
}
API int cuDeviceGetCount(int* n) { ENTER; *n = 1; return 0; }
API int cuDeviceGetName(char* name, int n, int) { ENTER; snprintf(name, n, "emulator"); return 0; }
API int cuDeviceGetAttribute(int* v, int a, int) { ENTER; *v = a == 75 ? 9 : a == 76 ? 0 : a == 16 ? 1 : 0; return 0; }
API int cuDeviceTotalMem_v2(size_t* n, int) { ENTER; *n = memoryLimit; return 0; }
static thread_local void* currentContext;
API int cuDevicePrimaryCtxRetain(void** c, int) { ENTER; *c = (void*) 0x1234; return 0; }
API int cuCtxSetCurrent(void* c) { ENTER; currentContext = c; return c == (void*) 0x1234 ? 0 : 201; }
#define IN_CONTEXT ENTER; if (!currentContext) return 201
API int cuMemGetInfo_v2(size_t* free, size_t* total) { IN_CONTEXT; *free = memoryLimit - memoryUsed; *total = memoryLimit; return 0; }

// --- memory -----------------------------------------------------------------------------------------------------------

struct Allocation { char* map; size_t mapped, size, padded; };
static std::map<uint64_t, Allocation> allocations;
static std::mutex lock;
static const size_t PAGE = 4096;
static const unsigned char RED = 0xB5;

API int cuMemAlloc_v2(uint64_t* p, size_t n) {
    IN_CONTEXT;
    std::lock_guard<std::mutex> hold(lock);
    if (n == 0) return 1;
    if (memoryUsed + n > memoryLimit) return 2;
    size_t padded = (n + 15) / 16 * 16, inner = (padded + PAGE - 1) / PAGE * PAGE;
    Allocation a{nullptr, inner + 2 * PAGE, n, padded};
    a.map = (char*) mmap(nullptr, a.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (a.map == MAP_FAILED) return 2;
    mprotect(a.map, PAGE, PROT_NONE);
    mprotect(a.map + PAGE + inner, PAGE, PROT_NONE);
    char* start = a.map + PAGE + inner - padded;
    memset(a.map + PAGE, RED, inner);
    memset(start, 0xff, n); // NaN as float and double, −1 as integer
    *p = (uint64_t) start;
    allocations[*p] = a;
    memoryUsed += n;
    return 0;
}
API int cuMemFree_v2(uint64_t p) {
    IN_CONTEXT;
    std::lock_guard<std::mutex> hold(lock);
    auto it = allocations.find(p);
    if (it == allocations.end()) { lastMessage = "freed what was not allocated"; return 719; }
    Allocation a = it->second;
    allocations.erase(it);
    memoryUsed -= a.size;
    bool clean = true;
    for (char* c = a.map + PAGE; c < (char*) p; c++) clean &= (unsigned char) *c == RED;
    for (char* c = (char*) p + a.size; c < (char*) p + a.padded; c++) clean &= (unsigned char) *c == RED;
    munmap(a.map, a.mapped);
    if (!clean) lastMessage = "written beside an allocation of " + std::to_string(a.size) + " bytes";
    return clean ? 0 : 719;
}
// Returns whether a range lies within one allocation.
static bool inside(uint64_t p, size_t n) {
    auto it = allocations.upper_bound(p);
    if (it == allocations.begin()) return false;
    --it;
    return p + n <= it->first + it->second.size;
}
API int cuMemHostAlloc(void** p, size_t n, unsigned) { IN_CONTEXT; *p = malloc(n); return *p ? 0 : 2; }
API int cuMemFreeHost(void* p) { IN_CONTEXT; free(p); return 0; }

// --- streams, events, graphs ------------------------------------------------------------------------------------------

typedef std::function<int()> Work;
struct Graph { std::vector<Work> work; };
static Graph* capturing;

static int submit(Work work) {
    if (capturing) { capturing->work.push_back(work); return 0; }
    return work();
}
API int cuMemcpyHtoDAsync_v2(uint64_t d, const void* s, size_t n, void*) {
    IN_CONTEXT;
    if (!inside(d, n)) return 1;
    return submit([=] { memcpy((void*) d, s, n); return 0; });
}
API int cuMemcpyDtoHAsync_v2(void* d, uint64_t s, size_t n, void*) {
    IN_CONTEXT;
    if (!inside(s, n)) return 1;
    return submit([=] { memcpy(d, (void*) s, n); return 0; });
}
API int cuMemcpyDtoDAsync_v2(uint64_t d, uint64_t s, size_t n, void*) {
    IN_CONTEXT;
    if (!inside(d, n) || !inside(s, n)) return 1;
    return submit([=] { memmove((void*) d, (void*) s, n); return 0; });
}
API int cuMemsetD8Async(uint64_t d, unsigned char v, size_t n, void*) {
    IN_CONTEXT;
    if (!inside(d, n)) return 1;
    return submit([=] { memset((void*) d, v, n); return 0; });
}
API int cuStreamCreate(void** s, unsigned) { IN_CONTEXT; *s = (void*) 0x5; return 0; }
API int cuStreamSynchronize(void*) { IN_CONTEXT; return capturing ? 900 : 0; }
API int cuStreamBeginCapture_v2(void*, int) { IN_CONTEXT; capturing = new Graph; return 0; }
API int cuStreamEndCapture(void*, void** g) { IN_CONTEXT; *g = capturing; capturing = nullptr; return 0; }
API int cuGraphInstantiateWithFlags(void** e, void* g, uint64_t) { IN_CONTEXT; *e = new Graph(*(Graph*) g); return 0; }
API int cuGraphLaunch(void* e, void*) {
    IN_CONTEXT;
    for (Work& w : ((Graph*) e)->work) if (int code = w()) return code;
    return 0;
}
API int cuGraphExecDestroy(void* e) { IN_CONTEXT; delete (Graph*) e; return 0; }
API int cuGraphDestroy(void* g) { IN_CONTEXT; delete (Graph*) g; return 0; }
API int cuEventCreate(void** e, unsigned) { IN_CONTEXT; *e = (void*) 0x6; return 0; }
API int cuEventRecord(void*, void*) { IN_CONTEXT; return 0; }
API int cuEventQuery(void*) { IN_CONTEXT; return 0; }
API int cuEventSynchronize(void*) { IN_CONTEXT; return 0; }
API int cuEventElapsedTime(float* ms, void*, void*) { IN_CONTEXT; *ms = 0.5f; return 0; }
API int cuEventDestroy_v2(void*) { IN_CONTEXT; return 0; }

// --- code -------------------------------------------------------------------------------------------------------------

static std::string temporary(const char* suffix) {
    const char* base = getenv("TMPDIR");
    std::string name = std::string(base ? base : "/tmp") + "/standin-XXXXXX" + suffix;
    int fd = mkstemps(&name[0], strlen(suffix));
    if (fd >= 0) close(fd);
    return name;
}
// The length of an ELF file: its section headers are its end.
static size_t elfSize(const unsigned char* image) {
    uint64_t at;
    uint16_t size, count;
    memcpy(&at, image + 40, 8);
    memcpy(&size, image + 58, 2);
    memcpy(&count, image + 60, 2);
    return at + size * count;
}
typedef const char* (*Entry)(void**, const unsigned*);
API int cuModuleLoadData(void** m, const void* image) {
    IN_CONTEXT;
    if (memcmp(image, "\177ELF", 4)) return 200;
    std::string file = temporary(".so");
    FILE* out = fopen(file.c_str(), "wb");
    fwrite(image, 1, elfSize((const unsigned char*) image), out);
    fclose(out);
    *m = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!*m) fprintf(stderr, "stand-in driver: %s\n", dlerror());
    unlink(file.c_str());
    return *m ? 0 : 200;
}
API int cuModuleGetFunction(void** f, void* m, const char* name) {
    IN_CONTEXT;
    *f = dlsym(m, (std::string("simt_") + name).c_str());
    return *f ? 0 : 500;
}
API int cuModuleUnload(void*) { IN_CONTEXT; return 0; }
API int cuFuncGetAttribute(int* v, int, void*) { IN_CONTEXT; *v = 32; return 0; }
API int cuLaunchKernel(void* f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned, void*, void** p, void**) {
    IN_CONTEXT;
    if (!gx || !gy || !gz || gy > 65535 || gz > 65535) { lastMessage = "bad grid"; return 1; }
    static std::mutex one; // the emulator's state is global
    unsigned g[6] = {gx, gy, gz, bx, by, bz};
    auto run = [=](void** args) {
        std::lock_guard<std::mutex> hold(one);
        const char* failure = ((Entry) f)(args, g);
        if (!failure) return 0;
        lastMessage = failure;
        return strstr(failure, "out of bounds") ? 700 : 719;
    };
    if (!capturing) return run(p);
    // As a graph does, keep the values: 64 parameters, at most 4096 bytes, as the Java side lays them out.
    char* block = (char*) p;
    std::vector<char> copy(block, block + 64 * 8 + 4096);
    std::vector<size_t> offsets;
    for (int i = 0; i < 64; i++) {
        size_t offset = (char*) p[i] - block;
        if (offset >= copy.size()) break;
        offsets.push_back(offset);
    }
    capturing->work.push_back([=]() mutable {
        void* args[64];
        for (size_t i = 0; i < offsets.size(); i++) args[i] = copy.data() + offsets[i];
        return run(args);
    });
    return 0;
}

// --- compiler ---------------------------------------------------------------------------------------------------------

struct Program { std::string source, name, log, code; };
API int nvrtcVersion(int* major, int* minor) { *major = compilerMajor; *minor = 0; return 0; }
API int nvrtcGetNumSupportedArchs(int* n) { *n = 2; return 0; }
API int nvrtcGetSupportedArchs(int* a) { a[0] = 80; a[1] = 90; return 0; }
API int nvrtcCreateProgram(void** p, const char* source, const char* name, int, void*, void*) { ENTER; *p = new Program{source, name, "", ""}; return 0; }
static std::string slurp(const std::string& file) {
    std::string text;
    if (FILE* in = fopen(file.c_str(), "rb")) {
        char buffer[65536];
        for (size_t n; (n = fread(buffer, 1, sizeof buffer, in));) text.append(buffer, n);
        fclose(in);
    }
    return text;
}
static void spill(const std::string& file, const std::string& text) {
    FILE* out = fopen(file.c_str(), "wb");
    fwrite(text.data(), 1, text.size(), out);
    fclose(out);
}
API int nvrtcCompileProgram(Program* p, int n, const char** options) {
    ENTER;
    std::string in = temporary(".cpp"), expanded = temporary(".cpp"), so = temporary(".so"), log = temporary(".log"), defines;
    for (int i = 0; i < n; i++) if (!strncmp(options[i], "-D", 2)) defines += std::string(" '") + options[i] + "'";
    spill(in, "#line 1 \"" + p->name + "\"\n" + p->source);
    Dl_info self; // simt.h lies beside this library
    dladdr((void*) nvrtcVersion, &self);
    std::string home = std::string(self.dli_fname);
    home.resize(home.rfind('/'));
    std::string first = "g++ -std=c++17 -E" + defines + " -include '" + home + "/simt.h' " + in + " -o " + expanded + " 2> " + log;
    int result = system(first.c_str());
    if (!result) {
        std::string text = slurp(expanded), entries;
        const std::string mark = "__global__ void";
        for (size_t at = 0; (at = text.find(mark, at)) != std::string::npos;) {
            size_t from = text.find_first_not_of(" \n", at += mark.size()), to = text.find_first_of("( ", from);
            std::string k = text.substr(from, to - from);
            entries += "extern \"C\" const char* simt_" + k + "(void** p, const unsigned* g) { return simt::launch(\"" + k + "\", " + k + ", p, g); }\n";
        }
        text += "\n#line 1 \"entries\"\n" + entries;
        for (size_t at = 0; (at = text.find("__global__", at)) != std::string::npos;) text.replace(at, 10, "");
        spill(expanded, text);
        std::string second = "g++ -std=c++17 -O1 -w -ffp-contract=off -fno-strict-aliasing -shared -fPIC " + expanded + " -o " + so + " 2> " + log;
        result = system(second.c_str());
    }
    p->log = slurp(log);
    p->code = result ? "" : slurp(so);
    for (auto& f : {in, expanded, so, log}) unlink(f.c_str());
    return result ? 6 : 0;
}
API int nvrtcGetProgramLogSize(Program* p, size_t* n) { *n = p->log.size() + 1; return 0; }
API int nvrtcGetProgramLog(Program* p, char* log) { memcpy(log, p->log.c_str(), p->log.size() + 1); return 0; }
API int nvrtcGetCUBINSize(Program* p, size_t* n) { *n = p->code.size(); return 0; }
API int nvrtcGetCUBIN(Program* p, char* code) { memcpy(code, p->code.data(), p->code.size()); return 0; }
API int nvrtcGetPTXSize(Program* p, size_t* n) { *n = p->code.size(); return 0; }
API int nvrtcGetPTX(Program* p, char* code) { memcpy(code, p->code.data(), p->code.size()); return 0; }
API int nvrtcDestroyProgram(Program** p) { delete *p; *p = nullptr; return 0; }
