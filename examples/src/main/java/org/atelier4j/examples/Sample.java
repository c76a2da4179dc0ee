package org.atelier4j.examples;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.atelier4j.image.ImageFiles;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ./atelier sample}: draws with a trained model of any family. Seconds. */
@Command(
        name = "sample",
        description = "Draws with a trained model.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  atelier sample                                         10 images of each class",
            "  atelier sample --classes sneaker,bag --count 4 --gif",
            "  atelier sample --model fashion-mnist-maskgit --steps 8 --top-p 0.95",
            "  atelier sample --model out/train --guidance 0 --seed 7 --out out/mine"
        })
public final class Sample implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--model",
            paramLabel = "NAME",
            defaultValue = Models.FASHION,
            description = "file, run folder or name (${DEFAULT-VALUE})")
    private String model;

    @Option(
            names = "--classes",
            paramLabel = "NAME",
            split = ",",
            description = "names or numbers, with commas between (all)")
    private List<String> classes = List.of();

    @Option(
            names = "--count",
            paramLabel = "N",
            defaultValue = "10",
            description = "images of each class, or in all where the model has none (${DEFAULT-VALUE})")
    private int count;

    @Mixin
    private DrawingOptions drawing;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "of all randomness (${DEFAULT-VALUE})")
    private long seed;

    @Option(names = "--gif", description = "also write how the images come to be")
    private boolean gif;

    @Option(
            names = "--out",
            paramLabel = "FOLDER",
            defaultValue = "out/sample",
            description = "folder for the images (${DEFAULT-VALUE})")
    private Path out;

    @Override
    public Integer call() {
        PrintWriter screen = spec.commandLine().getOut();
        try (Generator generator = drawing.open(model)) {
            List<Integer> labels =
                    classes.isEmpty() ? generator.labels() : ClassNames.labels(classes, generator.classNames());
            Sheet sheet = Sheet.draw(generator, labels, count, seed);
            write(sheet, screen);
            if (gif) {
                Sheet.film(generator, labels, count, seed, out.resolve("drawing.gif"));
                screen.println("How they come to be: " + out.resolve("drawing.gif"));
            }
            return 0;
        }
    }

    private void write(Sheet sheet, PrintWriter screen) {
        ImageFiles.write(out.resolve("grid.png"), sheet.picture());
        int images = sheet.images().size();
        for (int i = 0; i < images; i++) {
            String name = ClassNames.file(sheet.names().get(i / count), i % count);
            ImageFiles.write(out.resolve(name), sheet.images().get(i));
        }
        screen.printf(
                Locale.ROOT,
                "%d images in %.2f s, %.3f s each: %s%n",
                images,
                sheet.seconds(),
                sheet.seconds() / images,
                out.resolve("grid.png"));
    }
}
