package org.atelier4j.tensor.device.cuda;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Device memory by size class. Asking the driver stops the card, so blocks are kept when they come back; since all work
 * happens in the order of one stream, a block may be used again the moment the host lets it go.
 *
 * <p>The free block with the lowest address is taken first, so that steps that ask for the same sizes in the same order
 * get the same addresses: what a captured graph needs, and what keeps memory flat. Classes are eight per doubling.
 */
public final class CudaArena {
    /**
     * Set to {@code true}, every block is exactly as long as asked for, comes from the driver and goes back to it: slow,
     * but {@code compute-sanitizer} (or the emulator of the tests) then sees every access beyond a tensor.
     */
    public static final String EXACT = "atelier.cuda.exact";

    private static final long UNIT = 512;
    private static final StackWalker WALKER = StackWalker.getInstance();

    private final CudaDevice device;
    private final boolean exact;
    private final Pool common = new Pool();
    private Pool current = common;
    private long reservedBytes;
    private long usedBytes;

    /**
     * Makes an empty arena.
     *
     * @param exact see {@link #EXACT}
     */
    CudaArena(CudaDevice device, boolean exact) {
        this.device = device;
        this.exact = exact;
    }

    /** Memory from the driver, and the pool to which it returns. */
    record Block(long address, long capacity, Pool pool) {}

    /** Free blocks, by class and address. */
    static final class Pool {
        private final Map<Long, TreeSet<Long>> free = new HashMap<>();
        private boolean closed;

        @Nullable
        Long take(long capacity) {
            TreeSet<Long> blocks = free.get(capacity);
            return blocks == null ? null : blocks.pollFirst();
        }

        void give(long address, long capacity) {
            free.computeIfAbsent(capacity, c -> new TreeSet<>()).add(address);
        }
    }

    /** Returns the bytes held from the driver, in use or ready for reuse. */
    public synchronized long reservedBytes() {
        return reservedBytes;
    }

    /** Returns the bytes of live tensors, rounded up to their size classes. */
    public synchronized long usedBytes() {
        return usedBytes;
    }

    /** Gives all unused blocks back to the driver. */
    public synchronized void trim() {
        device.enter();
        common.free.forEach((capacity, blocks) -> {
            blocks.forEach(Driver::cuMemFree_v2);
            reservedBytes -= capacity * blocks.size();
        });
        common.free.clear();
    }

    Block take(long bytes) {
        long capacity = exact ? Math.max(1, bytes) : sizeClass(bytes);
        Block block = tryTake(capacity);
        if (block == null) { // tensors that nobody can reach any more may hold memory
            System.gc();
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            trim();
            block = tryTake(capacity);
        }
        if (block == null) {
            throw new CudaException(Driver.OUT_OF_MEMORY, outOfMemory(bytes));
        }
        return block;
    }

    /** Takes a block, not while another thread records: until then there is only that thread's pool. */
    private @Nullable Block tryTake(long capacity) {
        Block[] block = new Block[1];
        int code = device.ask(() -> tryTake(capacity, block));
        if (code != Driver.OUT_OF_MEMORY) {
            Driver.check("cuMemAlloc", code);
        }
        return block[0];
    }

    private synchronized int tryTake(long capacity, Block[] block) {
        Long address = current.take(capacity);
        if (address == null) {
            long[] fresh = new long[1];
            int code = device.allocate(capacity, fresh);
            if (code != 0) {
                return code;
            }
            address = fresh[0];
            reservedBytes += capacity;
        }
        usedBytes += capacity;
        block[0] = new Block(address, capacity, current);
        return 0;
    }

    synchronized void give(Block block) {
        usedBytes -= block.capacity();
        giveTo(block.pool().closed ? common : block.pool(), block.address(), block.capacity());
    }

    private void giveTo(Pool pool, long address, long capacity) {
        if (exact && pool == common) {
            device.enter();
            reservedBytes -= capacity;
            Driver.check("cuMemFree", Driver.cuMemFree_v2(address));
        } else {
            pool.give(address, capacity);
        }
    }

    // --- graphs -----------------------------------------------------------------------------------------------------

    /** From now on memory comes from a pool of its own, whose addresses nobody else will use. */
    synchronized void openPool() {
        current = new Pool();
    }

    /** Ends what {@link #openPool} began; the pool must be kept as long as its addresses may be written. */
    synchronized Pool leavePool() {
        Pool pool = current;
        current = common;
        return pool;
    }

    synchronized void closePool(Pool pool) {
        pool.closed = true;
        pool.free.forEach((capacity, blocks) -> blocks.forEach(address -> giveTo(common, address, capacity)));
        pool.free.clear();
    }

    // --- errors -----------------------------------------------------------------------------------------------------

    private String outOfMemory(long bytes) {
        CudaDevice.Memory memory = device.memory();
        return String.format(
                java.util.Locale.ROOT,
                "%s: %s has no %,d bytes left: %,d of %,d are free, tensors hold %,d; use a smaller batch or gradient"
                        + " checkpoints",
                operation(),
                device.name(),
                bytes,
                memory.free(),
                memory.total(),
                usedBytes());
    }

    /** Returns the op or layer that asked for memory, from the stack. */
    private static String operation() {
        return WALKER.walk(frames -> frames.map(StackWalker.StackFrame::getClassName)
                .filter(name -> name.startsWith("org.atelier4j."))
                .filter(name -> !name.startsWith("org.atelier4j.tensor.device.") && !name.endsWith(".Tensor"))
                .findFirst()
                .map(name -> name.substring(name.lastIndexOf('.') + 1))
                .orElse("Tensor"));
    }

    /** Rounds up to the next of eight steps between powers of two, at least one unit. */
    static long sizeClass(long bytes) {
        if (bytes <= 8 * UNIT) {
            return Math.max(UNIT, (bytes + UNIT - 1) / UNIT * UNIT);
        }
        long step = Long.highestOneBit(bytes - 1) >> 3;
        return (bytes + step - 1) / step * step;
    }
}
