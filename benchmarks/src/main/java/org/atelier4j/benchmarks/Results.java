package org.atelier4j.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.atelier4j.io.Json;

/**
 * What a run of {@link Report} measured: the contents of a file in {@code benchmarks/results}.
 *
 * @param machine where and with what
 * @param timings in the order of measurement
 * @param memory in the order of measurement
 */
public record Results(Machine machine, List<Timing> timings, List<Memory> memory) {

    /** Copies the lists. */
    public Results {
        timings = List.copyOf(timings);
        memory = List.copyOf(memory);
    }

    /**
     * The times of one engine for one task.
     *
     * @param task its name
     * @param engine its name
     * @param micros microseconds per operation, one value for each turn
     */
    public record Timing(String task, String engine, List<Double> micros) {}

    /**
     * The memory of one engine in a process of its own.
     *
     * @param workload what ran
     * @param engine who did it
     * @param steps how often
     * @param peakBytes most physical memory that the process ever had
     * @param idleBytes physical memory before the first step, model and optimizer made
     * @param garbageBytes Java objects made per step once all is warm
     * @param drift (max − min)/min of the physical memory over the last nine tenths of the steps
     */
    public record Memory(
            String workload,
            String engine,
            int steps,
            long peakBytes,
            long idleBytes,
            long garbageBytes,
            double drift) {}

    /** Returns the results in a file. */
    public static Results read(Path path) {
        return Json.record(Results.class, Json.read(path));
    }

    /** Writes the file. */
    public void save(Path path) {
        Json.save(path, this);
    }

    /** Returns the names of all tasks that were measured, in the order of {@link Task#all}; what is no task comes last. */
    public List<String> tasks() {
        List<String> order = Task.all().stream().map(Task::name).toList();
        return timings.stream()
                .map(Timing::task)
                .distinct()
                .sorted(Comparator.comparingInt(t -> order.contains(t) ? order.indexOf(t) : order.size()))
                .toList();
    }

    /** Returns the times of an engine for a task, if it was measured. */
    public Optional<List<Double>> times(String task, String engine) {
        return timings.stream()
                .filter(t -> t.task().equals(task) && t.engine().equals(engine))
                .map(Timing::micros)
                .findFirst();
    }

    /**
     * Returns how many times as long an engine takes for a task as the library, if both were measured.
     *
     * @param paired whether they took turns in one process
     */
    public Optional<Ratio> ratio(String task, String engine, boolean paired) {
        Optional<List<Double>> own = times(task, Engine.ATELIER);
        Optional<List<Double>> other = times(task, engine);
        if (own.isEmpty() || other.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(paired ? Ratio.paired(other.get(), own.get()) : Ratio.unpaired(other.get(), own.get()));
    }

    /** Returns these results without the times of the tasks whose names match a regular expression. */
    public Results without(String tasks) {
        List<Timing> rest =
                timings.stream().filter(t -> !t.task().matches(tasks)).toList();
        return new Results(machine, rest, memory);
    }

    /** Returns these results with more times. */
    public Results with(List<Timing> more) {
        List<Timing> all = new ArrayList<>(timings);
        all.addAll(more);
        return new Results(machine, all, memory);
    }

    /** Returns these results with one more memory figure. */
    public Results with(Memory more) {
        List<Memory> all = new ArrayList<>(memory);
        all.add(more);
        return new Results(machine, timings, all);
    }

    /** Returns these results on a machine described anew. */
    public Results with(Machine other) {
        return new Results(other, timings, memory);
    }
}
