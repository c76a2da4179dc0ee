package org.atelier4j.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.atelier4j.tensor.Check;

/** Results as Markdown, and the places in a page that hold them. */
final class ResultTables {
    /** What a page names before there are results. */
    static final String NONE = "none";

    private static final Pattern BLOCK =
            Pattern.compile("<!-- results of (\\S+) -->\n.*?<!-- end of results -->\n", Pattern.DOTALL);

    private ResultTables() {}

    /** Writes the tables between the marks of a page anew, from the results of a name. */
    static void update(Path page, Path folder, String name) {
        try {
            Files.writeString(page, updated(Files.readString(page), folder, name));
        } catch (IOException e) {
            throw new UncheckedIOException(page.toString(), e);
        }
    }

    /** Returns a page with the tables of the results of a name between its marks. */
    static String updated(String page, Path folder, String name) {
        Results results = Results.read(folder.resolve(name + ".json"));
        Check.state(
                results.machine().isQuiet(),
                "%s: other work may use at most %s processors while publishable results are measured, got %s",
                name,
                Machine.QUIET,
                results.machine().load());
        String block = "<!-- results of " + name + " -->\n" + markdown(results) + "<!-- end of results -->\n";
        published(page); // there must be a place
        return BLOCK.matcher(page).replaceFirst(Matcher.quoteReplacement(block));
    }

    /** Returns the name of the results that a page shows. */
    static String published(String page) {
        Matcher block = BLOCK.matcher(page);
        Check.state(block.find(), "page: there must be the marks of results");
        return block.group(1);
    }

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

    // --- targets ----------------------------------------------------------------------------------------------------

    private static void targets(Results results, StringBuilder text) {
        List<String> rows = new ArrayList<>();
        ratioTarget(results, "U-Net, training step", "unet-step-64", 1.2, rows);
        ratioTarget(results, "U-Net, forward, 1 image", "unet-forward-1", 1.3, rows);
        ratioTarget(results, "U-Net, forward, 16 images", "unet-forward-16", 1.3, rows);
        for (Task task : Task.all()) {
            results.ratio(task.name(), Engine.ONEDNN, true)
                    .ifPresent(r -> rows.add(row(
                            task.name() + ", speed over raw oneDNN's", "≥ 0.90", r.toString(), met(r.value() >= 0.9))));
        }
        results.times("small-op", Engine.ATELIER).ifPresent(t -> {
            double micros = Ratio.median(t);
            rows.add(row("recorded small operation", "≤ 5 µs", format(micros) + " µs", met(micros <= 5)));
        });
        memoryTargets(results, rows);
        if (!rows.isEmpty()) {
            text.append("| what | wanted | measured | |\n|---|---|---|---|\n");
            rows.forEach(text::append);
            text.append('\n');
        }
    }

    private static void ratioTarget(Results results, String what, String task, double wanted, List<String> rows) {
        results.ratio(task, Engine.LIBTORCH, true)
                .ifPresent(r -> rows.add(row(
                        what + ", speed over libtorch's",
                        String.format(Locale.ROOT, "≥ %.1f", wanted),
                        r.toString(),
                        met(r.value() >= wanted))));
    }

    private static void memoryTargets(Results results, List<String> rows) {
        for (Results.Memory m : results.memory()) {
            if (!m.engine().equals(Engine.ATELIER)) {
                continue;
            }
            String step = m.workload() + " × " + String.format(Locale.ROOT, "%,d", m.steps());
            rows.add(row(
                    step + ", Java garbage per step",
                    "< 1 MB",
                    String.format(Locale.ROOT, "%.2f MB", m.garbageBytes() / 1e6),
                    met(m.garbageBytes() < 1_000_000)));
            rows.add(row(
                    step + ", drift of physical memory",
                    "≤ 2 %",
                    String.format(Locale.ROOT, "%.2f %%", 100 * m.drift()),
                    met(m.drift() <= 0.02)));
            memoryOf(results, m.workload(), Engine.LIBTORCH)
                    .ifPresent(peer -> rows.add(row(
                            step + ", peak memory over libtorch's",
                            "≤ 1",
                            String.format(Locale.ROOT, "%.2f", (double) m.peakBytes() / peer.peakBytes()),
                            met(m.peakBytes() <= peer.peakBytes()))));
        }
    }

    private static String row(String what, String wanted, String measured, String verdict) {
        return "| " + what + " | " + wanted + " | " + measured + " | " + verdict + " |\n";
    }

    private static String met(boolean yes) {
        return yes ? "met" : "**missed**";
    }

    // --- everything -------------------------------------------------------------------------------------------------

    private static void times(Results results, StringBuilder text) {
        List<String> peers = List.of(Engine.LIBTORCH, Engine.ONEDNN, Engine.ND4J);
        text.append(
                "Microseconds of the library, and how many times as long the others take, with 95 % intervals.\n\n");
        text.append("| task | atelier |");
        peers.forEach(p -> text.append(' ').append(p).append(" × |"));
        text.append("\n|---|---:|---|---|---|\n");
        for (Task task : Task.all()) {
            results.times(task.name(), Engine.ATELIER).ifPresent(own -> {
                text.append("| ")
                        .append(task.name())
                        .append(" | ")
                        .append(format(Ratio.median(own)))
                        .append(" |");
                for (String peer : peers) {
                    text.append(' ')
                            .append(results.ratio(task.name(), peer, true)
                                    .map(Ratio::toString)
                                    .orElse("–"))
                            .append(" |");
                }
                text.append('\n');
            });
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
        for (Task task : Task.all()) {
            List<Optional<Ratio>> ratios = engines.stream()
                    .map(e -> results.ratio(task.name(), e, false))
                    .toList();
            if (ratios.stream().anyMatch(Optional::isPresent)) {
                text.append("| ").append(task.name()).append(" |");
                ratios.forEach(r -> text.append(' ')
                        .append(r.map(Ratio::toString).orElse("–"))
                        .append(" |"));
                text.append('\n');
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

    private static Optional<Results.Memory> memoryOf(Results results, String workload, String engine) {
        return results.memory().stream()
                .filter(m -> m.workload().equals(workload) && m.engine().equals(engine))
                .findFirst();
    }

    private static String format(double micros) {
        return String.format(Locale.ROOT, micros < 100 ? "%.2f" : "%,.0f", micros);
    }
}
