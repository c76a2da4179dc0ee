package org.atelier4j.tensor.device.cuda;

import com.sun.jna.Memory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.Storage;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.cuda.CudaKernels;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One NVIDIA card: its primary context, one stream, memory, and the kernels compiled for it.
 *
 * <p>Calls return before the card is done. Everything happens in the order of the calls, also of several threads; the host
 * waits only when it reads ({@link #download}) or is asked to ({@link #synchronize}), and while another thread records a step
 * ({@link #capture}).
 */
public final class CudaDevice implements Device {
    private static final Logger LOG = LoggerFactory.getLogger(CudaDevice.class);
    private static final Map<Integer, CudaDevice> OPEN = new ConcurrentHashMap<>();
    private static final ThreadLocal<CudaDevice> CURRENT = new ThreadLocal<>();

    private static final int NON_BLOCKING = 1;
    private static final int CAPTURE_RELAXED = 2;
    private static final int STAGING_BYTES = 4 << 20;

    private final int ordinal;
    private final long context;
    private final long stream;
    private final Properties properties;
    private final CudaArena arena;
    private final CubinCache compiler;
    private final String target;
    private final ReentrantReadWriteLock queue =
            new ReentrantReadWriteLock(); // shared by who asks, alone for who records
    private final Faults faults;
    private final PinnedBuffer[] staging;
    private final CudaEvent[] staged;
    private final Map<List<String>, CudaModule> modules = new ConcurrentHashMap<>();
    private final Kernels kernels;
    private final List<PinnedBuffer> captured = new ArrayList<>();
    private final List<CudaGraph.Numbered<?>> numbered = new ArrayList<>();
    private final List<CudaGraph.Renewal<?>> renewals = new ArrayList<>();
    private @Nullable Cublas cublas;
    private boolean lookedForCublas;

    /**
     * What kind of card it is.
     *
     * @param name as the driver calls it
     * @param capability compute capability, 10·major + minor
     * @param multiprocessors number of them
     * @param memory bytes
     * @param driver version, 1000·major + 10·minor
     * @param compiler version of NVRTC
     */
    public record Properties(String name, int capability, int multiprocessors, long memory, int driver, int compiler) {}

    /** Bytes of the card that are free, and all of them. */
    public record Memory(long free, long total) {}

    private CudaDevice(int ordinal) {
        this.ordinal = ordinal;
        int driver = (int) Driver.value("cuDriverGetVersion", Driver::cuDriverGetVersion);
        this.context = Driver.value("cuDevicePrimaryCtxRetain", out -> Driver.cuDevicePrimaryCtxRetain(out, ordinal));
        enter();
        this.stream = Driver.value("cuStreamCreate", out -> Driver.cuStreamCreate(out, NON_BLOCKING));
        Nvrtc nvrtc = Nvrtc.forDriver(driver);
        this.properties = new Properties(
                cardName(ordinal),
                10 * attribute(75) + attribute(76),
                attribute(16),
                Driver.value("cuDeviceTotalMem", out -> Driver.cuDeviceTotalMem_v2(out, ordinal)),
                driver,
                nvrtc.version());
        this.target = nvrtc.target(properties.capability());
        this.compiler = new CubinCache(nvrtc, CubinCache.folder());
        this.arena = new CudaArena(this, Boolean.getBoolean(CudaArena.EXACT));
        this.faults = new Faults(this);
        this.staging =
                new PinnedBuffer[] {new PinnedBuffer(this, STAGING_BYTES), new PinnedBuffer(this, STAGING_BYTES)};
        this.staged = new CudaEvent[] {new CudaEvent(this), new CudaEvent(this)};
        this.kernels = new CudaKernels(this);
        LOG.info("{}: {}, {}", name(), properties, nvrtc);
    }

    /**
     * Returns a card, opened on first use.
     *
     * @param ordinal in the order of the driver, from 0
     * @throws CudaException if there is no driver, no such card or no compiler; the message says what to do
     */
    public static CudaDevice of(int ordinal) {
        Driver.require();
        int count = count();
        Check.that(
                0 <= ordinal && ordinal < count, "Device.cuda: the card must lie in [0, %d), got %d", count, ordinal);
        return OPEN.computeIfAbsent(ordinal, CudaDevice::new);
    }

    /** Returns the number of cards, 0 where there is no driver. */
    public static int count() {
        try {
            Driver.require();
        } catch (CudaException e) {
            return 0;
        }
        return (int) Driver.value("cuDeviceGetCount", Driver::cuDeviceGetCount);
    }

    private static String cardName(int ordinal) {
        try (com.sun.jna.Memory name = new com.sun.jna.Memory(256)) {
            Driver.check("cuDeviceGetName", Driver.cuDeviceGetName(Driver.address(name), 256, ordinal));
            return name.getString(0);
        }
    }

    private int attribute(int number) {
        return (int) Driver.value("cuDeviceGetAttribute", out -> Driver.cuDeviceGetAttribute(out, number, ordinal));
    }

    /** Makes this card the calling thread's current one, as every driver call wants it. */
    void enter() {
        if (CURRENT.get() != this) {
            Driver.check("cuCtxSetCurrent", Driver.cuCtxSetCurrent(context));
            CURRENT.set(this);
        }
    }

    /**
     * Asks something of the card. What any thread asks while a step is being recorded would become part of the recording, so
     * that threads but the one that records wait here until it is done.
     *
     * @param call of the driver
     * @return the call's result code
     */
    int ask(IntSupplier call) {
        queue.readLock().lock();
        try {
            enter();
            return call.getAsInt();
        } finally {
            queue.readLock().unlock();
        }
    }

    private boolean isRecording() {
        return queue.isWriteLockedByCurrentThread();
    }

    // --- asking -----------------------------------------------------------------------------------------------------

    @Override
    public String name() {
        return "cuda:" + ordinal;
    }

    /** Returns what kind of card it is. */
    public Properties properties() {
        return properties;
    }

    /** Returns the memory from which its tensors come. */
    public CudaArena arena() {
        return arena;
    }

    /** Returns what the driver says about its memory now. */
    public Memory memory() {
        enter();
        try (com.sun.jna.Memory out = new com.sun.jna.Memory(16)) {
            Driver.check("cuMemGetInfo", Driver.cuMemGetInfo_v2(Driver.address(out), Driver.address(out) + 8));
            return new Memory(out.getLong(0), out.getLong(8));
        }
    }

    /** Returns what kernels report of bad numbers. */
    public Faults faults() {
        return faults;
    }

    @Override
    public Kernels kernels() {
        return kernels;
    }

    long stream() {
        return stream;
    }

    /** Returns how many blocks of so many threads fill the card, not more than n elements need. */
    public long blocksFor(long n, int threads) {
        return Math.max(1, Math.min((n + threads - 1) / threads, 32L * properties.multiprocessors()));
    }

    // --- memory -----------------------------------------------------------------------------------------------------

    @Override
    public Storage allocate(DType dtype, long length) {
        CudaStorage storage = new CudaStorage(this, dtype, length, arena.take(length * dtype.bytes()));
        TensorScope.adopt(storage);
        return storage;
    }

    int allocate(long bytes, long[] address) {
        try (com.sun.jna.Memory out = new com.sun.jna.Memory(8)) {
            int code = Driver.cuMemAlloc_v2(Driver.address(out), bytes);
            address[0] = out.getLong(0);
            return code;
        }
    }

    /** Returns page-locked host memory. */
    public PinnedBuffer pinned(long bytes) {
        return new PinnedBuffer(this, bytes);
    }

    @Override
    public synchronized void upload(ByteBuffer source, Storage target, long index) {
        int width = target.dtype().bytes();
        CudaStorage storage = (CudaStorage) target;
        storage.check(index, source.remaining() / width);
        if (!source.hasRemaining()) {
            return;
        }
        enter();
        long to = storage.address(index);
        if (isRecording()) {
            uploadIntoGraph(source, to);
            return;
        }
        for (int turn = 0; source.hasRemaining(); turn ^= 1) { // while one half travels the other is filled
            staged[turn].await();
            int n = Math.min(source.remaining(), STAGING_BYTES);
            staging[turn].bytes().put(0, source, source.position(), n);
            source.position(source.position() + n);
            Driver.check("upload", Driver.cuMemcpyHtoDAsync_v2(to, staging[turn].address(0), n, stream));
            staged[turn].record();
            to += n;
        }
    }

    /** Copies to memory that stays with the graph: every replay uploads the same bytes. */
    private void uploadIntoGraph(ByteBuffer source, long to) {
        int n = source.remaining();
        PinnedBuffer lasting = new PinnedBuffer(this, n);
        captured.add(lasting);
        lasting.bytes().put(0, source, source.position(), n);
        source.position(source.limit());
        Driver.check("upload", Driver.cuMemcpyHtoDAsync_v2(to, lasting.address(0), n, stream));
    }

    @Override
    public synchronized void download(Storage source, long index, ByteBuffer target) {
        refuseWhileCapturing("download");
        int width = source.dtype().bytes();
        CudaStorage storage = (CudaStorage) source;
        storage.check(index, target.remaining() / width);
        if (!target.hasRemaining()) {
            synchronize();
            return;
        }
        enter();
        long from = storage.address(index);
        while (target.hasRemaining()) {
            staged[0].await();
            int n = Math.min(target.remaining(), STAGING_BYTES);
            Driver.check("download", Driver.cuMemcpyDtoHAsync_v2(staging[0].address(0), from, n, stream));
            synchronize();
            target.put(target.position(), staging[0].bytes(), 0, n);
            target.position(target.position() + n);
            from += n;
        }
    }

    /**
     * Waits until the card has done all that was asked of it.
     *
     * @throws IllegalArgumentException or another exception that a kernel's {@link Faults} stand for
     */
    public void synchronize() {
        refuseWhileCapturing("synchronize");
        Driver.check("cuStreamSynchronize", ask(() -> {
            boolean fetched = faults.fetch();
            int code = Driver.cuStreamSynchronize(stream);
            if (fetched && code == 0) {
                faults.raise();
            }
            return code;
        }));
    }

    // --- code -------------------------------------------------------------------------------------------------------

    /**
     * Returns a module, compiled on first use for this card.
     *
     * @param name what messages call it
     * @param options compiler options without the target
     */
    public CudaModule module(String name, String source, List<String> options) {
        List<String> key = new ArrayList<>(options);
        key.add(name);
        CudaModule module = modules.get(key);
        return module != null
                ? module
                : modules.computeIfAbsent(key, k -> {
                    List<String> all = new ArrayList<>(options);
                    all.add(target);
                    all.add("-std=c++17");
                    return new CudaModule(this, name, compiler.code(name, source, all));
                });
    }

    /**
     * Returns cuBLAS, looked for on first use, or null where there is none. A step that is being recorded never opens it: its
     * memory must be there before.
     */
    public synchronized @Nullable Cublas cublas() {
        if (!lookedForCublas && !isRecording()) {
            lookedForCublas = true;
            enter();
            cublas = Cublas.open(this, properties.driver(), LOG::info);
        }
        return cublas;
    }

    /** Returns a mark for the stream. */
    public CudaEvent event() {
        return new CudaEvent(this);
    }

    // --- graphs -----------------------------------------------------------------------------------------------------

    /**
     * Records what a step asks of the card instead of running it. The step must have run once before, so that its kernels
     * are compiled, and must not read results; numbers that it uploads are those of the recording. Optimizers and moving
     * averages go on from replay to replay ({@link #renew}); streams of random numbers can ({@link CudaGraph#draw}). Other
     * threads that want something of this card wait, so the step must not wait for them.
     */
    public synchronized CudaGraph capture(Runnable step) {
        refuseWhileCapturing("capture");
        synchronize();
        queue.writeLock().lock();
        try {
            return record(step);
        } finally {
            queue.writeLock().unlock();
        }
    }

    private CudaGraph record(Runnable step) {
        enter();
        Driver.check("cuStreamBeginCapture", Driver.cuStreamBeginCapture_v2(stream, CAPTURE_RELAXED));
        captured.clear();
        numbered.clear();
        renewals.clear();
        arena.openPool();
        CudaArena.Pool pool;
        long graph;
        boolean done = false;
        try {
            step.run();
            done = true;
        } finally {
            pool = arena.leavePool();
            graph = Driver.value("cuStreamEndCapture", out -> Driver.cuStreamEndCapture(stream, out));
            if (!done) {
                Driver.cuGraphDestroy(graph);
                arena.closePool(pool);
                captured.forEach(PinnedBuffer::close);
            }
        }
        faults.outliveReading();
        return new CudaGraph(this, pool, List.copyOf(captured), numbered, renewals, graph);
    }

    @Override
    public <V> void renew(V value, Supplier<V> next) {
        if (isRecording()) {
            renewals.add(new CudaGraph.Renewal<>(value, next));
        }
    }

    /**
     * Notes, while a step is being recorded, that the launch queued last depends on something that changes from replay to
     * replay.
     *
     * @param value what it depended on in the recording
     * @param again begins the same launch for another value
     */
    public <V> void note(V value, long blocks, int threads, Function<V, Launch> again) {
        if (isRecording()) {
            try (com.sun.jna.Memory out = new com.sun.jna.Memory(40)) {
                long at = Driver.address(out);
                Driver.check(
                        "cuStreamGetCaptureInfo",
                        Driver.cuStreamGetCaptureInfo_v2(stream, at, at + 8, at + 16, at + 24, at + 32));
                long node = out.getPointer(24).getLong(0); // what the next launch would wait for
                numbered.add(new CudaGraph.Numbered<>(value, value, again, new CudaGraph.Node(node, blocks, threads)));
            }
        }
    }

    private void refuseWhileCapturing(String what) {
        Check.state(!isRecording(), "CudaGraph: a captured step must not read results or wait, got " + what);
    }

    @Override
    public String toString() {
        return name();
    }
}
