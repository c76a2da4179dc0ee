package org.atelier4j.tensor.device.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * The CUDA driver's functions under their own names (CUDA driver API), by JNA direct mapping: half a microsecond a call.
 * Handles, device addresses and sizes are longs, out-parameters addresses of native memory.
 */
final class Driver {
    static final int OUT_OF_MEMORY = 2;
    static final int NOT_READY = 600;

    /** Why there is no driver, or null where there is one; decided once. */
    private static final @Nullable CudaException ABSENCE = bind();

    private Driver() {}

    private static @Nullable CudaException bind() {
        try {
            NativeLibrary library = Libraries.driver();
            Native.register(Driver.class, library);
            check("cuInit", cuInit(0));
            return null;
        } catch (CudaException e) {
            return e;
        } catch (UnsatisfiedLinkError e) {
            return new CudaException("CUDA: the NVIDIA driver is too old (" + e.getMessage()
                    + "); 11.4 or newer is needed: update it, or run on the CPU");
        }
    }

    /**
     * Makes sure that there is a driver.
     *
     * @throws CudaException if not, always with the same message and without looking again
     */
    static void require() {
        if (ABSENCE != null) {
            throw new CudaException(ABSENCE.code(), String.valueOf(ABSENCE.getMessage()));
        }
    }

    /** Throws what a result code means; {@code what} is the function or, better, the op. */
    static void check(String what, int code) {
        if (code != 0) {
            throw failure(what, code);
        }
    }

    static CudaException failure(String what, int code) {
        return new CudaException(code, what + ": CUDA error " + code + " (" + describe(code) + ")");
    }

    private static String describe(int code) {
        try (Memory text = new Memory(8)) {
            text.clear();
            cuGetErrorString(code, address(text));
            Pointer string = text.getPointer(0);
            return string == null ? "unknown" : string.getString(0);
        }
    }

    static long address(Memory memory) {
        return Pointer.nativeValue(memory);
    }

    /** A function that writes a handle or number to an address. */
    interface Getter {
        int get(long out);
    }

    /** Returns the 64-bit value that a function writes. */
    static long value(String what, Getter getter) {
        try (Memory out = new Memory(8)) {
            out.clear();
            check(what, getter.get(address(out)));
            return out.getLong(0);
        }
    }

    // --- the driver -------------------------------------------------------------------------------------------------

    static native int cuInit(int flags);

    static native int cuDriverGetVersion(long version);

    static native int cuGetErrorString(int error, long string);

    // --- devices and contexts ---------------------------------------------------------------------------------------

    static native int cuDeviceGetCount(long count);

    static native int cuDeviceGetName(long name, int length, int device);

    static native int cuDeviceGetAttribute(long value, int attribute, int device);

    static native int cuDeviceTotalMem_v2(long bytes, int device);

    static native int cuDevicePrimaryCtxRetain(long context, int device);

    static native int cuCtxSetCurrent(long context);

    static native int cuMemGetInfo_v2(long free, long total);

    // --- memory -----------------------------------------------------------------------------------------------------

    static native int cuMemAlloc_v2(long address, long bytes);

    static native int cuMemFree_v2(long address);

    static native int cuMemHostAlloc(long address, long bytes, int flags);

    static native int cuMemFreeHost(long address);

    static native int cuMemcpyHtoDAsync_v2(long target, long source, long bytes, long stream);

    static native int cuMemcpyDtoHAsync_v2(long target, long source, long bytes, long stream);

    static native int cuMemcpyDtoDAsync_v2(long target, long source, long bytes, long stream);

    static native int cuMemsetD8Async(long target, byte value, long bytes, long stream);

    // --- streams, events, graphs ------------------------------------------------------------------------------------

    static native int cuStreamCreate(long stream, int flags);

    static native int cuStreamSynchronize(long stream);

    static native int cuStreamBeginCapture_v2(long stream, int mode);

    static native int cuStreamEndCapture(long stream, long graph);

    static native int cuStreamGetCaptureInfo_v2(
            long stream, long status, long id, long graph, long dependencies, long count);

    static native int cuEventCreate(long event, int flags);

    static native int cuEventRecord(long event, long stream);

    static native int cuEventQuery(long event);

    static native int cuEventSynchronize(long event);

    static native int cuEventElapsedTime(long milliseconds, long start, long end);

    static native int cuEventDestroy_v2(long event);

    static native int cuGraphInstantiateWithFlags(long executable, long graph, long flags);

    static native int cuGraphLaunch(long executable, long stream);

    static native int cuGraphExecKernelNodeSetParams(long executable, long node, long parameters);

    static native int cuGraphExecDestroy(long executable);

    static native int cuGraphDestroy(long graph);

    // --- code -------------------------------------------------------------------------------------------------------

    static native int cuModuleLoadData(long module, long image);

    static native int cuModuleGetFunction(long function, long module, String name);

    static native int cuModuleUnload(long module);

    static native int cuFuncGetAttribute(long value, int attribute, long function);

    static native int cuLaunchKernel(
            long function,
            int gridX,
            int gridY,
            int gridZ,
            int blockX,
            int blockY,
            int blockZ,
            int sharedBytes,
            long stream,
            long parameters,
            long extra);
}
