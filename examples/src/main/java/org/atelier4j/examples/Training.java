package org.atelier4j.examples;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import org.atelier4j.data.Datasets;
import org.atelier4j.train.StopSignal;
import org.atelier4j.train.TrainingLength;
import org.atelier4j.train.TrainingProgress;

/**
 * A training run as its user sees it: from the latest checkpoint on, with a progress display, until it is done or Ctrl-C
 * stops it.
 *
 * @param progress how far it came
 * @param loss how the loss went, from the first step of the run on
 */
record Training(TrainingProgress progress, LossCurve loss) {
    private static final double SECONDS_BETWEEN_LINES = 5;

    /** Trains in a folder that has its configuration; if it comes to the end, {@code model.safetensors} is there. */
    static Training run(RunFolder folder, Datasets.Resolved data, PrintWriter out) {
        RunConfig config = folder.config();
        StopSignal stop = new StopSignal();
        var display = new ProgressDisplay(out, ProgressDisplay.isTerminal(), SECONDS_BETWEEN_LINES);
        try (Interrupt interrupt = Interrupt.watch(stop, out);
                DiffusionRun run = new DiffusionRun(config, data, folder.path())) {
            TrainingProgress progress = run.train(display, stop);
            if (progress.isComplete()) {
                run.export(progress, data.source());
            } else {
                out.printf(
                        "Stopped after step %d of %d, with everything saved. The same command goes on from here.%n",
                        progress.step(), config.steps());
                out.flush();
            }
            LossCurve loss = LossCurve.read(folder.file("stats.jsonl"));
            loss.save("Loss of " + folder.path().getFileName(), folder.file("loss.png"));
            return new Training(progress, loss);
        }
    }

    /** Returns as many steps as fit into the given time on this machine, after trying some. */
    static TrainingLength lengthOf(double minutes, RunConfig config, Datasets.Resolved data, PrintWriter out) {
        out.print("Measuring the speed of this machine ... ");
        out.flush();
        try (DiffusionRun trial = new DiffusionRun(config, data, Path.of("unused"))) {
            double seconds = trial.secondsPerStep();
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

    /** Returns the numbers of a finished run for people and programs. */
    double imagesPerSecond() {
        return progress.images() / Math.max(1e-9, progress.seconds());
    }
}
