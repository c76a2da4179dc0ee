package org.atelier4j.tensor.device;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.atelier4j.tensor.Check;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Free lists of off-heap blocks by size class. A fresh 4 MB array costs 2–3 ms in page faults, one from here less than a
 * microsecond; a training step asks for the same sizes again and again, so memory stays flat after the first.
 *
 * <p>Classes are eight per doubling, so at most 1/8 of a block is wasted. Blocks start at a multiple of 64 bytes.
 */
public final class HostPool {
    /** The pool of this process. */
    public static final HostPool SHARED = new HostPool();

    private static final int ALIGNMENT = 64;

    private final Map<Long, ArrayDeque<Block>> free = new HashMap<>();
    private long reservedBytes;
    private long pooledBytes;

    private HostPool() {}

    /** A block of memory; {@code base} is what malloc returned, {@code bytes} the aligned part. */
    record Block(Pointer base, BytePointer pointer, ByteBuffer bytes, long capacity) {}

    /** Returns the bytes held from the operating system, in use or pooled. */
    public synchronized long reservedBytes() {
        return reservedBytes;
    }

    /** Returns the bytes that lie ready for reuse. */
    public synchronized long pooledBytes() {
        return pooledBytes;
    }

    /** Gives all unused blocks back to the operating system. */
    public synchronized void trim() {
        free.values().forEach(blocks -> blocks.forEach(b -> Pointer.free(b.base())));
        free.clear();
        reservedBytes -= pooledBytes;
        pooledBytes = 0;
    }

    Block take(long bytes) {
        long capacity = sizeClass(bytes);
        synchronized (this) {
            ArrayDeque<Block> blocks = free.get(capacity);
            if (blocks != null && !blocks.isEmpty()) {
                pooledBytes -= capacity;
                return blocks.pop();
            }
        }
        return reserve(capacity, bytes);
    }

    synchronized void give(Block block) {
        free.computeIfAbsent(block.capacity(), c -> new ArrayDeque<>()).push(block);
        pooledBytes += block.capacity();
    }

    private Block reserve(long capacity, long asked) {
        Check.that(
                capacity <= Integer.MAX_VALUE,
                "Tensor: a tensor on the CPU must be smaller than 2 GiB, got %d bytes",
                asked);
        Pointer base = Pointer.malloc(capacity + ALIGNMENT);
        if (base == null || base.isNull()) {
            throw new OutOfMemoryError("Tensor: the system has no " + capacity + " bytes left; " + reservedBytes()
                    + " are held, " + pooledBytes() + " of them unused");
        }
        long skip = -base.address() & ALIGNMENT - 1;
        BytePointer pointer = new BytePointer(base).position(skip).limit(skip + capacity);
        synchronized (this) {
            reservedBytes += capacity;
        }
        return new Block(base, pointer, pointer.asByteBuffer().slice().order(ByteOrder.nativeOrder()), capacity);
    }

    /** Rounds up to the next of eight steps between powers of two, at least one alignment unit. */
    static long sizeClass(long bytes) {
        if (bytes <= 8 * ALIGNMENT) {
            return Math.max(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        }
        long step = Long.highestOneBit(bytes - 1) >> 3;
        return (bytes + step - 1) / step * step;
    }
}
