package org.atelier4j.tensor.device.cuda;

import java.util.HashMap;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * What kernels found wrong with numbers that only they see, as indices out of range. The host does not wait for every
 * kernel, so it hears of faults when it next reads results or {@linkplain CudaDevice#synchronize waits}; until then the
 * kernels concerned write nothing.
 *
 * <p>On the card there are two words: the smallest of {@code serial·2⁴⁰ + position} over all faults, where serial counts
 * the launches that could fail, and the number found at that position.
 */
public final class Faults {
    private static final int POSITION_BITS = 40;
    private static final int MOST_PENDING = 1 << 20;

    private final CudaDevice device;
    private final long address;
    private final PinnedBuffer copy;
    private final Map<Long, BiFunction<Long, Long, RuntimeException>> pending = new HashMap<>();
    private long serial;
    private boolean always;

    Faults(CudaDevice device) {
        this.device = device;
        this.copy = new PinnedBuffer(device, 16);
        device.enter();
        this.address = Driver.value("cuMemAlloc", out -> Driver.cuMemAlloc_v2(out, 16));
        clear();
    }

    private void clear() {
        Driver.check("cuMemsetD8Async", Driver.cuMemsetD8Async(address, (byte) -1, 16, device.stream()));
        pending.clear();
        serial = 0;
    }

    /** Returns the address of the two words, a kernel's {@code Faults*} argument. */
    public long address() {
        return address;
    }

    /**
     * Announces a launch that may find a fault.
     *
     * @param meaning turns position and number into what the host throws
     * @return the serial to pass to the kernel
     */
    public long expect(BiFunction<Long, Long, RuntimeException> meaning) {
        boolean full;
        synchronized (this) {
            full = pending.size() >= MOST_PENDING;
        }
        if (full) {
            device.synchronize();
        }
        synchronized (this) {
            pending.put(++serial, meaning);
            return serial;
        }
    }

    /** Notes that there are recorded launches, which may find faults at any later time. */
    synchronized void outliveReading() {
        always = true;
    }

    /** Queues the copy that {@link #raise} reads after the stream was waited for. */
    synchronized boolean fetch() {
        if (pending.isEmpty() && !always) {
            return false;
        }
        Driver.check("cuMemcpyDtoHAsync", Driver.cuMemcpyDtoHAsync_v2(copy.address(0), address, 16, device.stream()));
        return true;
    }

    synchronized void raise() {
        long key = copy.bytes().getLong(0);
        long number = copy.bytes().getLong(8);
        if (key == -1) {
            pending.clear();
            return;
        }
        BiFunction<Long, Long, RuntimeException> meaning = pending.get(key >>> POSITION_BITS);
        clear();
        long position = key & (1L << POSITION_BITS) - 1;
        throw meaning != null
                ? meaning.apply(position, number)
                : new IllegalArgumentException(
                        "CudaGraph: indices and integer divisors of a replayed step must be valid,"
                                + " got a bad one at position " + position);
    }
}
