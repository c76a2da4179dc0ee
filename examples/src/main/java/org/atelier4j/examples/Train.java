package org.atelier4j.examples;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.atelier4j.data.Datasets;
import org.atelier4j.diffusion.NoiseSchedule;
import org.atelier4j.diffusion.Prediction;
import org.atelier4j.diffusion.pipeline.Objective;
import org.atelier4j.train.TrainingLength;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ./atelier train}: trains a class-conditional diffusion model, as long as wanted, resumable at any time. */
@Command(
        name = "train",
        description = "Trains a class-conditional diffusion model. Stop it with Ctrl-C; the same command goes on.",
        mixinStandardHelpOptions = true,
        subcommands = TrainClassifier.class,
        footer = {
            "",
            "Examples:",
            "  atelier train --minutes 60                    on all of Fashion-MNIST if it is installed",
            "  atelier train --model large --images 2000000 --out out/large",
            "  atelier train --resume --out out/large        goes on with the settings of that run",
            "  atelier train --config my.json --out out/my   settings from a file like a run's config.json"
        })
public final class Train implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--model", defaultValue = "small", description = "quick, small or large (${DEFAULT-VALUE})")
    private Preset model;

    @Option(names = "--data", defaultValue = "fashion-mnist", description = "name of the data set (${DEFAULT-VALUE})")
    private String data;

    @ArgGroup
    private @Nullable Length length;

    /** How long to train, in one of three ways. */
    static final class Length {
        @Option(names = "--steps", required = true, description = "length of the run in steps")
        private @Nullable Long steps;

        @Option(names = "--images", required = true, description = "length of the run in images")
        private @Nullable Long images;

        @Option(names = "--minutes", required = true, description = "length in minutes, as measured at the start")
        private @Nullable Double minutes;
    }

    @Option(names = "--batch", description = "images in a step")
    private @Nullable Integer batch;

    @Option(names = "--lr", description = "highest learning rate")
    private @Nullable Double learningRate;

    @Option(names = "--schedule", description = "noise schedule: cosine, linear or sigmoid")
    private NoiseSchedule.@Nullable Kind schedule;

    @Option(names = "--prediction", description = "what the network says: v, epsilon or x0")
    private @Nullable Prediction prediction;

    @Option(names = "--seed", defaultValue = "1", description = "of all randomness (${DEFAULT-VALUE})")
    private long seed;

    @Option(names = "--config", description = "settings from a file; the options above change them")
    private @Nullable Path file;

    @Option(names = "--resume", description = "settings from the run in --out")
    private boolean resume;

    @Option(names = "--out", defaultValue = "out/train", description = "folder of the run (${DEFAULT-VALUE})")
    private Path out;

    @Override
    public Integer call() {
        PrintWriter screen = spec.commandLine().getOut();
        try (RunFolder folder = new RunFolder(out)) {
            RunConfig given = resume ? folder.config() : file == null ? null : RunConfig.load(file);
            Datasets.Resolved found = Datasets.resolve(given == null ? data : given.data());
            RunConfig config = changed(given == null ? model.config(found, seed) : given);
            screen.printf(
                    "Data: %s, %d images, from %s%n",
                    config.data(), found.train().size(), found.source());
            folder.claim(config.withLength(length(config, found, folder, screen)));
            Training training = Training.run(folder, found, screen);
            if (!training.progress().isComplete()) {
                return Atelier.INTERRUPTED;
            }
            screen.printf(
                    Locale.ROOT,
                    "Trained on %d images in %s (%.0f images/s); loss %.4f.%nDraw with it: ./atelier sample --model"
                            + " %s%n",
                    training.progress().images(),
                    ProgressDisplay.clock(training.progress().seconds()),
                    training.imagesPerSecond(),
                    training.loss().last(),
                    folder.path());
            return 0;
        }
    }

    /** Returns the settings with the changes that the options ask for. */
    private RunConfig changed(RunConfig c) {
        RunConfig.Optimization o = c.optimization();
        return new RunConfig(
                c.network(),
                c.data(),
                c.length(),
                o.with(batch == null ? o.batch() : batch, learningRate == null ? o.learningRate() : learningRate),
                objective(c.objective()),
                c.labelDropout(),
                c.seed());
    }

    private Objective objective(Objective objective) {
        if (schedule == null && prediction == null) {
            return objective;
        } else if (objective instanceof Objective.Discrete d) {
            NoiseSchedule.Kind kind = schedule == null ? d.schedule() : schedule;
            Prediction said = prediction == null ? d.prediction() : prediction;
            return new Objective.Discrete(kind, d.steps(), d.zeroTerminalSnr(), said, d.minSnrGamma());
        }
        throw new RunException("--schedule and --prediction are for a Discrete objective, got " + objective);
    }

    /** Returns the length that was asked for; in minutes it is measured once, when the run begins. */
    private TrainingLength length(RunConfig config, Datasets.Resolved found, RunFolder folder, PrintWriter screen) {
        if (length != null && length.steps != null) {
            return TrainingLength.steps(length.steps);
        } else if (length != null && length.images != null) {
            return TrainingLength.images(length.images);
        } else if (folder.isUsed()) {
            return folder.config().length();
        } else if (length != null && length.minutes != null) {
            return Training.lengthOf(length.minutes, config, found, screen);
        }
        return config.length();
    }
}
