package org.atelier4j.tensor.device;

import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.function.Supplier;
import org.atelier4j.tensor.DType;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * Off-heap memory of the host, shared without a copy between Java loops (as NIO buffers), oneDNN (as an address) and
 * ND4J (as a pointer).
 */
public final class HostStorage extends Storage {
    private static final Cleaner CLEANER = Cleaner.create();

    private final HostPool.@Nullable Block block;
    private final Pointer pointer;
    private final ByteBuffer bytes;
    private final long address;
    private @Nullable Object guest;
    private @Nullable Object companion;

    HostStorage(Device device, DType dtype, long length, HostPool.Block block) {
        super(device, dtype, length);
        this.block = block;
        this.pointer = block.pointer();
        this.bytes = block.bytes();
        this.address = pointer.address() + pointer.position();
    }

    private HostStorage(DType dtype, long length, Pointer pointer, ByteBuffer bytes, Object guest) {
        super(Device.cpu(), dtype, length);
        this.block = null;
        this.pointer = pointer;
        this.bytes = bytes;
        this.address = pointer.address() + pointer.position() * Math.max(1, pointer.sizeof());
        this.guest = guest;
    }

    /**
     * Returns storage over memory that somebody else owns.
     *
     * @param guest the owner, kept reachable as long as this storage is
     */
    public static HostStorage wrap(DType dtype, long length, Pointer pointer, Object guest) {
        long n = length * dtype.bytes();
        ByteBuffer bytes = new org.bytedeco.javacpp.BytePointer(pointer)
                .position(pointer.position() * Math.max(1, pointer.sizeof()))
                .limit(pointer.position() * Math.max(1, pointer.sizeof()) + n)
                .asByteBuffer()
                .slice()
                .order(ByteOrder.nativeOrder());
        return new HostStorage(dtype, length, pointer, bytes, guest);
    }

    /** Returns the first byte's address, a multiple of 64 for memory of our own. */
    public long address() {
        checkAlive();
        return address;
    }

    /** Returns the memory as a JavaCPP pointer, for ND4J. */
    public Pointer pointer() {
        checkAlive();
        return pointer;
    }

    /** Returns all bytes in native order; position and limit are not to be relied on. */
    public ByteBuffer bytes() {
        checkAlive();
        return bytes;
    }

    /** Returns the elements of FLOAT32 storage. */
    public FloatBuffer floats() {
        return bytes().asFloatBuffer();
    }

    /** Returns the elements of FLOAT64 storage. */
    public DoubleBuffer doubles() {
        return bytes().asDoubleBuffer();
    }

    /** Returns the elements of INT32 storage. */
    public IntBuffer ints() {
        return bytes().asIntBuffer();
    }

    /** Returns the elements of INT64 storage. */
    public LongBuffer longs() {
        return bytes().asLongBuffer();
    }

    /** Returns the bits of BFLOAT16 storage. */
    public ShortBuffer shorts() {
        return bytes().asShortBuffer();
    }

    /** Returns whether the garbage collector owns this memory, as it does for parameters, and not a scope. */
    public boolean isManaged() {
        return guest instanceof Cleaner.Cleanable;
    }

    /** Returns what a kernel provider keeps beside this memory, as weights in another layout; made on first use. */
    public synchronized Object companion(Supplier<Object> make) {
        if (companion == null) {
            companion = make.get();
        }
        return companion;
    }

    @Override
    public void manage() {
        if (block != null) {
            HostPool.Block owned = block;
            guest = CLEANER.register(this, new Giver(owned));
        }
    }

    @Override
    protected void free() {
        if (guest instanceof Cleaner.Cleanable cleanable) {
            cleanable.clean();
        } else if (block != null) {
            HostPool.SHARED.give(block);
        }
    }

    private record Giver(HostPool.Block block) implements Runnable {
        @Override
        public void run() {
            HostPool.SHARED.give(block);
        }
    }
}
