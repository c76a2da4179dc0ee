package org.atelier4j.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What the library wants to reach, and whether it does. */
final class Targets {
    /** Speed over libtorch's that is wanted of single tasks. */
    private static final Map<String, Double> OVER_LIBTORCH = Map.of(
            "unet-step-64", 1.2,
            "unet-forward-16", 1.3,
            "vqvae-step-32", 1.3,
            "prior-step-32", 1.3,
            "pixelcnn-step-16", 1.3,
            "prior-sample-64", 2.0);

    /** Speed over libtorch's of all other training steps, of the geometric mean of all, and of inference at batch 1. */
    private static final double STEP = 1;

    private static final double ALL_STEPS = 1.5;
    private static final double FORWARD = 1.5;

    /** Speed of networks over that of other Java libraries. */
    private static final Map<String, Double> NETWORKS_OVER =
            Map.of(Engine.ND4J, 5.0, Engine.SAMEDIFF, 3.0, Engine.DL4J, 3.0);

    /** Speed of steps in bfloat16 over libtorch's, and over the library's own in float32. */
    private static final Map<String, Double> ROUNDED_OVER =
            new TreeMap<>(Map.of(Engine.LIBTORCH, 1.0, Engine.FLOAT32, 1.6));

    private static final double KERNELS_OVER_ONEDNN = 0.9;
    private static final double SMALL_OP_MICROS = 5;
    private static final long GARBAGE_BYTES = 1_000_000;
    private static final double DRIFT = 0.02;

    private Targets() {}

    /**
     * One target.
     *
     * @param what is wanted to be fast or small
     * @param wanted bound, in words
     * @param measured value, in words
     * @param met whether it keeps to the bound
     */
    record Target(String what, String wanted, String measured, boolean met) {}

    /** Returns all targets of which the results tell something. */
    static List<Target> of(Results results) {
        List<Target> targets = new ArrayList<>();
        steps(results).ifPresent(targets::add);
        for (Task task : Task.all()) {
            libtorch(task).ifPresent(wanted -> speed(results, task, Engine.LIBTORCH, wanted, targets));
            if (task instanceof Task.RoundedStep) {
                ROUNDED_OVER.forEach((peer, wanted) -> speed(results, task, peer, wanted, targets));
            } else if (task instanceof Task.Kernel) {
                speed(results, task, Engine.ONEDNN, KERNELS_OVER_ONEDNN, targets);
            } else {
                for (String peer : List.of(Engine.ND4J, Engine.SAMEDIFF, Engine.DL4J)) {
                    speed(results, task, peer, NETWORKS_OVER.getOrDefault(peer, STEP), targets);
                }
            }
        }
        results.times("small-op", Engine.ATELIER).ifPresent(t -> {
            double micros = Ratio.median(t);
            String measured = String.format(Locale.ROOT, "%.2f µs", micros);
            targets.add(new Target("recorded small operation", "≤ 5 µs", measured, micros <= SMALL_OP_MICROS));
        });
        results.memory().stream()
                .filter(m -> m.engine().equals(Engine.ATELIER))
                .forEach(m -> memory(results, m, targets));
        return targets;
    }

    /** Returns what is wanted of a task, if something is. */
    private static Optional<Double> libtorch(Task task) {
        if (OVER_LIBTORCH.containsKey(task.name())) {
            return Optional.of(OVER_LIBTORCH.get(task.name()));
        } else if (task instanceof Task.Step) {
            return Optional.of(STEP);
        }
        boolean single = task instanceof Task.Forward f && f.batch() == 1;
        return single ? Optional.of(FORWARD) : Optional.empty();
    }

    private static Optional<Target> steps(Results results) {
        List<Ratio> ratios = Task.all().stream()
                .filter(Task.Step.class::isInstance)
                .flatMap(t -> results.ratio(t.name(), Engine.LIBTORCH, true).stream())
                .toList();
        if (ratios.size() < 2) {
            return Optional.empty();
        }
        Ratio mean = Ratio.mean(ratios);
        String what = ratios.size() + " training steps, geometric mean of the speed over libtorch's";
        return Optional.of(new Target(what, atLeast(ALL_STEPS), mean.toString(), mean.value() >= ALL_STEPS));
    }

    private static void speed(Results results, Task task, String peer, double wanted, List<Target> targets) {
        results.ratio(task.name(), peer, true)
                .ifPresent(r -> targets.add(new Target(
                        task.name() + ", speed over " + peer + "'s",
                        atLeast(wanted),
                        r.toString(),
                        r.value() >= wanted)));
    }

    private static String atLeast(double wanted) {
        return String.format(Locale.ROOT, "≥ %.1f", wanted);
    }

    private static void memory(Results results, Results.Memory m, List<Target> targets) {
        String step = m.workload() + " × " + String.format(Locale.ROOT, "%,d", m.steps());
        targets.add(new Target(
                step + ", Java garbage per step",
                "< 1 MB",
                String.format(Locale.ROOT, "%.2f MB", m.garbageBytes() / 1e6),
                m.garbageBytes() < GARBAGE_BYTES));
        targets.add(new Target(
                step + ", drift of physical memory",
                "≤ 2 %",
                String.format(Locale.ROOT, "%.2f %%", 100 * m.drift()),
                m.drift() <= DRIFT));
        results.memory().stream()
                .filter(peer ->
                        peer.workload().equals(m.workload()) && peer.engine().equals(Engine.LIBTORCH))
                .findFirst()
                .ifPresent(peer -> targets.add(new Target(
                        step + ", peak memory over libtorch's",
                        "≤ 1",
                        String.format(Locale.ROOT, "%.2f", (double) m.peakBytes() / peer.peakBytes()),
                        m.peakBytes() <= peer.peakBytes())));
    }
}
