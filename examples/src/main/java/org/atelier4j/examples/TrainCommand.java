package org.atelier4j.examples;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import org.atelier4j.data.Datasets;
import org.atelier4j.train.TrainingLength;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * What the commands {@code ./atelier train FAMILY} share: data, length, batch, rate, seed, folder, resume. A family adds
 * its own options and says how they become its {@link RunConfig}.
 *
 * @param <C> the family's settings
 */
abstract class TrainCommand<C extends RunConfig> implements Callable<Integer> {
    private static final Set<String> HEARD_WITH_SETTINGS =
            Set.of("--config", "--resume", "--out", "--batch", "--lr", "--steps", "--images", "--minutes", "--device");

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--data",
            paramLabel = "NAME",
            defaultValue = "fashion-mnist",
            description = "name of the data set (${DEFAULT-VALUE})")
    private String data;

    @ArgGroup
    private @Nullable Length length;

    /** How long to train, in one of three ways. */
    static final class Length {
        @Option(names = "--steps", paramLabel = "N", required = true, description = "length of the run in steps")
        private @Nullable Long steps;

        @Option(names = "--images", paramLabel = "N", required = true, description = "length of the run in images")
        private @Nullable Long images;

        @Option(
                names = "--minutes",
                paramLabel = "X",
                required = true,
                description = "length in minutes, as measured at the start")
        private @Nullable Double minutes;
    }

    @Option(names = "--batch", paramLabel = "N", description = "images in a step")
    private @Nullable Integer batch;

    @Option(names = "--lr", paramLabel = "X", description = "highest learning rate")
    private @Nullable Double learningRate;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "of all randomness (${DEFAULT-VALUE})")
    private long seed;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "settings from a file; only --batch, --lr and the length change them")
    private @Nullable Path file;

    @Option(names = "--resume", description = "settings from the run in --out")
    private boolean resume;

    @Option(
            names = "--out",
            paramLabel = "FOLDER",
            description = "folder of the run (out/ and the name of the command)")
    private @Nullable Path out;

    /** Returns the type of the family's settings. */
    abstract Class<C> settings();

    /** Returns the settings of a new run, as the family's own options say. */
    abstract C fresh(Datasets.Resolved found, long seedOfRun);

    /** Returns settings from a file with the changes that the family's own options ask for. */
    abstract C changed(C given);

    /** Returns what to do with the finished model, as a sentence with a command. */
    abstract String whatNext(Path folder);

    @Override
    public Integer call() {
        PrintWriter screen = spec.commandLine().getOut();
        Path path = out == null ? Path.of("out", spec.name()) : out;
        try (RunFolder folder = new RunFolder(path)) {
            checkOptions();
            RunConfig given = resume ? folder.config() : file == null ? null : RunConfig.load(file);
            Datasets.Resolved found = Datasets.resolve(given == null ? data : given.data());
            RunConfig config = optimized(given == null ? fresh(found, seed) : changed(mine(given)));
            screen.printf(
                    "Data: %s, %d images, from %s%n",
                    config.data(), found.train().size(), found.source());
            folder.claim(config.withLength(length(config, found, folder, screen)));
            Training training = Training.run(folder, found, screen);
            if (!training.progress().isComplete()) {
                return Atelier.INTERRUPTED;
            }
            report(training, folder, screen);
            return 0;
        }
    }

    /** Makes sure that no option goes unheard because the settings come from elsewhere. */
    private void checkOptions() {
        if (!resume && file == null) {
            return;
        }
        for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
            if (!HEARD_WITH_SETTINGS.contains(option.longestName())) {
                throw new RunException(option.longestName() + " cannot change settings that come from "
                        + (resume ? "--resume" : "--config") + "; only --batch, --lr and the length can");
            }
        }
    }

    private C mine(RunConfig given) {
        if (settings().isInstance(given)) {
            return settings().cast(given);
        }
        throw new RunException("these are settings of another family: use ./atelier train " + given.family());
    }

    private RunConfig optimized(RunConfig config) {
        Optimization o = config.optimization();
        return config.withOptimization(
                o.with(batch == null ? o.batch() : batch, learningRate == null ? o.learningRate() : learningRate));
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

    private void report(Training training, RunFolder folder, PrintWriter screen) {
        screen.printf(
                Locale.ROOT,
                "Trained on %d images in %s (%.0f images/s); loss %.4f.%n",
                training.progress().images(),
                ProgressDisplay.clock(training.progress().seconds()),
                training.imagesPerSecond(),
                training.loss().last());
        training.scores().forEach((name, score) -> screen.printf(Locale.ROOT, "  %-12s %.4g%n", name, score));
        screen.println(whatNext(folder.path()));
    }
}
