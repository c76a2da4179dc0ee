package org.atelier4j.examples;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.atelier4j.data.Datasets;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.io.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code ./atelier quickstart}: trains a small class-conditional model on the real images that ship with Atelier, then draws
 * with it and with the pretrained one. About 3 minutes on 2 CPU cores.
 */
@Command(
        name = "quickstart",
        description =
                "Trains a small model on real images for a few minutes, then draws with it and with the pretrained"
                        + " one. Stop it with Ctrl-C; the same command goes on.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  atelier quickstart --minutes 5 --out out/longer"})
public final class Quickstart implements Callable<Integer> {
    private static final int COLUMNS = 10;
    private static final int FILM_STEPS = 25;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--minutes",
            paramLabel = "X",
            defaultValue = "2.5",
            description = "time to train (${DEFAULT-VALUE})")
    private double minutes;

    @Option(
            names = "--out",
            paramLabel = "FOLDER",
            defaultValue = "out/quickstart",
            description = "folder of the run (${DEFAULT-VALUE})")
    private Path out;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "of all randomness (${DEFAULT-VALUE})")
    private long seed;

    @Option(names = "--smoke", hidden = true, description = "a run of seconds that learns nothing")
    private boolean smoke;

    @Override
    public Integer call() {
        PrintWriter screen = spec.commandLine().getOut();
        Models.require(Models.FASHION); // before the minutes of training
        Datasets.Resolved data = Datasets.resolve("fashion-mnist-small");
        try (RunFolder folder = new RunFolder(out)) {
            RunConfig config = (smoke ? Preset.SMOKE : Preset.QUICK).config(data, seed);
            screen.printf(
                    "Fashion-MNIST: %d photographs of clothes, each of one of %d classes.%n",
                    data.train().size(), data.train().classNames().size());
            if (folder.isUsed()) {
                config = config.withLength(folder.config().length());
            } else if (!smoke) {
                config = config.withLength(Training.lengthOf(minutes, config, data, screen));
            }
            folder.claim(config);
            Training training = Training.run(folder, data, screen);
            if (!training.progress().isComplete()) {
                return Atelier.INTERRUPTED;
            }
            screen.println("Drawing ...");
            screen.flush();
            double own = draw(folder.path().toString(), folder, "samples", screen);
            double pretrained = draw(Models.FASHION, folder, "pretrained", screen);
            report(training, own, pretrained, folder, screen);
            return 0;
        }
    }

    /** Writes a table of all classes and a film of how one comes to be; returns the seconds that the table took. */
    private double draw(String model, RunFolder folder, String name, PrintWriter screen) {
        try (DiffusionGenerator generator = DiffusionGenerator.usual(Models.load(model))) {
            int columns = smoke ? 1 : COLUMNS;
            Sheet sheet = Sheet.draw(generator, generator.labels(), columns, seed);
            ImageFiles.write(folder.file(name + ".png"), sheet.picture());
            DiffusionGenerator slowly = generator.withSteps(smoke ? 2 : FILM_STEPS);
            Sheet.film(slowly, slowly.labels(), columns, seed, folder.file(name + ".gif"));
            return sheet.seconds();
        }
    }

    private void report(Training training, double own, double pretrained, RunFolder folder, PrintWriter screen) {
        Map<String, Object> numbers = new LinkedHashMap<>();
        numbers.put("steps", training.progress().step());
        numbers.put("images", training.progress().images());
        numbers.put("trainingSeconds", training.progress().seconds());
        numbers.put("imagesPerSecond", training.imagesPerSecond());
        numbers.put("firstLoss", training.loss().first());
        numbers.put("finalLoss", training.loss().last());
        numbers.put("samplingSeconds", own);
        numbers.put("pretrainedSamplingSeconds", pretrained);
        Json.save(folder.file("numbers.json"), numbers);
        screen.printf(
                Locale.ROOT,
                "%nIn %s min this machine trained a network on %d images (%.0f per second); the loss fell from %.3f to"
                        + " %.3f.%nThen the network drew 100 images in %.1f s, the pretrained one in %.1f s.%n%n",
                ProgressDisplay.clock(training.progress().seconds()),
                training.progress().images(),
                training.imagesPerSecond(),
                training.loss().first(),
                training.loss().last(),
                own,
                pretrained);
        row(screen, folder, "samples.png", "drawn by the network you just trained");
        row(screen, folder, "samples.gif", "how it makes clothes out of noise");
        row(screen, folder, "pretrained.png", "drawn by the network that ships with Atelier, trained for longer");
        row(screen, folder, "pretrained.gif", "how that one does it");
        row(screen, folder, "loss.png", "the falling loss");
        row(screen, folder, "numbers.json", "the numbers above");
        row(screen, folder, "model.safetensors", "your network: ./atelier sample --model " + folder.path());
        screen.flush();
    }

    private static void row(PrintWriter screen, RunFolder folder, String file, String what) {
        screen.printf("  %-36s %s%n", folder.file(file), what);
    }
}
