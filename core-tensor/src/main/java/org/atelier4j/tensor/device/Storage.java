package org.atelier4j.tensor.device;

import java.util.concurrent.atomic.AtomicLong;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;

/**
 * A block of device memory that one or more tensors look at. It is released once, early by its
 * {@link org.atelier4j.tensor.TensorScope} or late by the garbage collector, and refuses any use afterwards.
 */
public abstract class Storage {
    private static final AtomicLong SERIAL = new AtomicLong();

    private final Device device;
    private final DType dtype;
    private final long length;
    private final long serial = SERIAL.incrementAndGet();
    private volatile boolean released;
    private long version;

    protected Storage(Device device, DType dtype, long length) {
        this.device = device;
        this.dtype = dtype;
        this.length = length;
    }

    /** Returns the device whose memory this is. */
    public final Device device() {
        return device;
    }

    /** Returns the element type. */
    public final DType dtype() {
        return dtype;
    }

    /** Returns the number of elements. */
    public final long length() {
        return length;
    }

    /** Returns a number that grows with every storage made in this process. */
    public final long serial() {
        return serial;
    }

    /** Returns the serial that the next storage will exceed. */
    public static long lastSerial() {
        return SERIAL.get();
    }

    /** Returns how often the contents were replaced after their creation; the autograd engine compares it. */
    public final long version() {
        return version;
    }

    /** Notes that the contents were replaced. */
    public final void touch() {
        version++;
    }

    /** Returns whether the memory was given back. */
    public final boolean isReleased() {
        return released;
    }

    /**
     * Checks that the memory is still there.
     *
     * @throws IllegalStateException if it was given back
     */
    public final void checkAlive() {
        if (released) {
            throw new IllegalStateException(
                    "tensor: its memory was released with its TensorScope; keep what must outlive"
                            + " a scope with scope.keep(tensor)");
        }
    }

    /** Gives the memory back; a second call does nothing. Callers are scopes and the autograd engine. */
    public final void release() {
        boolean first;
        synchronized (this) {
            first = !released;
            released = true;
        }
        if (first) {
            free();
        }
    }

    /** Hands the storage to the garbage collector: it is released when nothing refers to it any more. */
    public abstract void manage();

    /** Returns the memory to the device's pool. Called once. */
    protected abstract void free();

    /** Checks that {@code [index, index + count)} lies inside. */
    protected final void checkRange(long index, long count) {
        checkAlive();
        Check.that(
                index >= 0 && count >= 0 && index + count <= length,
                "Storage: range must lie in [0, %d), got [%d, %d)",
                length,
                index,
                index + count);
    }
}
