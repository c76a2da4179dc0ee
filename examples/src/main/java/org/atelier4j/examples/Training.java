package org.atelier4j.examples;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.atelier4j.data.Datasets;
import org.atelier4j.io.CheckpointFolder;
import org.atelier4j.io.Json;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.train.Checkpoints;
import org.atelier4j.train.DivergenceStop;
import org.atelier4j.train.JsonlLog;
import org.atelier4j.train.SampleGrid;
import org.atelier4j.train.StepListener;
import org.atelier4j.train.StopSignal;
import org.atelier4j.train.TensorBoardLog;
import org.atelier4j.train.TrainStep;
import org.atelier4j.train.TrainingLength;
import org.atelier4j.train.TrainingLoop;
import org.atelier4j.train.TrainingProgress;

/**
 * A training run as its user sees it: from the latest checkpoint on, with logs, pictures and a progress display, until it
 * is done or Ctrl-C stops it. All families share it.
 *
 * @param progress how far it came
 * @param loss how the loss went, from the first step of the run on
 * @param scores numbers about the finished model, none if it has none to tell
 */
record Training(TrainingProgress progress, LossCurve loss, Map<String, Double> scores) {
    private static final double SECONDS_BETWEEN_LINES = 5;
    private static final int TRIAL_STEPS = 15;

    /** Trains in a folder that has its configuration; if it comes to the end, {@code model.safetensors} is there. */
    static Training run(RunFolder folder, Datasets.Resolved data, PrintWriter out) {
        RunConfig config = folder.config();
        StopSignal stop = new StopSignal();
        try (Interrupt interrupt = Interrupt.watch(stop, out);
                Run<?> run = config.start(data)) {
            TrainingProgress progress = train(run, folder.path(), config, stop, out);
            Map<String, Double> scores = Map.of();
            if (progress.isComplete()) {
                scores = run.export(folder.path(), notes(config, data, progress));
                if (!scores.isEmpty()) {
                    Json.save(folder.file("scores.json"), scores);
                }
            } else {
                out.printf(
                        "Stopped after step %d of %d, with everything saved. The same command goes on from here.%n",
                        progress.step(), config.steps());
                out.flush();
            }
            LossCurve loss = LossCurve.read(folder.file("stats.jsonl"));
            loss.save("Loss of " + folder.path().getFileName(), folder.file("loss.png"));
            return new Training(progress, loss, scores);
        }
    }

    private static <B> TrainingProgress train(
            Run<B> run, Path folder, RunConfig config, StopSignal stop, PrintWriter out) {
        long often = Math.max(1, Math.min(10, config.steps() / 1000));
        long seldom = Math.max(50, Math.min(1000, config.steps() / 5));
        Checkpoints checkpoints = new Checkpoints(new CheckpointFolder(folder, 2), run.state(), seldom);
        List<StepListener> listeners = new ArrayList<>(run.listeners());
        listeners.addAll(List.of(
                new JsonlLog(folder.resolve("stats.jsonl"), often),
                new TensorBoardLog(folder.resolve("events"), often),
                new DivergenceStop(checkpoints::last),
                new ProgressDisplay(out, ProgressDisplay.isTerminal(), SECONDS_BETWEEN_LINES),
                checkpoints,
                new SampleGrid(folder, seldom, run::samples)));
        TrainingProgress from = checkpoints.resume(config.length());
        return new TrainingLoop<>(run::next, run::size, run.step(), listeners, stop).run(from);
    }

    private static Map<String, String> notes(RunConfig config, Datasets.Resolved data, TrainingProgress progress) {
        Map<String, String> notes = new LinkedHashMap<>();
        notes.put("seed", String.valueOf(config.seed()));
        notes.put("step", String.valueOf(progress.step()));
        notes.put("images", String.valueOf(progress.images()));
        notes.put("data", config.data());
        return notes;
    }

    /** Returns as many steps as fit into the given time on this machine, after trying some. */
    static TrainingLength lengthOf(double minutes, RunConfig config, Datasets.Resolved data, PrintWriter out) {
        if (!(minutes > 0)) {
            throw new RunException("--minutes must be more than 0, got " + minutes);
        }
        out.print("Measuring the speed of this machine ... ");
        out.flush();
        try (Run<?> trial = config.start(data)) {
            double seconds = secondsPerStep(trial);
            long steps = Math.max(1, Math.round(60 * minutes / seconds));
            out.printf(
                    Locale.ROOT,
                    "%.0f images/s, so %d steps in %s min.%n",
                    config.optimization().batch() / seconds,
                    steps,
                    ProgressDisplay.clock(60 * minutes));
            return TrainingLength.steps(steps);
        }
    }

    /** Returns how long a step takes on this machine once it is warm; the run is of no use for training afterwards. */
    private static <B> double secondsPerStep(Run<B> trial) {
        double[] seconds = new double[TRIAL_STEPS];
        TrainStep<B> step = trial.step();
        for (int i = -TRIAL_STEPS; i < TRIAL_STEPS; i++) {
            long start = System.nanoTime();
            try (TensorScope scope = TensorScope.open()) {
                step.run(trial.next(), TRIAL_STEPS + i);
            }
            seconds[Math.max(0, i)] = (System.nanoTime() - start) * 1e-9;
        }
        Arrays.sort(seconds);
        return seconds[TRIAL_STEPS / 2];
    }

    /** Returns how many images were trained on in a second. */
    double imagesPerSecond() {
        return progress.images() / Math.max(1e-9, progress.seconds());
    }
}
