package org.atelier4j.benchmarks;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;
import org.atelier4j.benchmarks.network.UNetNetwork;
import org.atelier4j.io.Json;

/**
 * Memory of training, each engine in a process of its own: the most physical memory, its drift over many steps, and the
 * Java objects made per step.
 *
 * <pre>{@code
 * java -cp benchmarks.jar org.atelier4j.benchmarks.MemoryReport [--steps 5000] [--unet-steps 8]
 * }</pre>
 *
 * <p>Physical memory is read from {@code /proc}, so only Linux tells it. The numbers contain the Java machine and all
 * libraries.
 */
public final class MemoryReport {
    private static final String CHILD = "child";
    private static final int SAMPLES = 200;

    private MemoryReport() {}

    /** Measures and prints a line for each process. */
    public static void main(String[] args) {
        List<String> list = List.of(args);
        if (!list.isEmpty() && list.get(0).equals(CHILD)) {
            Results.Memory measured = run(Task.named(args[1]), args[2], Integer.parseInt(args[3]));
            System.out.println(Json.write(measured));
            return;
        }
        measureAll(option(list, "--steps", 5000), option(list, "--unet-steps", 8))
                .forEach(m -> System.out.println(line(m)));
    }

    private static int option(List<String> args, String name, int otherwise) {
        int at = args.indexOf(name);
        return at < 0 ? otherwise : Integer.parseInt(args.get(at + 1));
    }

    /** Returns a measurement in words. */
    static String line(Results.Memory m) {
        return String.format(
                Locale.ROOT,
                "%-18s %-9s %5d steps: peak %,.0f MB, before the first step %,.0f MB, drift %.2f %%, garbage %.3f MB"
                        + " per step",
                m.workload(),
                m.engine(),
                m.steps(),
                m.peakBytes() / 1e6,
                m.idleBytes() / 1e6,
                100 * m.drift(),
                m.garbageBytes() / 1e6);
    }

    /**
     * Measures everything, each in its own process.
     *
     * @param steps of the small network
     * @param large steps of the network of the benchmarks
     */
    static List<Results.Memory> measureAll(int steps, int large) {
        List<Results.Memory> all = new ArrayList<>();
        all.add(measure(new Task.Step(UNetNetwork.small(), 8), Engine.ATELIER, steps));
        for (String engine : List.of(Engine.ATELIER, Engine.LIBTORCH)) {
            if (Engine.names().contains(engine)) {
                all.add(measure(new Task.Step(UNetNetwork.benchmark(), 64), engine, large));
            }
        }
        return all;
    }

    /** Runs a task in a process of its own, in which no other engine is loaded. */
    static Results.Memory measure(Task.Step task, String engine, int steps) {
        List<String> options = List.of(
                "-Xms256m", // a small heap that is all there from the start: what grows later is a leak
                "-Xmx256m",
                "-XX:+AlwaysPreTouch",
                "-Dorg.bytedeco.javacpp.maxbytes=0", // no limits on native memory derived from the heap's
                "-Dorg.bytedeco.javacpp.maxphysicalbytes=0");
        String line = Child.run(
                MemoryReport.class, task.network(), options, CHILD, task.name(), engine, Integer.toString(steps));
        return Json.record(Results.Memory.class, Json.parse(line));
    }

    /** Runs a task here. */
    private static Results.Memory run(Task task, String engine, int steps) {
        Work work = Engine.named(engine).prepare(task);
        System.gc();
        long idle = physical("VmRSS:");
        long least = Long.MAX_VALUE;
        long most = 0;
        long garbage = 0;
        for (int step = 0; step < steps; step++) {
            if (step == steps / 2) {
                garbage = -allocated();
            }
            work.run();
            boolean warm = step >= steps / 10;
            if (warm && step % Math.max(1, steps / SAMPLES) == 0) {
                long now = physical("VmRSS:");
                least = Math.min(least, now);
                most = Math.max(most, now);
            }
        }
        garbage += allocated();
        return new Results.Memory(
                task.name(),
                engine,
                steps,
                physical("VmHWM:"),
                idle,
                garbage / (steps - steps / 2),
                (double) (most - least) / Math.max(1, least));
    }

    /** Returns the bytes of all objects that living threads ever made. */
    private static long allocated() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return LongStream.of(threads.getThreadAllocatedBytes(threads.getAllThreadIds()))
                .filter(bytes -> bytes > 0)
                .sum();
    }

    /** Returns a number of {@code /proc/self/status} in bytes, 0 where there is no such file. */
    private static long physical(String key) {
        Path status = Path.of("/proc/self/status");
        if (!Files.isReadable(status)) {
            return 0;
        }
        try {
            for (String line : Files.readAllLines(status)) {
                if (line.startsWith(key)) {
                    return 1024 * Long.parseLong(line.replaceAll("\\D", ""));
                }
            }
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(status.toString(), e);
        }
    }
}
