package org.atelier4j.data;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/** A thread that prepares batches ahead of their use, as many as there are buffers. */
final class Prefetch implements AutoCloseable {

    /** What the thread hands over: a batch, or why there is none. */
    private record Item(@Nullable HostBatch batch, @Nullable Throwable failure) {}

    private final BlockingQueue<Item> ready;
    private final BlockingQueue<HostBatch> free;
    private final Thread thread;
    private @Nullable Throwable failure;

    /**
     * Starts the thread.
     *
     * @param ahead how many batches wait at most
     * @param position number of the first batch
     * @param end number after the last
     */
    Prefetch(BatchAssembler assembler, int ahead, long position, long end) {
        ready = new ArrayBlockingQueue<>(ahead + 1); // the failure always fits
        free = new ArrayBlockingQueue<>(ahead);
        for (int i = 0; i < ahead; i++) {
            free.add(assembler.room());
        }
        thread = new Thread(() -> run(assembler, position, end), "atelier-batches");
        thread.setDaemon(true);
        thread.start();
    }

    private void run(BatchAssembler assembler, long position, long end) {
        try {
            for (long p = position; p < end; p++) {
                HostBatch batch = free.take();
                assembler.assemble(p, batch);
                ready.put(new Item(batch, null));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        } catch (RuntimeException | Error e) {
            ready.add(new Item(null, e));
        }
    }

    /** Returns the next batch, to be given back. Must not be asked for more than there are. */
    HostBatch take() {
        try {
            Item item = failure == null ? ready.take() : new Item(null, failure);
            if (item.batch() != null) {
                return item.batch();
            }
            failure = item.failure();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Batches: interrupted while waiting for a batch", e);
        }
        if (failure instanceof Error error) {
            throw error;
        }
        throw failure instanceof RuntimeException e ? e : new IllegalStateException(failure);
    }

    /** Makes a batch's buffers free for a later one. */
    void giveBack(HostBatch batch) {
        free.add(batch);
    }

    /** Ends the thread and waits until it is gone. */
    @Override
    public void close() {
        thread.interrupt();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
