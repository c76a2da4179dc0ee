package org.atelier4j.examples;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.atelier4j.data.Datasets;
import org.atelier4j.io.CheckpointFolder;
import org.atelier4j.io.Json;
import org.atelier4j.io.RunLock;
import org.atelier4j.metrics.ClassAccuracy;
import org.atelier4j.metrics.net.ClassifierTraining;
import org.atelier4j.metrics.net.FrozenClassifier;
import org.atelier4j.tensor.Rng;
import org.atelier4j.train.Checkpoints;
import org.atelier4j.train.DivergenceStop;
import org.atelier4j.train.JsonlLog;
import org.atelier4j.train.StopSignal;
import org.atelier4j.train.TrainingLength;
import org.atelier4j.train.TrainingProgress;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code ./atelier train classifier}: trains the network that generated images are judged with. FM-Net, which ships with the
 * metrics, was made by the defaults: a quarter of an hour on one CPU core, 93 % and more of the test images right.
 */
@Command(
        name = "classifier",
        description =
                "Trains a small classifier, the eye of the metrics. Stop it with Ctrl-C; the same command goes on.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  atelier train classifier                                 FM-Net, as it ships",
            "  atelier train classifier --data cifar10 --out out/cifar  the same for color images",
            "  atelier eval --extractor out/cifar/classifier.safetensors ...   measures with it"
        })
public final class TrainClassifier implements Callable<Integer> {
    private static final String FILE = "classifier.safetensors";
    private static final double SECONDS_BETWEEN_LINES = 5;
    private static final long STEPS_BETWEEN_CHECKPOINTS = 500;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--data",
            paramLabel = "NAME",
            defaultValue = "fashion-mnist",
            description = "name of the data set (${DEFAULT-VALUE})")
    private String data;

    @Option(
            names = "--passes",
            paramLabel = "X",
            defaultValue = "0",
            description = "how often each image is seen (as suits the data)")
    private double passes;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "of all randomness (${DEFAULT-VALUE})")
    private long seed;

    @Option(
            names = "--out",
            paramLabel = "FOLDER",
            defaultValue = "out/classifier",
            description = "folder of the run (${DEFAULT-VALUE})")
    private Path out;

    @Override
    public Integer call() {
        PrintWriter screen = spec.commandLine().getOut();
        Datasets.Resolved found = Datasets.resolve(data);
        ClassifierTraining.Config suited = ClassifierTraining.Config.of(found.train());
        ClassifierTraining.Config config = passes > 0 ? suited.withPasses(passes) : suited;
        screen.printf("Data: %s, %d images, from %s%n", data, found.train().size(), found.source());
        screen.flush();
        StopSignal stop = new StopSignal();
        try (RunLock lock = RunLock.take(out);
                Interrupt interrupt = Interrupt.watch(stop, screen);
                ClassifierTraining training = new ClassifierTraining(config, found.train(), Rng.of(seed))) {
            TrainingProgress progress = train(training, stop, screen);
            if (!progress.isComplete()) {
                screen.println("Stopped, with everything saved. The same command goes on from here.");
                return Atelier.INTERRUPTED;
            }
            report(export(training, found, config), found, progress, screen);
            return 0;
        }
    }

    private TrainingProgress train(ClassifierTraining training, StopSignal stop, PrintWriter screen) {
        Checkpoints checkpoints =
                new Checkpoints(new CheckpointFolder(out, 2), training.state(), STEPS_BETWEEN_CHECKPOINTS);
        var display = new ProgressDisplay(screen, ProgressDisplay.isTerminal(), SECONDS_BETWEEN_LINES);
        TrainingProgress from = checkpoints.resume(TrainingLength.steps(training.steps()));
        return training.run(
                from,
                List.of(
                        new JsonlLog(out.resolve("stats.jsonl"), 10),
                        new DivergenceStop(checkpoints::last),
                        display,
                        checkpoints),
                stop);
    }

    private FrozenClassifier export(
            ClassifierTraining training, Datasets.Resolved found, ClassifierTraining.Config config) {
        Path file = out.resolve(FILE);
        Map<String, String> notes = new LinkedHashMap<>();
        notes.put("data", data);
        notes.put("seed", String.valueOf(seed));
        notes.put("training", Json.write(config));
        String name = data.equals("fashion-mnist") ? "fm-net" : data + "-net";
        FrozenClassifier.save(file, name, found.train().classNames(), training.result(), notes);
        return FrozenClassifier.load(file);
    }

    private void report(FrozenClassifier net, Datasets.Resolved found, TrainingProgress progress, PrintWriter screen) {
        double accuracy = ClassAccuracy.of(net, found.test());
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("name", net.name());
        result.put("sha256", net.hash());
        result.put("testAccuracy", accuracy);
        result.put("images", progress.images());
        result.put("seconds", progress.seconds());
        result.put("seed", seed);
        Json.save(out.resolve("result.json"), result);
        screen.printf(
                Locale.ROOT,
                "Trained on %d images in %s; %.2f %% of %d test images right.%n%s: SHA-256 %s%n",
                progress.images(),
                ProgressDisplay.clock(progress.seconds()),
                100 * accuracy,
                found.test().size(),
                out.resolve(FILE),
                net.hash());
    }
}
