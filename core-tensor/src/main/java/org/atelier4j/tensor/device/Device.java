package org.atelier4j.tensor.device;

import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.kernel.Kernels;

/**
 * A place where tensors live and arithmetic happens: it makes storage, copies to and from the host, and offers its
 * kernels. Nothing above this interface assumes that memory can be read by the host.
 */
public interface Device {

    /** Returns the host's processor, always present. */
    static Device cpu() {
        return CpuDevice.INSTANCE;
    }

    /** Returns the device on which this thread makes tensors now: the innermost {@link DeviceScope}'s, else the host. */
    static Device current() {
        return DeviceScope.current();
    }

    /**
     * Returns an NVIDIA card, opened on first use.
     *
     * @param ordinal in the driver's order, from 0
     * @throws org.atelier4j.tensor.device.cuda.CudaException if there is no driver or no compiler, saying what to do
     */
    static Device cuda(int ordinal) {
        return CudaDevice.of(ordinal);
    }

    /** Returns the name users meet, as {@code cpu} or {@code cuda:0}. */
    String name();

    /**
     * Returns uninitialized storage, owned by the innermost open {@link org.atelier4j.tensor.TensorScope} of this thread
     * or, outside of any, by the garbage collector.
     *
     * @param length number of elements, ≥ 0
     */
    Storage allocate(DType dtype, long length);

    /** Returns the arithmetic of this device. */
    Kernels kernels();

    /**
     * Says how a number that the host gives to kernels changes from one run of a step to the next, for the case that the step
     * is being recorded: each replay but the first takes the next value. Otherwise does nothing.
     *
     * @param value what the kernels of this run get, known by its identity
     * @param next returns what those of the next run get
     */
    default <V> void renew(V value, Supplier<V> next) {}

    /**
     * Copies host bytes (native byte order, from position to limit) into a storage.
     *
     * @param index first element written
     */
    void upload(ByteBuffer source, Storage target, long index);

    /**
     * Copies elements into a host buffer (native byte order), from its position to its limit.
     *
     * @param index first element read
     */
    void download(Storage source, long index, ByteBuffer target);
}
