package org.atelier4j.benchmarks;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Where each kernel stands against what the machine can do at best: the roofline of Williams, Waterman, Patterson 2009
 * ("Roofline: An Insightful Visual Performance Model for Multicore Architectures", CACM 52(4)), as a table.
 *
 * <p>A kernel of F operations and B bytes can at best run at {@code min(peak, F/B · bandwidth)} operations per second. Peak and
 * bandwidth are measured, too: the best that any engine reached in {@link Task#COMPUTE_ROOF} and {@link Task#MEMORY_ROOF}.
 */
final class Roofline {
    private static final int BYTES = 4; // of a float32

    private Roofline() {}

    /**
     * The machine's bounds.
     *
     * @param flops most operations per second
     * @param bytes most bytes per second
     */
    record Roof(double flops, double bytes) {

        /** Returns the bounds that were measured, if both were. */
        static Optional<Roof> of(Results results) {
            Optional<Double> compute = least(results, Task.COMPUTE_ROOF);
            Optional<Double> memory = least(results, Task.MEMORY_ROOF);
            return compute.flatMap(c ->
                    memory.map(m -> new Roof(Task.COMPUTE_ROOF.flops() / c, BYTES * Task.MEMORY_ROOF.traffic() / m)));
        }

        /** Returns the seconds that a kernel takes at least. */
        double seconds(Task.Kernel kernel) {
            return Math.max(kernel.flops() / flops, BYTES * kernel.traffic() / bytes);
        }

        /** Returns whether arithmetic is a kernel's bound rather than memory. */
        boolean isComputing(Task.Kernel kernel) {
            return kernel.flops() / flops > BYTES * kernel.traffic() / bytes;
        }
    }

    /** Returns the shortest time of any engine, in seconds. */
    private static Optional<Double> least(Results results, Task.Kernel kernel) {
        return results.timings().stream()
                .filter(t -> t.task().equals(kernel.name()) && !t.engine().startsWith("pytorch"))
                .map(t -> Ratio.median(t.micros()) * 1e-6)
                .min(Double::compare);
    }

    /** Returns the page's table. */
    static String markdown(Results results) {
        return Roof.of(results)
                .map(roof -> table(results, roof))
                .orElse("The roof of this machine is not measured yet.\n\n");
    }

    private static String table(Results results, Roof roof) {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%s, %d threads: %,.0f GFLOP/s and %.1f GB/s, which meet at %.0f operations per byte.\n\n",
                results.machine().processor(),
                results.machine().threads(),
                roof.flops() / 1e9,
                roof.bytes() / 1e9,
                roof.flops() / roof.bytes()));
        text.append("| kernel | operations per byte | bound by | GFLOP/s | GB/s | share of the roof | best other |\n");
        text.append("|---|---:|---|---:|---:|---:|---|\n");
        for (Task task : Task.all()) {
            if (task instanceof Task.Kernel kernel) {
                results.times(kernel.name(), Engine.ATELIER)
                        .ifPresent(own -> text.append(row(results, roof, kernel, Ratio.median(own) * 1e-6)));
            }
        }
        return text.append('\n').toString();
    }

    private static String row(Results results, Roof roof, Task.Kernel kernel, double seconds) {
        return String.format(
                Locale.ROOT,
                "| %s | %.2f | %s | %,.1f | %.1f | %.0f %% | %s |\n",
                kernel.name(),
                kernel.flops() / (BYTES * kernel.traffic()),
                roof.isComputing(kernel) ? "arithmetic" : "memory",
                kernel.flops() / seconds / 1e9,
                BYTES * kernel.traffic() / seconds / 1e9,
                100 * roof.seconds(kernel) / seconds,
                best(results, roof, kernel));
    }

    /** Returns the share of the fastest other engine, and its name. */
    private static String best(Results results, Roof roof, Task.Kernel kernel) {
        List<String> others =
                Engine.all().stream().filter(e -> !e.equals(Engine.ATELIER)).toList();
        return others.stream()
                .filter(e -> results.times(kernel.name(), e).isPresent())
                .min((a, b) -> Double.compare(micros(results, kernel, a), micros(results, kernel, b)))
                .map(e -> String.format(
                        Locale.ROOT, "%.0f %% %s", 100 * roof.seconds(kernel) / (micros(results, kernel, e) * 1e-6), e))
                .orElse("–");
    }

    private static double micros(Results results, Task.Kernel kernel, String engine) {
        return results.times(kernel.name(), engine).map(Ratio::median).orElse(Double.POSITIVE_INFINITY);
    }
}
