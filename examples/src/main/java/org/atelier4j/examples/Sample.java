package org.atelier4j.examples;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.atelier4j.autoregressive.Decoding;
import org.atelier4j.autoregressive.pipeline.CodePipeline;
import org.atelier4j.autoregressive.pixel.PixelCnn;
import org.atelier4j.autoregressive.pixel.PixelCnnPipeline;
import org.atelier4j.diffusion.pipeline.DiffusionPipeline;
import org.atelier4j.diffusion.pipeline.SamplerKind;
import org.atelier4j.image.ImageFiles;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ./atelier sample}: draws with a trained model. Seconds. */
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
            "  atelier sample --model out/train --guidance 1 --seed 7 --out out/mine"
        })
public final class Sample implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--model",
            defaultValue = Models.FASHION,
            description = "file, run folder or name (${DEFAULT-VALUE})")
    private String model;

    @Option(names = "--classes", split = ",", description = "names or numbers, with commas between (all)")
    private List<String> classes = List.of();

    @Option(names = "--count", defaultValue = "10", description = "images of each class (${DEFAULT-VALUE})")
    private int count;

    @Option(
            names = "--steps",
            defaultValue = "10",
            description = "sampling steps, rounds of maskgit; ddpm needs hundreds (${DEFAULT-VALUE})")
    private int steps;

    @Option(
            names = "--sampler",
            defaultValue = "dpm++",
            converter = SamplerName.class,
            description = "dpm++, ddim, ddpm, euler or heun (${DEFAULT-VALUE})")
    private SamplerKind sampler;

    @Option(
            names = "--guidance",
            defaultValue = "0",
            description = "how much to exaggerate the class, 0 for not at all (${DEFAULT-VALUE})")
    private double guidance;

    @Mixin
    private TokenOptions tokens;

    @Option(names = "--seed", defaultValue = "0", description = "of the noise (${DEFAULT-VALUE})")
    private long seed;

    @Option(names = "--gif", description = "also write how the images come to be")
    private boolean gif;

    @Option(names = "--out", defaultValue = "out/sample", description = "folder for the images (${DEFAULT-VALUE})")
    private Path out;

    @Override
    public Integer call() {
        PrintWriter screen = spec.commandLine().getOut();
        if (Models.isOf(PixelCnn.class, model)) {
            PixelCnnPipeline pipeline = Models.open(model, PixelCnnPipeline::load);
            write(PixelCnnSheet.draw(pipeline, classes, count, tokens.sampler(guidance), seed), screen);
            return 0;
        } else if (CodeModels.isPrior(model)) {
            try (CodePipeline pipeline = CodeModels.open(model, tokens.codec())) {
                Decoding decoding = tokens.decoding(guidance, steps);
                Sheet sheet = CodeSheet.draw(pipeline, classes, count, decoding, seed);
                if (gif) {
                    CodeSheet.film(pipeline, classes, count, decoding, seed, out.resolve("drawing.gif"));
                }
                write(sheet, screen);
                return 0;
            }
        }
        try (DiffusionPipeline pipeline = Models.load(model)) {
            List<String> names = pipeline.config().classNames();
            Sheet.Order order =
                    new Sheet.Order(ClassNames.labels(classes, names), count, sampler, steps, guidance, seed);
            Sheet sheet = Sheet.draw(pipeline, order);
            if (gif) {
                Sheet.film(pipeline, order, out.resolve("denoising.gif"));
            }
            write(sheet, screen);
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

    /** Reads a sampler's name; {@code dpm++} is short for the library's {@code dpm-solver}. */
    static final class SamplerName implements ITypeConverter<SamplerKind> {
        @Override
        public SamplerKind convert(String name) {
            return name.equalsIgnoreCase("dpm++") ? SamplerKind.DPM_SOLVER : SamplerKind.of(name);
        }
    }
}
