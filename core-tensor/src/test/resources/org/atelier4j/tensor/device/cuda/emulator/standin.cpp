// Stands in for libcuda and libnvrtc where there is no card: "compiles" CUDA C++ with g++ behind simt.h and runs it on the
// machine of machine.h. The "machine code" is a shared library, so that compiling, caching, loading and launching go the way
// they go on a card. Allocations end at a page that must not be touched; what is asked for is poisoned, what lies before it
// watched.
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <deque>
#include <functional>
#include "machine.h"

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
static bool watchful; // whether all kernels are watched for races (races.h); those compiled with -DRACES are anyhow
API void standinRaces(int on) { watchful = on; }
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
static std::mutex allocating;
static const size_t PAGE = 4096;
static const unsigned char RED = 0xB5;

API int cuMemAlloc_v2(uint64_t* p, size_t n) {
    IN_CONTEXT;
    std::lock_guard<std::mutex> hold(allocating);
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
    races::watch(start, n);
    memoryUsed += n;
    return 0;
}
static int release(uint64_t p) {
    std::lock_guard<std::mutex> hold(allocating);
    auto it = allocations.find(p);
    if (it == allocations.end()) { lastMessage = "freed what was not allocated"; return 719; }
    Allocation a = it->second;
    allocations.erase(it);
    races::forget((void*) p);
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
API int cuMemFreeHost(void* p) { IN_CONTEXT; memset(p, 0xee, malloc_usable_size(p)); free(p); return 0; }

// --- streams, events, graphs ------------------------------------------------------------------------------------------

typedef std::function<int()> Work;
struct Graph { std::vector<Work> work; const void* origin; }; // origin: what an executable graph was made of
static Graph* capturing;

// A card is behind its host. Where it is to be late it does nothing until somebody waits: who gives memory back or changes it
// too early is found out.
static bool late;
static std::deque<Work> asked; // and not yet done
static uint64_t done, failed;
static std::recursive_mutex order;

static int submit(Work work) {
    if (capturing) { capturing->work.push_back(work); return 0; }
    if (!late) return work();
    std::lock_guard<std::recursive_mutex> hold(order);
    asked.push_back(work);
    return 0;
}
static uint64_t now() { return done + asked.size(); }
// Does what was asked up to a time; an error stays, as on a card.
static int doUntil(uint64_t time) {
    std::lock_guard<std::recursive_mutex> hold(order);
    for (; done < time && asked.size(); done++) {
        if (!failed) failed = asked.front()();
        asked.pop_front();
    }
    return failed;
}
API void standinLate(int on) {
    doUntil(now());
    failed = 0;
    late = on;
}
API int cuMemFree_v2(uint64_t p) { IN_CONTEXT; return late ? submit([=] { return release(p); }) : release(p); }
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
API int cuStreamSynchronize(void*) { IN_CONTEXT; return capturing ? 900 : doUntil(now()); }
API int cuStreamBeginCapture_v2(void*, int) { IN_CONTEXT; capturing = new Graph{}; return 0; }
API int cuStreamEndCapture(void*, void** g) { IN_CONTEXT; *g = capturing; capturing = nullptr; return 0; }
API int cuGraphInstantiateWithFlags(void** e, void* g, uint64_t) { IN_CONTEXT; *e = new Graph{((Graph*) g)->work, g}; return 0; }
API int cuGraphLaunch(void* e, void*) {
    IN_CONTEXT;
    for (Work& w : ((Graph*) e)->work) if (int code = submit(w)) return code;
    return 0;
}
// A node belongs to the graph that was recorded and goes with it; in what is made of the graph it only names a place.
struct Node { const void* graph; size_t number; };
static std::map<Node*, Node> nodes; // those that are alive
static Node* lastNode;
API int cuStreamGetCaptureInfo_v2(void*, int* status, uint64_t* id, void** graph, Node*** dependencies, size_t* count) {
    IN_CONTEXT;
    lastNode = capturing && capturing->work.size() ? new Node{capturing, capturing->work.size() - 1} : nullptr;
    if (lastNode) nodes[lastNode] = *lastNode;
    *status = capturing ? 1 : 0;
    *id = 1;
    *graph = capturing;
    *dependencies = &lastNode;
    *count = lastNode ? 1 : 0;
    return 0;
}
API int cuGraphExecDestroy(void* e) { IN_CONTEXT; delete (Graph*) e; return 0; }
API int cuGraphDestroy(void* g) {
    IN_CONTEXT;
    for (auto it = nodes.begin(); it != nodes.end();) it = it->second.graph == g ? nodes.erase(it) : std::next(it);
    delete (Graph*) g;
    return 0;
}
struct Event { uint64_t time; };
API int cuEventCreate(Event** e, unsigned) { IN_CONTEXT; *e = new Event{0}; return 0; }
API int cuEventRecord(Event* e, void*) { IN_CONTEXT; e->time = now(); return 0; }
API int cuEventQuery(Event* e) { IN_CONTEXT; return done < e->time ? 600 : 0; }
API int cuEventSynchronize(Event* e) { IN_CONTEXT; return doUntil(e->time); }
API int cuEventElapsedTime(float* ms, void*, void*) { IN_CONTEXT; *ms = 0.5f; return 0; }
API int cuEventDestroy_v2(Event* e) { IN_CONTEXT; delete e; return 0; }

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
struct Module { void* library; int file; }; // kept open: lines of code are looked for there
static Dl_info where(void* symbol) {
    Dl_info info;
    dladdr(symbol, &info);
    return info;
}
API int cuModuleLoadData(void** m, const void* image) {
    IN_CONTEXT;
    if (memcmp(image, "\177ELF", 4)) return 200;
    // What code calls is here, and must be found even where this library was not loaded for everybody.
    static void* self = dlopen(where((void*) cuModuleLoadData).dli_fname, RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD);
    std::string file = temporary(".so");
    FILE* out = fopen(file.c_str(), "wb");
    fwrite(image, 1, elfSize((const unsigned char*) image), out);
    fclose(out);
    Module* module = new Module{self ? dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL) : nullptr, open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!module->library) fprintf(stderr, "stand-in driver: %s\n", dlerror());
    unlink(file.c_str());
    *m = module;
    return module->library ? 0 : 200;
}
struct Kernel { std::string name; const char* code; int file; }; // launches are counted as calls of "kernel NAME" too
static std::map<void*, Kernel> kernels;
API int cuModuleGetFunction(void** f, Module* m, const char* name) {
    IN_CONTEXT;
    *f = dlsym(m->library, (std::string("simt_") + name).c_str());
    if (*f) kernels[*f] = {std::string("kernel ") + name, (const char*) where(*f).dli_fbase, m->file};
    return *f ? 0 : 500;
}
API int cuModuleUnload(void*) { IN_CONTEXT; return 0; }
API int cuFuncGetAttribute(int* v, int, void*) { IN_CONTEXT; *v = 32; return 0; }
typedef std::function<int(void**)> Run;
static Run launch(void* f, const unsigned* grid, const unsigned* block) {
    static std::mutex one; // the emulator's state is global
    std::vector<unsigned> g{grid[0], grid[1], grid[2], block[0], block[1], block[2]};
    return [=](void** args) {
        std::lock_guard<std::mutex> hold(one);
        const Kernel& kernel = kernels[f];
        calls[kernel.name]++;
        races::launch(kernel.code, kernel.file);
        const char* failure = ((Entry) f)(args, g.data());
        if (!failure) return 0;
        lastMessage = failure;
        return strstr(failure, "out of bounds") ? 700 : 719;
    };
}
// As a graph does, keeps the values: 64 parameters, at most 32768 bytes, as the Java side lays them out.
static Work keep(void** p, Run run) {
    char* block = (char*) p;
    std::vector<char> copy(block, block + 64 * 8 + 32768);
    std::vector<size_t> offsets;
    for (int i = 0; i < 64; i++) {
        size_t offset = (char*) p[i] - block;
        if (offset >= copy.size()) break;
        offsets.push_back(offset);
    }
    return [=]() mutable {
        void* args[64];
        for (size_t i = 0; i < offsets.size(); i++) args[i] = copy.data() + offsets[i];
        return run(args);
    };
}
API int cuLaunchKernel(void* f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned, void*, void** p, void**) {
    IN_CONTEXT;
    if (!gx || !gy || !gz || gy > 65535 || gz > 65535) { lastMessage = "bad grid"; return 1; }
    unsigned grid[3] = {gx, gy, gz}, threads[3] = {bx, by, bz};
    Run run = launch(f, grid, threads);
    return capturing || late ? submit(keep(p, run)) : run(p);
}
struct KernelNodeParams { void* function; unsigned grid[3], block[3], shared; void** parameters; void** extra; };
API int cuGraphExecKernelNodeSetParams(void* e, Node* node, const KernelNodeParams* p) {
    IN_CONTEXT;
    Graph* graph = (Graph*) e;
    auto it = nodes.find(node);
    if (it == nodes.end() || it->second.graph != graph->origin) return 1; // its graph was destroyed, or is another one
    graph->work[it->second.number] = keep(p->parameters, launch(p->function, p->grid, p->block));
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
    std::string in = temporary(".cpp"), expanded = temporary(".cpp"), object = temporary(".o"), so = temporary(".so"), log = temporary(".log"), defines;
    for (int i = 0; i < n; i++) if (!strncmp(options[i], "-D", 2)) defines += std::string(" '") + options[i] + "'";
    spill(in, "#line 1 \"" + p->name + "\"\n" + p->source);
    std::string home = where((void*) nvrtcVersion).dli_fname; // simt.h lies beside this library
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
        // Of watched kernels every access to memory becomes a call into races.h, whose lines are found by DWARF.
        bool watched = watchful || defines.find("-DRACES") != std::string::npos;
        std::string sanitize = watched ? " -fsanitize=thread -g1 -gdwarf-4" : "";
        std::string second = "g++ -std=c++17 -O1 -w -ffp-contract=off -fno-strict-aliasing -fno-exceptions" + sanitize + " -fPIC -fno-plt -c " + expanded + " -o " + object + " 2> " + log;
        result = system(second.c_str());
        std::string third = "g++ -shared " + object + " -o " + so + " 2> " + log; // without the sanitizer's own library
        if (!result) result = system(third.c_str());
    }
    p->log = slurp(log);
    p->code = result ? "" : slurp(so);
    for (auto& f : {in, expanded, object, so, log}) unlink(f.c_str());
    return result ? 6 : 0;
}
API int nvrtcGetProgramLogSize(Program* p, size_t* n) { *n = p->log.size() + 1; return 0; }
API int nvrtcGetProgramLog(Program* p, char* log) { memcpy(log, p->log.c_str(), p->log.size() + 1); return 0; }
API int nvrtcGetCUBINSize(Program* p, size_t* n) { *n = p->code.size(); return 0; }
API int nvrtcGetCUBIN(Program* p, char* code) { memcpy(code, p->code.data(), p->code.size()); return 0; }
API int nvrtcGetPTXSize(Program* p, size_t* n) { *n = p->code.size(); return 0; }
API int nvrtcGetPTX(Program* p, char* code) { memcpy(code, p->code.data(), p->code.size()); return 0; }
API int nvrtcDestroyProgram(Program** p) { delete *p; *p = nullptr; return 0; }

