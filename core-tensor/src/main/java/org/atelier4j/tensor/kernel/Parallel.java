package org.atelier4j.tensor.kernel;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.atelier4j.tensor.Check;
import org.jspecify.annotations.Nullable;

/**
 * Java loops over several threads. A range is cut into chunks whose borders depend on its length only, never on the
 * number of threads, so a loop that keeps one partial result per chunk gives the same bits everywhere.
 */
public final class Parallel {
    /** Elements per chunk of a loop that does a few operations per element; shorter loops stay on one thread. */
    public static final int GRAIN = 32768;

    /** Elements that a loop holds in Java arrays at a time: four arrays of them fit into a core's cache. */
    public static final int TILE = 4096;

    private static volatile Team team = new Pool();
    private static volatile int threads = Runtime.getRuntime().availableProcessors();

    private Parallel() {}

    /** A loop body. */
    @FunctionalInterface
    public interface Body {
        /** Does the work for {@code [from, to)}; called from several threads at once. */
        void run(int from, int to);
    }

    /** Threads that run a loop together. */
    public interface Team {
        /** Returns how many threads there are, the caller of {@link #run} included. */
        int size();

        /**
         * Runs {@code job} on up to so many threads at once, the caller's among them, and returns when all have
         * finished. A job throws nothing, and a thread that starts it late finds nothing left to do.
         */
        void run(int threads, Runnable job);
    }

    /** Lets all loops run on a provider's threads, which its native code keeps busy anyway, instead of those of Java. */
    public static void lend(Team lent) {
        team = lent;
        threads = lent.size();
    }

    /** Returns how many threads a loop uses at most, its caller included. */
    public static int threads() {
        return threads;
    }

    /** Sets how many threads a loop uses at most, its caller included, for the whole process; results do not change. */
    public static void setThreads(int count) {
        Check.that(count >= 1, "Parallel: threads must be >= 1, got %d", count);
        threads = count;
    }

    /**
     * Runs {@code body} for every chunk {@code [0, grain), [grain, 2·grain), …} of {@code [0, n)} and returns when all are
     * done. What a body throws arrives at the caller; chunks that have not begun by then are left out.
     */
    public static void forRange(int n, int grain, Body body) {
        if (n <= 0) {
            return;
        }
        int chunks = (n - 1) / grain + 1;
        if (Math.min(threads, chunks) == 1) {
            for (int c = 0; c < chunks; c++) {
                body.run(c * grain, end(c, grain, n));
            }
            return;
        }
        Job job = new Job(n, grain, chunks, body);
        team.run(Math.min(threads, chunks), job);
        job.rethrow();
    }

    /** Runs {@code body} for tiles of at most {@link #TILE} elements that together cover {@code [0, n)}. */
    public static void forTiles(int n, Body body) {
        forRange(n, GRAIN, (from, to) -> {
            for (int at = from; at < to; at += TILE) {
                body.run(at, Math.min(at + TILE, to));
            }
        });
    }

    /** Runs {@code body} for ranges of {@code count} rows of {@code length} elements, about a tile at a time. */
    public static void forRows(int count, long length, Body body) {
        int grain = (int) Math.max(1, GRAIN / Math.max(1, length));
        int step = (int) Math.max(1, TILE / Math.max(1, length));
        forRange(count, grain, (from, to) -> {
            for (int at = from; at < to; at += step) {
                body.run(at, Math.min(at + step, to));
            }
        });
    }

    private static int end(int chunk, int grain, int n) {
        return (int) Math.min((chunk + 1L) * grain, n);
    }

    /** One loop: its threads take chunks in turn until none is left. */
    private static final class Job implements Runnable {
        private final int n;
        private final int grain;
        private final int chunks;
        private final Body body;
        private final AtomicInteger taken = new AtomicInteger();
        private volatile @Nullable Throwable failure;

        Job(int n, int grain, int chunks, Body body) {
            this.n = n;
            this.grain = grain;
            this.chunks = chunks;
            this.body = body;
        }

        @Override
        public void run() {
            for (int c = taken.getAndIncrement(); c < chunks; c = taken.getAndIncrement()) {
                try {
                    if (failure == null) {
                        body.run(c * grain, end(c, grain, n));
                    }
                } catch (RuntimeException | Error e) {
                    failure = e;
                }
            }
        }

        void rethrow() {
            Throwable thrown = failure;
            if (thrown instanceof Error e) {
                throw e;
            }
            if (thrown instanceof RuntimeException e) {
                throw e;
            }
        }
    }

    /** The team that serves by default: daemon threads, made when first needed, gone after half a minute without work. */
    private static final class Pool implements Team {
        private static final int SPINS = 2000;

        private final AtomicInteger made = new AtomicInteger();
        private final ThreadPoolExecutor executor;

        Pool() {
            int helpers = Math.max(1, size() - 1);
            executor = new ThreadPoolExecutor(
                    helpers, helpers, 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), this::daemon);
            executor.allowCoreThreadTimeOut(true);
        }

        private Thread daemon(Runnable run) {
            Thread thread = new Thread(run, "atelier-kernels-" + made.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        }

        @Override
        public int size() {
            return Runtime.getRuntime().availableProcessors();
        }

        /** Helpers that have not begun when the caller has finished are told to stay away; the others are waited for. */
        @Override
        public void run(int threads, Runnable job) {
            Thread caller = Thread.currentThread();
            AtomicInteger running = new AtomicInteger(1);
            for (int i = 1; i < threads; i++) {
                executor.execute(() -> {
                    if (running.getAndUpdate(r -> r == 0 ? 0 : r + 1) == 0) {
                        return;
                    }
                    job.run();
                    if (running.decrementAndGet() == 0) {
                        LockSupport.unpark(caller);
                    }
                });
            }
            job.run();
            running.decrementAndGet();
            for (int i = 0; running.get() > 0; i++) {
                if (i < SPINS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.parkNanos(this, 1_000_000);
                }
            }
        }
    }
}
