package org.atelier4j.tensor.device.cuda;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Host memory that the card can reach without the processor's help: copies from and to it run beside other work. */
public final class PinnedBuffer implements AutoCloseable {
    private final CudaDevice device;
    private final long address;
    private final ByteBuffer bytes;

    PinnedBuffer(CudaDevice device, long size) {
        this.device = device;
        device.enter();
        this.address = Driver.value("cuMemHostAlloc", out -> Driver.cuMemHostAlloc(out, size, 0));
        this.bytes = new Pointer(address).getByteBuffer(0, size).order(ByteOrder.nativeOrder());
    }

    /** Returns the memory as a buffer in native byte order; not to be used after {@link #close}. */
    public ByteBuffer bytes() {
        return bytes;
    }

    /** Returns the address of a byte. */
    long address(long index) {
        return address + index;
    }

    @Override
    public void close() {
        device.enter();
        Driver.check("cuMemFreeHost", Driver.cuMemFreeHost(address));
    }
}