// --- cuBLAS -----------------------------------------------------------------------------------------------------------

static std::string lastProduct; // arguments as text, then what they meant: by columns, as cuBLAS reads matrices
API const char* standinLastProduct() { return lastProduct.c_str(); }
API int cublasCreate_v2(void** h) { ENTER; *h = (void*) 0x7; return 0; }
API int cublasSetStream_v2(void* h, void* stream) { ENTER; return h == (void*) 0x7 && stream == (void*) 0x5 ? 0 : 7; }
API int cublasSetWorkspace_v2(void*, uint64_t p, size_t n) { ENTER; return inside(p, n) ? 0 : 7; }
API int cublasSetMathMode(void*, int) { ENTER; return 0; }
API int cublasGetVersion_v2(void*, int* v) { ENTER; *v = 130000; return 0; }

template <class E, class Sum, class Read, class Write>
static void product(bool ta, bool tb, int m, int n, int k, const E* a, int la, const E* b, int lb, E* c, int lc, Read read, Write write) {
    for (int j = 0; j < n; j++)
        for (int i = 0; i < m; i++) {
            Sum sum = 0;
            for (int p = 0; p < k; p++) sum += (Sum) read(ta ? a[p + (size_t) i * la] : a[i + (size_t) p * la]) * (Sum) read(tb ? b[j + (size_t) p * lb] : b[p + (size_t) j * lb]);
            c[i + (size_t) j * lc] = write(sum);
        }
}
API int cublasGemmStridedBatchedEx(void*, int ta, int tb, int m, int n, int k, const void* alpha, uint64_t a, int typeA, int la, int64_t sa,
                                   uint64_t b, int typeB, int lb, int64_t sb, const void* beta, uint64_t c, int typeC, int lc, int64_t sc,
                                   int count, int compute, int algorithm) {
    IN_CONTEXT;
    char text[256];
    bool one = typeC == 1 ? *(double*) alpha == 1 && *(double*) beta == 0 : *(float*) alpha == 1 && *(float*) beta == 0;
    snprintf(text, sizeof text, "%c%c %d %d %d, leads %d %d %d, steps %ld %ld %ld, count %d, type %d %d %d, compute %d, algorithm %d, %s", "NT"[ta], "NT"[tb],
             m, n, k, la, lb, lc, (long) sa, (long) sb, (long) sc, count, typeA, typeB, typeC, compute, algorithm, one ? "1 0" : "other factors");
    lastProduct = text;
    return submit([=] {
        for (int i = 0; i < count; i++) {
            auto same = [](auto x) { return x; };
            auto of = [](uint16_t x) { uint32_t u = (uint32_t) x << 16; float f; memcpy(&f, &u, 4); return f; };
            auto to = [](float x) { uint32_t u; memcpy(&u, &x, 4); return (uint16_t) ((u + 0x7fff + (u >> 16 & 1)) >> 16); };
            if (typeC == 1) product<double, double>(ta, tb, m, n, k, (double*) a + i * sa, la, (double*) b + i * sb, lb, (double*) c + i * sc, lc, same, same);
            else if (typeC == 0) product<float, float>(ta, tb, m, n, k, (float*) a + i * sa, la, (float*) b + i * sb, lb, (float*) c + i * sc, lc, same, same);
            else product<uint16_t, float>(ta, tb, m, n, k, (uint16_t*) a + i * sa, la, (uint16_t*) b + i * sb, lb, (uint16_t*) c + i * sc, lc, of, to);
        }
        return 0;
    });
}
