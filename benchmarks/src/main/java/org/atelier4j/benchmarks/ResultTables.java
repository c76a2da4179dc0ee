package org.atelier4j.benchmarks;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Results as Markdown. */
final class ResultTables {
    private ResultTables() {}

    /** Returns all tables. */
    static String markdown(Results results) {
        StringBuilder text = new StringBuilder();
        machine(results.machine(), text);
        targets(results, text);
        times(results, text);
        pytorch(results, text);
        memory(results, text);
        return text.toString();
    }

    private static void machine(Machine m, StringBuilder text) {
        text.append(String.format(
                Locale.ROOT,
                "Measured on %s with %d threads of %s, %s, %.0f GB; %s; Java %s; %s.%s\n\n",
                m.date(),
                m.threads(),
                m.processor(),
                m.instructions(),
                m.memoryBytes() / 1e9,
                m.system(),
                m.java(),
                String.join(", ", m.libraries()),
                m.isQuiet() ? "" : " **Other work was running: these numbers say nothing.**"));
    }

    private static void targets(Results results, StringBuilder text) {
        List<Targets.Target> targets = Targets.of(results);
        if (targets.isEmpty()) {
            return;
        }
        text.append("| what | wanted | measured | |\n|---|---|---|---|\n");
        targets.forEach(t -> text.append("| ")
                .append(String.join(" | ", t.what(), t.wanted(), t.measured(), t.met() ? "met" : "**missed**"))
                .append(" |\n"));
        text.append('\n');
    }

    private static void times(Results results, StringBuilder text) {
        List<String> peers = Engine.all().stream()
                .filter(e -> !e.equals(Engine.ATELIER))
                .filter(e -> results.timings().stream().anyMatch(t -> t.engine().equals(e)))
                .toList();
        text.append(
                "Microseconds of the library, and how many times as long the others take, with 95 % intervals.\n\n");
        text.append("| task | atelier |");
        peers.forEach(p -> text.append(' ').append(p).append(" × |"));
        text.append("\n|---|---:|").append("---|".repeat(peers.size())).append('\n');
        for (String task : results.tasks()) {
            results.times(task, Engine.ATELIER).ifPresent(own -> {
                text.append("| ")
                        .append(task)
                        .append(" | ")
                        .append(format(Ratio.median(own)))
                        .append(" |");
                ratios(results, task, peers, true, text);
            });
        }
        text.append('\n');
    }

    /** Ends a row with a cell for each peer. */
    private static void ratios(Results results, String task, List<String> peers, boolean paired, StringBuilder text) {
        for (String peer : peers) {
            Optional<Ratio> ratio = results.ratio(task, peer, paired);
            text.append(' ').append(ratio.map(Ratio::toString).orElse("–")).append(" |");
        }
        text.append('\n');
    }

    /** The engines that are not ours: what a script measured in Python. */
    private static void pytorch(Results results, StringBuilder text) {
        List<String> engines = results.timings().stream()
                .map(Results.Timing::engine)
                .filter(e -> e.startsWith("pytorch"))
                .distinct()
                .toList();
        if (engines.isEmpty()) {
            return;
        }
        text.append("The same by Python's PyTorch, in a process of its own right afterwards.\n\n| task |");
        engines.forEach(e -> text.append(' ').append(e).append(" × |"));
        text.append("\n|---|").append("---|".repeat(engines.size())).append('\n');
        for (String task : results.tasks()) {
            if (engines.stream().anyMatch(e -> results.ratio(task, e, false).isPresent())) {
                text.append("| ").append(task).append(" |");
                ratios(results, task, engines, false, text);
            }
        }
        text.append('\n');
    }

    private static void memory(Results results, StringBuilder text) {
        if (results.memory().isEmpty()) {
            return;
        }
        text.append("Physical memory of a process that does nothing else, Java and all libraries included.\n\n");
        text.append("| task | engine | steps | peak | before the first step | drift | garbage per step |\n");
        text.append("|---|---|---:|---:|---:|---:|---:|\n");
        for (Results.Memory m : results.memory()) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %s | %,d | %,.0f MB | %,.0f MB | %.2f %% | %.2f MB |\n",
                    m.workload(),
                    m.engine(),
                    m.steps(),
                    m.peakBytes() / 1e6,
                    m.idleBytes() / 1e6,
                    100 * m.drift(),
                    m.garbageBytes() / 1e6));
        }
        text.append('\n');
    }

    private static String format(double micros) {
        return String.format(Locale.ROOT, micros < 100 ? "%.2f" : "%,.0f", micros);
    }
}
