package org.atelier4j.tensor.device.cuda;

import com.sun.jna.Memory;

/** A mark in the stream of a device: whether work before it is done, and how long work between two marks took. */
public final class CudaEvent implements AutoCloseable {
    private final CudaDevice device;
    private final long handle;

    CudaEvent(CudaDevice device) {
        this.device = device;
        device.enter();
        this.handle = Driver.value("cuEventCreate", out -> Driver.cuEventCreate(out, 0));
    }

    /** Puts the mark behind all work queued so far. */
    public void record() {
        Driver.check("cuEventRecord", device.ask(() -> Driver.cuEventRecord(handle, device.stream())));
    }

    /** Returns whether the card has passed the mark. */
    public boolean isDone() {
        device.enter();
        int code = Driver.cuEventQuery(handle);
        if (code != Driver.NOT_READY) {
            Driver.check("cuEventQuery", code);
        }
        return code == 0;
    }

    /** Waits until the card has passed the mark. */
    public void await() {
        device.enter();
        Driver.check("cuEventSynchronize", Driver.cuEventSynchronize(handle));
    }

    /** Returns the milliseconds from an earlier mark to this one; both must have been passed. */
    public double millisSince(CudaEvent start) {
        device.enter();
        try (Memory millis = new Memory(4)) {
            Driver.check("cuEventElapsedTime", Driver.cuEventElapsedTime(Driver.address(millis), start.handle, handle));
            return millis.getFloat(0);
        }
    }

    @Override
    public void close() {
        device.enter();
        Driver.check("cuEventDestroy", Driver.cuEventDestroy_v2(handle));
    }
}
