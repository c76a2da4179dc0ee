package org.atelier4j.tensor.device.cuda;

import com.sun.jna.Memory;

/** A {@code __global__} function, ready to be launched. */
public final class CudaKernel {
    private static final int REGISTERS = 4;
    private static final int SHARED_BYTES = 1;
    private static final int LOCAL_BYTES = 3;

    private final CudaDevice device;
    private final String name;
    private final long handle;

    CudaKernel(CudaDevice device, String name, long handle) {
        this.device = device;
        this.name = name;
        this.handle = handle;
    }

    /** Begins a launch: the arguments follow in the order of the kernel's parameters, then {@link Launch#run}. */
    public Launch with() {
        return Launch.begin(this);
    }

    CudaDevice device() {
        return device;
    }

    String name() {
        return name;
    }

    long handle() {
        return handle;
    }

    /**
     * What a kernel takes of a multiprocessor, as the driver states it.
     *
     * @param registers per thread
     * @param sharedBytes per block, without dynamic shared memory
     * @param localBytes per thread, in device memory: spilled registers and arrays with computed indices
     */
    public record Resources(int registers, int sharedBytes, int localBytes) {}

    /** Returns what the kernel takes. */
    public Resources resources() {
        return new Resources(attribute(REGISTERS), attribute(SHARED_BYTES), attribute(LOCAL_BYTES));
    }

    private int attribute(int number) {
        device.enter();
        try (Memory value = new Memory(4)) {
            Driver.check("cuFuncGetAttribute", Driver.cuFuncGetAttribute(Driver.address(value), number, handle));
            return value.getInt(0);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
