package org.atelier4j.tensor.device;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.atelier4j.tensor.DType;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * Free lists of off-heap blocks by size class. A fresh 4 MB array costs 2–3 ms in page faults, one from here less than a
 * microsecond; a training step asks for the same sizes again and again, so memory stays flat after the first.
 *
 * <p>Classes are eight per doubling, so at most 1/8 of a block is wasted. Blocks start at a multiple of 64 bytes.
 *
 * <p>The garbage collector does not see off-heap memory, so tensors made outside of all scopes could pile up before it
 * runs. Whenever the reserved memory has doubled, the pool asks it to run and looks for what it freed.
 */
public final class HostPool {
    /** The pool of this process. */
    public static final HostPool SHARED = new HostPool();

    private static final int ALIGNMENT = 64;
    private static final long FIRST_COLLECTION = 1L << 30;

    private static final int STEPS = 8; // classes per doubling

    private final List<ArrayDeque<Block>> free = new ArrayList<>(); // by class, smallest first
    private long reservedBytes;
    private long pooledBytes;
    private long collectAt = FIRST_COLLECTION;

    private HostPool() {}

    /** A block of memory, owned by one storage after the other, mostly of one type and length. */
    static final class Block {
        private final Pointer base; // what malloc returned
        private final long address; // where the aligned part of it begins
        private final ByteBuffer bytes; // the aligned part
        private final long capacity;
        private @Nullable HostView view; // of the storage that had it last

        Block(Pointer base, long address, long capacity) {
            this.base = base;
            this.address = address;
            this.bytes = HostStorage.memory(address, capacity);
            this.capacity = capacity;
        }

        long address() {
            return address;
        }

        /** Returns the aligned part, all of it; for access by index only. */
        ByteBuffer bytes() {
            return bytes;
        }

        long capacity() {
            return capacity;
        }

        /** Returns its first elements as buffers; called by its owner only. */
        HostView view(DType dtype, long length) {
            if (view == null || !view.is(dtype, length)) {
                view = HostView.of(bytes, dtype, length);
            }
            return view;
        }
    }

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
        for (ArrayDeque<Block> blocks : free) {
            blocks.forEach(b -> Pointer.free(b.base));
            blocks.clear();
        }
        reservedBytes -= pooledBytes;
        pooledBytes = 0;
    }

    Block take(long bytes) {
        if (bytes > Integer.MAX_VALUE - ALIGNMENT) {
            throw new IllegalArgumentException(
                    "Tensor: a tensor on the CPU must be smaller than 2 GiB, got " + bytes + " bytes");
        }
        long capacity = sizeClass(bytes);
        Block block = reuse(capacity);
        if (block == null && shouldCollect(capacity)) {
            collect();
            block = reuse(capacity);
        }
        return block != null ? block : reserve(capacity);
    }

    synchronized void give(Block block) {
        int number = classNumber(block.capacity);
        while (free.size() <= number) {
            free.add(new ArrayDeque<>());
        }
        free.get(number).push(block);
        pooledBytes += block.capacity;
    }

    private synchronized @Nullable Block reuse(long capacity) {
        int number = classNumber(capacity);
        if (number >= free.size() || free.get(number).isEmpty()) {
            return null;
        }
        pooledBytes -= capacity;
        return free.get(number).pop();
    }

    private synchronized boolean shouldCollect(long capacity) {
        return reservedBytes + capacity > collectAt;
    }

    /** Runs the garbage collector and gives its cleaners a moment. */
    private void collect() {
        System.gc();
        try {
            Thread.sleep(20);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            collectAt = Math.max(FIRST_COLLECTION, 2 * (reservedBytes - pooledBytes));
            collectAt = Math.max(collectAt, reservedBytes + FIRST_COLLECTION / 4);
        }
    }

    private Block reserve(long capacity) {
        Pointer base = Pointer.malloc(capacity + ALIGNMENT);
        if (base == null || base.isNull()) {
            trim();
            base = Pointer.malloc(capacity + ALIGNMENT);
        }
        if (base == null || base.isNull()) {
            throw new OutOfMemoryError(
                    "Tensor: the system has no " + capacity + " bytes left; tensors hold " + reservedBytes());
        }
        long address = base.address() + (-base.address() & ALIGNMENT - 1);
        synchronized (this) {
            reservedBytes += capacity;
        }
        return new Block(base, address, capacity);
    }

    /** Returns a number of a class that {@link #sizeClass} returned; larger classes have higher ones. */
    static int classNumber(long capacity) {
        if (capacity <= STEPS * ALIGNMENT) {
            return (int) (capacity / ALIGNMENT);
        }
        int doublings = Long.SIZE - 1 - Long.numberOfLeadingZeros(capacity - 1);
        long power = 1L << doublings; // of two, below capacity
        return STEPS * doublings + (int) ((capacity - power - 1) / (power / STEPS));
    }

    /** Rounds up to the next of eight steps between powers of two, at least one alignment unit. */
    static long sizeClass(long bytes) {
        if (bytes <= STEPS * ALIGNMENT) {
            return Math.max(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        }
        long step = Long.highestOneBit(bytes - 1) / STEPS;
        return Math.min((bytes + step - 1) / step * step, Math.max(bytes, Integer.MAX_VALUE - ALIGNMENT));
    }
}
