package org.atelier4j.benchmarks;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.atelier4j.benchmarks.network.Numbers;
import org.atelier4j.tensor.Check;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Runs one task in JMH. {@code -p engines=libtorch} names who does it.
 *
 * <p>Several names joined by {@code +}, as {@code atelier+libtorch}, run in one process and take turns: iteration by
 * iteration, forwards and then backwards, so that a machine that becomes slower or faster does so for all of them.
 * {@link #engineAt} tells whose an iteration is; JMH's own mean over all iterations then means nothing.
 *
 * <p>Before anything is timed, all engines must give the library's results, else the benchmark refuses.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 400, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 400, timeUnit = TimeUnit.MILLISECONDS)
public abstract class TaskBenchmark {
    /** The system property that, set to {@code false}, leaves out the check: for an engine alone in its process. */
    public static final String CHECK = "atelier.benchmarks.check";

    /** Idle OpenMP threads of the engine before spin for a few milliseconds, then sleep. */
    private static final long PAUSE_MILLIS = 20;

    /** How long engines run before anything counts, and Java's compiler must have rested. */
    private static final long WARM_UP_MILLIS = 1000;

    /** When to begin although Java's compiler is still at work on one of the cores. */
    private static final int MOST_WARM_UPS = 20;

    /** Share of the time in which a compiler counts as resting. */
    private static final double RESTING = 0.1;

    /** Runs that take longer find their caches cold anyway. */
    private static final long LONG_NANOS = 100_000_000L;

    /** Who does the task: one engine, or several joined by {@code +}. */
    @Param(Engine.ATELIER)
    public String engines = "";

    private final List<Work> works = new ArrayList<>();
    private final List<Long> nanos = new ArrayList<>();
    private @Nullable Work current;
    private int iteration;

    /** Makes a benchmark; JMH does. */
    protected TaskBenchmark() {}

    /** Returns the name of the task, which each suite takes from JMH as {@code task}. */
    protected abstract String name();

    /** Prepares the engines and checks that they agree. */
    @Setup(Level.Trial)
    public void prepare() {
        Task task = Task.named(name());
        Map<String, float[]> truth = Map.of();
        if (Boolean.parseBoolean(System.getProperty(CHECK, "true"))) {
            try (Work reference = new AtelierEngine().prepare(task)) {
                truth = reference.results();
            }
        }
        for (String name : engines.split("\\+")) {
            Engine engine = Engine.named(name);
            Check.that(engine.does(task), "%s has no words for %s", name, task.name());
            Work work = engine.prepare(task);
            works.add(work);
            if (!truth.isEmpty()) {
                Numbers.checkSame(task.name(), name, work.results(), truth, task.tolerance(), task.gradientTolerance());
            }
            nanos.add(warmUp(work));
        }
    }

    /** Runs until Java's compiler rests, which otherwise competes for the cores, and returns how long the last run took. */
    private static long warmUp(Work work) {
        CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
        long nanos = 0;
        for (int i = 0; i < MOST_WARM_UPS; i++) {
            long compiled = compiler.getTotalCompilationTime();
            long start = System.nanoTime();
            long millis;
            do {
                long before = System.nanoTime();
                work.run();
                nanos = System.nanoTime() - before;
                millis = (before + nanos - start) / 1_000_000;
            } while (millis < WARM_UP_MILLIS);
            if (compiler.getTotalCompilationTime() - compiled < RESTING * millis) {
                break;
            }
        }
        return nanos;
    }

    /** Hands over to the engine whose turn it is, and lets it find its caches. */
    @Setup(Level.Iteration)
    public void turn() throws InterruptedException {
        Thread.sleep(PAUSE_MILLIS);
        int engine = engineAt(iteration++, works.size());
        Work work = works.get(engine);
        if (nanos.get(engine) < LONG_NANOS) {
            work.run();
        }
        current = work;
    }

    /** Does the task once. */
    @Benchmark
    public void run() {
        java.util.Objects.requireNonNull(current).run();
    }

    /** Lets the memory go. */
    @TearDown(Level.Trial)
    public void close() {
        works.forEach(Work::close);
        works.clear();
    }

    /**
     * Returns whose turn an iteration is: 0, 1, 2, 2, 1, 0, 0, 1, … for three engines.
     *
     * @param iteration counted from 0, warm-up included
     */
    public static int engineAt(int iteration, int engines) {
        int place = iteration % engines;
        return iteration / engines % 2 == 0 ? place : engines - 1 - place;
    }
}
