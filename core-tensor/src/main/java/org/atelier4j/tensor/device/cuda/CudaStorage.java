package org.atelier4j.tensor.device.cuda;

import java.lang.ref.Cleaner;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.device.Storage;
import org.jspecify.annotations.Nullable;

/** Memory of a card. The host knows its address only. */
public final class CudaStorage extends Storage {
    private static final Cleaner CLEANER = Cleaner.create();

    private final CudaArena arena;
    private final CudaArena.Block block;
    private Cleaner.@Nullable Cleanable managed;

    CudaStorage(CudaDevice device, DType dtype, long length, CudaArena.Block block) {
        super(device, dtype, length);
        this.arena = device.arena();
        this.block = block;
    }

    /** Returns the device address of an element. */
    public long address(long index) {
        checkAlive();
        return block.address() + index * dtype().bytes();
    }

    void check(long index, long count) {
        checkRange(index, count);
    }

    @Override
    public synchronized void manage() {
        if (managed == null && !isReleased()) {
            managed = CLEANER.register(this, new Giver(arena, block));
        }
    }

    @Override
    protected synchronized void free() {
        if (managed != null) {
            managed.clean();
        } else {
            arena.give(block);
        }
    }

    /** What the garbage collector runs; it must not refer to the storage. */
    private record Giver(CudaArena arena, CudaArena.Block block) implements Runnable {
        @Override
        public void run() {
            arena.give(block);
        }
    }
}
