package org.atelier4j.tensor.device.cuda;

import com.sun.jna.Memory;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of one kernel launch, written into native memory of the thread that launches: an address per parameter,
 * then the values. The driver copies them, so the memory serves again at once. One launch at a time per thread.
 */
public final class Launch {
    private static final int PARAMETERS = 64;
    private static final int VALUE_BYTES = 32_768; // what CUDA 12.1 takes; kernels for older ones keep to 4096
    private static final int VALUES = 8 * PARAMETERS;
    private static final ThreadLocal<Launch> OF_THREAD = ThreadLocal.withInitial(Launch::new);

    private final Memory memory = new Memory(VALUES + VALUE_BYTES);
    private @Nullable CudaKernel kernel;
    private int count;
    private int end;

    private Launch() {}

    static Launch begin(CudaKernel kernel) {
        Launch launch = OF_THREAD.get();
        launch.kernel = kernel;
        launch.count = 0;
        launch.end = VALUES;
        return launch;
    }

    private int place(int bytes) {
        int at = end;
        memory.setLong(8L * count++, Driver.address(memory) + at);
        end += (bytes + 7) / 8 * 8;
        return at;
    }

    /** Adds a pointer to a tensor's first element, a null pointer for no tensor. */
    public Launch tensor(@Nullable Tensor t) {
        return tensor(t, 0);
    }

    /** Adds a pointer to the element of a tensor at {@code index}, a null pointer for no tensor. */
    public Launch tensor(@Nullable Tensor t, long index) {
        if (t != null && t.device() != device()) {
            throw new IllegalArgumentException(name() + ": tensors must be on " + device().name() + ", got one on "
                    + t.device().name() + "; move it with tensor.to(device)");
        }
        return pointer(t == null ? 0 : address(t, index));
    }

    /** Returns the device address of an element of a tensor on a card. */
    public static long address(Tensor t, long index) {
        return ((CudaStorage) t.storage()).address(t.offset() + index);
    }

    /** Adds a device address. */
    public Launch pointer(long address) {
        memory.setLong(place(8), address);
        return this;
    }

    /** Adds an {@code int}. */
    public Launch int32(int value) {
        memory.setInt(place(4), value);
        return this;
    }

    /** Adds a {@code long long}. */
    public Launch int64(long value) {
        memory.setLong(place(8), value);
        return this;
    }

    /** Adds a {@code double}. */
    public Launch float64(double value) {
        memory.setDouble(place(8), value);
        return this;
    }

    /** Adds a struct of {@code long long}s. */
    public Launch struct(long... fields) {
        memory.write(place(8 * fields.length), fields, 0, fields.length);
        return this;
    }

    /** Queues the kernel with blocks of one row of threads. */
    public void run(long blocksX, long blocksY, long blocksZ, int threads) {
        CudaDevice device = device();
        int code = device.ask(() -> Driver.cuLaunchKernel(
                kernel().handle(),
                Math.toIntExact(blocksX),
                Math.toIntExact(blocksY),
                Math.toIntExact(blocksZ),
                threads,
                1,
                1,
                0,
                device.stream(),
                Driver.address(memory),
                0));
        if (code != 0) {
            throw Driver.failure("kernel " + name(), code);
        }
    }

    /** Queues the kernel with enough blocks of 256 threads for n elements, one a turn; none for no elements. */
    public void forElements(long n) {
        if (n > 0) {
            run(device().blocksFor(n, 256), 1, 1, 256);
        }
    }

    /**
     * Puts this launch, which was not run, in the place of one that a graph has recorded: from its next replay on the graph
     * launches with these arguments. Kernel and number of blocks stay.
     */
    void replace(CudaGraph.Node node, long executable) {
        try (Memory parameters = new Memory(56)) { // CUDA_KERNEL_NODE_PARAMS
            parameters.setLong(0, kernel().handle());
            parameters.setInt(8, Math.toIntExact(node.blocks()));
            parameters.setInt(12, 1);
            parameters.setInt(16, 1);
            parameters.setInt(20, node.threads());
            parameters.setInt(24, 1);
            parameters.setInt(28, 1);
            parameters.setInt(32, 0); // shared bytes
            parameters.setLong(40, Driver.address(memory));
            parameters.setLong(48, 0);
            Driver.check(
                    "cuGraphExecKernelNodeSetParams",
                    Driver.cuGraphExecKernelNodeSetParams(executable, node.handle(), Driver.address(parameters)));
        }
    }

    private CudaKernel kernel() {
        if (kernel == null) {
            throw new IllegalStateException("Launch: must begin with a kernel");
        }
        return kernel;
    }

    private CudaDevice device() {
        return kernel().device();
    }

    private String name() {
        return kernel().name();
    }
}
