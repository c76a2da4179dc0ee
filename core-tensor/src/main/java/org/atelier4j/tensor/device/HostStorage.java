package org.atelier4j.tensor.device;

import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.function.Supplier;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * Off-heap memory of the host, shared without a copy between Java loops (as NIO buffers), oneDNN and ND4J (as an
 * address).
 *
 * <p>Buffers and addresses do not keep the memory allocated, only the storage does. Whoever uses them outside of an op
 * ends with {@link java.lang.ref.Reference#reachabilityFence}.
 */
public final class HostStorage extends Storage {
    private static final Cleaner CLEANER = Cleaner.create();

    private final HostPool.@Nullable Block block;
    private final @Nullable Object owner;
    private final HostView view;
    private final long address;
    private Cleaner.@Nullable Cleanable managed;
    private @Nullable Object companion;

    HostStorage(Device device, DType dtype, long length, HostPool.Block block) {
        this(device, dtype, length, block, null, block.view(dtype, length), block.address());
    }

    private HostStorage(
            Device device,
            DType dtype,
            long length,
            HostPool.@Nullable Block block,
            @Nullable Object owner,
            HostView view,
            long address) {
        super(device, dtype, length);
        this.block = block;
        this.owner = owner;
        this.address = address;
        this.view = view;
    }

    /**
     * Returns storage over memory that somebody else owns.
     *
     * @param owner kept reachable as long as this storage is
     */
    static HostStorage wrap(DType dtype, long length, long address, Object owner) {
        long size = length * dtype.bytes();
        Check.that(
                size <= Integer.MAX_VALUE,
                "Tensor: a tensor on the CPU must be smaller than 2 GiB, got %d bytes",
                size);
        HostView view = HostView.of(memory(address, size), dtype, length);
        return new HostStorage(Device.cpu(), dtype, length, null, owner, view, address);
    }

    /** Returns a buffer over raw memory. */
    static ByteBuffer memory(long address, long size) {
        Memory pointer = new Memory(address);
        return size == 0 ? ByteBuffer.allocateDirect(0) : pointer.limit(size).asByteBuffer();
    }

    private static final class Memory extends BytePointer {
        Memory(long address) {
            super((Pointer) null);
            this.address = address;
        }
    }

    /** Returns the first byte's address, a multiple of 64 for memory of our own. */
    public long address() {
        checkAlive();
        return address;
    }

    /** Returns all bytes in native order; for access by index only, since everybody shares the buffer. */
    public ByteBuffer bytes() {
        checkAlive();
        return view.bytes();
    }

    /** Returns the elements of FLOAT32 storage; for access by index only. */
    public FloatBuffer floats() {
        checkAlive();
        return (FloatBuffer) view.elements();
    }

    /** Returns the elements of FLOAT64 storage; for access by index only. */
    public DoubleBuffer doubles() {
        checkAlive();
        return (DoubleBuffer) view.elements();
    }

    /** Returns the elements of INT32 storage; for access by index only. */
    public IntBuffer ints() {
        checkAlive();
        return (IntBuffer) view.elements();
    }

    /** Returns the elements of INT64 storage; for access by index only. */
    public LongBuffer longs() {
        checkAlive();
        return (LongBuffer) view.elements();
    }

    /** Returns the bits of BFLOAT16 storage; for access by index only. */
    public ShortBuffer shorts() {
        checkAlive();
        return (ShortBuffer) view.elements();
    }

    /** Returns whether the garbage collector owns this memory, as it does for parameters, and not a scope. */
    public synchronized boolean isManaged() {
        return managed != null;
    }

    /** Returns what a kernel provider keeps beside this memory, as weights in another layout; made on first use. */
    public synchronized Object companion(Supplier<Object> make) {
        if (companion == null) {
            companion = make.get();
        }
        return companion;
    }

    @Override
    public synchronized void manage() {
        if (block != null && managed == null && !isReleased()) {
            managed = CLEANER.register(this, new Giver(block));
        }
    }

    @Override
    protected synchronized void free() {
        if (managed != null) {
            managed.clean();
        } else if (block != null) {
            HostPool.SHARED.give(block);
        }
    }

    /** What the garbage collector runs; it must not refer to the storage. */
    private record Giver(HostPool.Block block) implements Runnable {
        @Override
        public void run() {
            HostPool.SHARED.give(block);
        }
    }
}
