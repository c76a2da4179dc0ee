package org.atelier4j.benchmarks.torch;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.atelier4j.benchmarks.OpenBlas;
import org.atelier4j.benchmarks.Task;
import org.atelier4j.benchmarks.Work;
import org.atelier4j.benchmarks.network.Numbers;

/**
 * Runs with OpenBLAS kept to one thread or with all, whichever is faster at first.
 *
 * <p>libtorch's fused attention calls OpenBLAS from inside of its own OpenMP loop, which is only fast while that has one
 * thread; its linear layers call it from outside and want all. {@link Torch#attention} goes by the number, too.
 */
final class TunedWork implements Work {
    private static final int TRIALS = 2; // of which the first finds caches cold

    private final Task task;
    private final Supplier<Work> maker;
    private final Work work;
    private final List<Integer> choices; // threads of OpenBLAS
    private int best;

    /** Prepares a task, of which another copy can be made. */
    TunedWork(Task task, Supplier<Work> maker) {
        this.task = task;
        this.maker = maker;
        work = maker.get();
        int all = OpenBlas.available();
        choices = all == 1 ? List.of(1) : List.of(1, all);
    }

    /** The first run tries what is faster, and so takes several times as long as the others. */
    @Override
    public void run() {
        if (best == 0) {
            best = fastest();
        }
        OpenBlas.setThreads(best);
        work.run();
    }

    private int fastest() {
        int fastest = 0;
        long least = Long.MAX_VALUE;
        for (int threads : choices) {
            OpenBlas.setThreads(threads);
            for (int i = 0; i < TRIALS; i++) {
                long start = System.nanoTime();
                work.run();
                long nanos = System.nanoTime() - start;
                if (nanos < least) {
                    least = nanos;
                    fastest = threads;
                }
            }
        }
        return fastest;
    }

    /** Returns the results with one thread, once they are known to be those with all. */
    @Override
    public Map<String, float[]> results() {
        OpenBlas.setThreads(choices.get(0));
        Map<String, float[]> results = work.results();
        for (int threads : choices.subList(1, choices.size())) {
            OpenBlas.setThreads(threads);
            try (Work copy = maker.get()) {
                Numbers.checkSame(
                        task.name(),
                        "libtorch with " + threads + " threads",
                        copy.results(),
                        results,
                        task.tolerance(),
                        task.gradientTolerance());
            }
        }
        return results;
    }

    @Override
    public void close() {
        work.close();
    }
}
