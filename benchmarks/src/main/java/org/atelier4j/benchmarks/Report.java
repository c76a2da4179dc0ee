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
import java.util.concurrent.Callable;
import org.atelier4j.io.Json;
import org.atelier4j.tensor.Check;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Measures all tasks and writes them to {@code benchmarks/results/NAME.json}, from which it also makes the tables of
 * {@code docs/benchmarks.md} and {@code docs/roofline.md} ({@code --docs}).
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
        Report [--name NAME] [--folder FOLDER] [--only REGEX] [--again] [--minutes N] [--turns N] [--steps N]
               [--python PYTHON] [--check] [--docs]
          --name NAME      name of the results' file, without .json; today's date if not given
          --folder FOLDER  where the file lies and the picture goes (benchmarks/results)
          --only REGEX     what to measure, as 'unet.*'; beside the tasks there are 'start-up' and 'memory'
          --again          measures those again that the file holds already
          --minutes N      begins nothing new after so many minutes, and measures no memory
          --turns N        times that each engine is measured for each task (6)
          --steps N        steps of the long run in which memory must not grow (5000)
          --python PYTHON  also measures the PyTorch of this Python, in a process of its own
          --check          measures nothing: lets all engines do all tasks once and compares what they get
          --docs           measures nothing: writes the file's tables into docs/benchmarks.md and docs/roofline.md
        """;

    private static final Path ROOT = Path.of("");
    private static final Path SCRIPT = Path.of("benchmarks", "src", "peer", "python", "pytorch.py");
    private static final int WARM_UP_TURNS = 1;

    /** How often in a run other work is asked whether it is over; then it is measured beside it. */
    private static final int PATIENCE = 60;

    private static final long PAUSE_MILLIS = 2000;

    private final Path folder;
    private final String name;
    private final String only;
    private final int turns;
    private final long end;
    private final List<String> failures = new ArrayList<>();
    private int patience = PATIENCE;
    private Results results;

    private Report(Path folder, String name, String only, int turns, int minutes) {
        this.folder = folder;
        this.name = name;
        this.only = only;
        this.turns = turns;
        this.end = minutes == 0 ? Long.MAX_VALUE : System.currentTimeMillis() + 60_000L * minutes;
        this.results = Files.exists(file()) ? Results.read(file()) : new Results(Machine.here(), List.of(), List.of());
    }

    /** Runs from the root of the repository; ends with status 1 if a task failed. */
    public static void main(String[] args) {
        List<String> options = List.of(args);
        if (options.contains("--help")) {
            System.out.print(HELP);
            return;
        }
        String name = option(options, "--name", LocalDate.now().toString());
        Path folder = Path.of(option(options, "--folder", "benchmarks/results"));
        String only = option(options, "--only", ".*");
        if (options.contains("--docs")) {
            Check.that(
                    Files.isDirectory(ROOT.resolve("docs")), "Report: --docs must run in the root of the repository");
            Page.all().forEach(page -> page.update(ROOT, folder, name));
            return;
        } else if (options.contains("--check")) {
            exit(Agreement.check(only));
            return;
        }
        int minutes = Integer.parseInt(option(options, "--minutes", "0"));
        int turns = Integer.parseInt(option(options, "--turns", "6"));
        Report report = new Report(folder, name, only, turns, minutes);
        if (options.contains("--again")) {
            report.results = report.results.without(only);
        }
        report.measure(
                Integer.parseInt(option(options, "--steps", "5000")), option(options, "--python", ""), minutes == 0);
        report.print();
        exit(report.failures);
    }

    private static void exit(List<String> failures) {
        failures.forEach(f -> System.out.println("FAILED " + f));
        if (!failures.isEmpty()) {
            System.exit(1);
        }
    }

    /** Returns what stands behind an option for the last time. */
    private static String option(List<String> args, String name, String otherwise) {
        int at = args.lastIndexOf(name);
        Check.that(at < args.size() - 1, "Report: %s must be followed by a value", name);
        return at < 0 ? otherwise : args.get(at + 1);
    }

    private void measure(int steps, String python, boolean memory) {
        folder.toFile().mkdirs();
        for (Task task : Task.all()) {
            if (isWanted(task.name()) && Engine.named(Engine.ATELIER).does(task)) {
                measure(task.name(), () -> time(task));
            }
        }
        if (isWanted(StartUp.NAME)) {
            measure(StartUp.NAME, () -> StartUp.measure(turns));
        }
        if (memory) {
            measureMemory(steps);
        }
        if (!python.isEmpty()) {
            measurePython(python);
        }
    }

    private void print() {
        System.out.println();
        System.out.println(ResultTables.markdown(results));
        System.out.println("Written to " + file());
        Path picture = folder.resolve(name + ".png");
        if (Picture.save(results, picture)) {
            System.out.println("Picture in " + picture);
        }
        if (!results.machine().isQuiet()) {
            System.out.println("The machine was not quiet: do not publish these numbers.");
        }
    }

    private boolean isWanted(String name) {
        return name.matches(only) && results.times(name, Engine.ATELIER).isEmpty() && System.currentTimeMillis() < end;
    }

    /** Measures one thing when nothing else is running, or after some minutes all the same. */
    private void measure(String what, Callable<List<Results.Timing>> timings) {
        System.out.printf("%-40s", what);
        System.out.flush();
        results = results.with(quiet());
        try {
            List<Results.Timing> measured = timings.call();
            results = results.with(measured);
            results.save(file());
            measured.forEach(t -> System.out.printf(Locale.ROOT, " %s %,.1f µs", t.engine(), Ratio.median(t.micros())));
        } catch (Exception e) { // one task's failure is no reason to give up the others
            failures.add(what + ": " + e.getMessage() + "; see " + log());
        }
        System.out.println();
    }

    /** Waits until nothing else is running, but not for ever in a run, and returns the machine as it was last. */
    private Machine quiet() {
        double load = Machine.foreignLoad();
        try {
            while (load > Machine.QUIET && patience > 0) {
                patience--;
                Thread.sleep(PAUSE_MILLIS);
                load = Machine.foreignLoad();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return results.machine().withLoad(load);
    }

    /** Lets the engines take turns in one process. */
    private List<Results.Timing> time(Task task) throws RunnerException {
        List<String> engines =
                Engine.names().stream().filter(e -> Engine.named(e).does(task)).toList();
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

    private Path file() {
        return folder.resolve(name + ".json");
    }

    /** Returns where JMH's own words go. */
    private Path log() {
        return folder.resolve(name + ".log");
    }

    private void measureMemory(int steps) {
        if (!"memory".matches(only) || !results.memory().isEmpty()) {
            return;
        }
        for (Results.Memory m : MemoryReport.measureAll(steps, 8)) {
            results = results.with(m);
            System.out.println(MemoryReport.line(m));
        }
        results.save(file());
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
            results.save(file());
        } catch (IOException e) {
            throw new UncheckedIOException(python, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
