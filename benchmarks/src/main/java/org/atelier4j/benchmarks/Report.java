package org.atelier4j.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.atelier4j.io.Json;
import org.atelier4j.tensor.Check;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Measures a selection in about ten minutes and writes it to {@code benchmarks/results/NAME.json}, from which it also
 * makes the tables of {@code docs/benchmarks.md} ({@code --docs}).
 *
 * <pre>{@code
 * java @benchmarks/target/jvm.flags -cp benchmarks/target/benchmarks.jar org.atelier4j.benchmarks.Report
 * }</pre>
 *
 * <p>Each task has a process of its own, in which all engines take turns ({@link TaskBenchmark}). What a file already
 * holds is not measured again, so that an interrupted run goes on where it stopped.
 */
public final class Report {
    private static final String HELP = """
        Report [--name NAME] [--only REGEX] [--turns N] [--steps N] [--python PYTHON] [--docs]
          --name NAME      file in benchmarks/results, without .json; today's date if not given
          --only REGEX     tasks to measure, as 'unet.*'; 'memory' stands for the memory figures
          --turns N        times that each engine is measured for each task (6)
          --steps N        steps of the long run in which memory must not grow (5000)
          --python PYTHON  also measures the PyTorch of this Python, in a process of its own
          --docs           measures nothing: writes the file's tables into docs/benchmarks.md
        """;

    private static final Path FOLDER = Path.of("benchmarks", "results");
    private static final Path DOCS = Path.of("docs", "benchmarks.md");
    private static final Path SCRIPT = Path.of("benchmarks", "src", "peer", "python", "pytorch.py");
    private static final int WARM_UP_TURNS = 1;

    private final Path file;
    private final String only;
    private final int turns;
    private Results results;

    private Report(Path file, String only, int turns) {
        this.file = file;
        this.only = only;
        this.turns = turns;
        this.results = Files.exists(file) ? Results.read(file) : new Results(Machine.here(), List.of(), List.of());
    }

    /** Runs from the root of the repository; ends with status 1 if a task failed. */
    public static void main(String[] args) {
        List<String> options = List.of(args);
        if (options.contains("--help")) {
            System.out.print(HELP);
            return;
        }
        Check.that(Files.isDirectory(Path.of("benchmarks")), "Report: must run in the root of the repository");
        String name = option(options, "--name", LocalDate.now().toString());
        if (options.contains("--docs")) {
            ResultTables.update(DOCS, FOLDER, name);
            return;
        }
        Path file = FOLDER.resolve(name + ".json");
        Report report =
                new Report(file, option(options, "--only", ".*"), Integer.parseInt(option(options, "--turns", "6")));
        report.log().toFile().getParentFile().mkdirs();
        List<String> failures = report.measureTimes();
        report.measureMemory(Integer.parseInt(option(options, "--steps", "5000")));
        String python = option(options, "--python", "");
        if (!python.isEmpty()) {
            report.measurePython(python);
        }
        System.out.println();
        System.out.println(ResultTables.markdown(report.results));
        System.out.println("Written to " + file);
        if (!report.results.machine().isQuiet()) {
            System.out.println("The machine was not quiet: do not publish these numbers.");
        }
        failures.forEach(f -> System.out.println("FAILED " + f));
        if (!failures.isEmpty()) {
            System.exit(1);
        }
    }

    private static String option(List<String> args, String name, String otherwise) {
        int at = args.indexOf(name);
        Check.that(at < args.size() - 1, "Report: %s must be followed by a value", name);
        return at < 0 ? otherwise : args.get(at + 1);
    }

    private List<String> measureTimes() {
        List<String> failures = new ArrayList<>();
        for (Task task : Task.all()) {
            if (!task.name().matches(only)
                    || results.times(task.name(), Engine.ATELIER).isPresent()) {
                continue;
            }
            List<String> engines = Engine.names().stream()
                    .filter(e -> Engine.named(e).does(task))
                    .toList();
            System.out.printf("%-40s", task.name());
            System.out.flush();
            results = results.with(results.machine().watched());
            try {
                List<Results.Timing> timings = time(task, engines);
                results = results.with(timings);
                results.save(file);
                timings.forEach(
                        t -> System.out.printf(Locale.ROOT, " %s %,.1f µs", t.engine(), Ratio.median(t.micros())));
            } catch (RunnerException e) {
                failures.add(task.name() + ": " + e.getMessage() + "; see " + log());
            }
            System.out.println();
        }
        return failures;
    }

    /** Lets the engines take turns in one process. */
    private List<Results.Timing> time(Task task, List<String> engines) throws RunnerException {
        int n = engines.size();
        OptionsBuilder options = new OptionsBuilder();
        options.include("\\." + task.suite().getSimpleName() + "\\.run$")
                .param("engines", String.join("+", engines))
                .param("task", task.name())
                .forks(1)
                .warmupIterations(WARM_UP_TURNS * n)
                .measurementIterations(turns * n)
                .shouldFailOnError(true)
                .output(log().toString());
        Collection<RunResult> runs = new Runner(options.build()).run();
        List<List<Double>> micros = new ArrayList<>();
        engines.forEach(e -> micros.add(new ArrayList<>()));
        Iterator<IterationResult> iterations = runs.stream()
                .flatMap(r -> r.getBenchmarkResults().stream())
                .map(BenchmarkResult::getIterationResults)
                .flatMap(Collection::stream)
                .iterator();
        for (int i = WARM_UP_TURNS * n; iterations.hasNext(); i++) {
            micros.get(TaskBenchmark.engineAt(i, n))
                    .add(iterations.next().getPrimaryResult().getScore());
        }
        List<Results.Timing> timings = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            timings.add(new Results.Timing(task.name(), engines.get(i), micros.get(i)));
        }
        return timings;
    }

    /** Returns where JMH's own words go. */
    private Path log() {
        return Path.of("benchmarks", "target", file.getFileName().toString().replace(".json", ".log"));
    }

    private void measureMemory(int steps) {
        if (!"memory".matches(only) || !results.memory().isEmpty()) {
            return;
        }
        for (Results.Memory m : MemoryReport.measureAll(steps, 8)) {
            results = results.with(m);
            System.out.println(MemoryReport.line(m));
        }
        results.save(file);
    }

    /** Lets the script beside this program measure another PyTorch: it prints its version and then a line for each timing. */
    private void measurePython(String python) {
        try {
            Process script = new ProcessBuilder(python, SCRIPT.toString(), "--json", "--only", only)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            List<String> lines = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            int status = script.waitFor();
            Check.state(status == 0 && !lines.isEmpty(), "%s must end with 0, got %d", SCRIPT, status);
            results = results.with(results.machine().with(lines.get(0)));
            for (String line : lines.subList(1, lines.size())) {
                results = results.with(List.of(Json.record(Results.Timing.class, Json.parse(line))));
            }
            results.save(file);
        } catch (IOException e) {
            throw new UncheckedIOException(python, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
