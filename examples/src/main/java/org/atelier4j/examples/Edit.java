package org.atelier4j.examples;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.atelier4j.autoregressive.pipeline.CodePipeline;
import org.atelier4j.autoregressive.pipeline.CompleteRequest;
import org.atelier4j.data.Datasets;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.image.ImageGrid;
import org.atelier4j.image.PixelRange;
import org.atelier4j.tensor.TensorScope;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ./atelier edit}: draws a part of an image anew, with a prior of codes. Seconds. */
@Command(
        name = "edit",
        description = "Draws a part of an image anew. A masked prior fills in any part; one that draws code after code"
                + " knows only what lies above and to the left.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  atelier edit --half lower --class sneaker              of a test image",
            "  atelier edit --image mine.png --inpaint mask.png       where mask.png is white",
            "  atelier edit --half upper --number 7 --count 8 --guidance 1"
        })
public final class Edit implements Callable<Integer> {
    private static final int SCALE = 3;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--model",
            paramLabel = "NAME",
            defaultValue = Models.MASKGIT,
            description = "prior: file, run folder or name (${DEFAULT-VALUE})")
    private String model;

    @Option(
            names = "--image",
            paramLabel = "FILE",
            description = "image to change, of the size the model knows (a test image)")
    private @Nullable Path image;

    @Option(
            names = "--data",
            paramLabel = "NAME",
            defaultValue = "fashion-mnist",
            description = "where test images are (${DEFAULT-VALUE})")
    private String data;

    @Option(
            names = "--number",
            paramLabel = "N",
            defaultValue = "0",
            description = "which test image, without --image (${DEFAULT-VALUE})")
    private int number;

    @ArgGroup(multiplicity = "1")
    private Region region = new Region();

    /** What is drawn anew. */
    static final class Region {
        @Option(
                names = "--inpaint",
                paramLabel = "FILE",
                description = "image of the same size, white where pixels are to be drawn")
        private @Nullable Path mask;

        @Option(names = "--half", paramLabel = "NAME", description = "${COMPLETION-CANDIDATES}: this half is drawn")
        private @Nullable Half half;
    }

    /** Halves of an image. */
    enum Half {
        UPPER,
        LOWER,
        LEFT,
        RIGHT;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** Returns the mask that covers this half. */
        Image mask(Image of) {
            int w = of.width();
            int h = of.height();
            return switch (this) {
                case UPPER -> CompleteRequest.rectangle(of, 0, 0, w, h / 2);
                case LOWER -> CompleteRequest.rectangle(of, 0, h / 2, w, h - h / 2);
                case LEFT -> CompleteRequest.rectangle(of, 0, 0, w / 2, h);
                case RIGHT -> CompleteRequest.rectangle(of, w / 2, 0, w - w / 2, h);
            };
        }
    }

    @Option(names = "--class", paramLabel = "NAME", description = "name or number of what the image shows (not told)")
    private @Nullable String shows;

    @Option(
            names = "--count",
            paramLabel = "N",
            defaultValue = "8",
            description = "in how many ways (${DEFAULT-VALUE})")
    private int count;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "8",
            description = "rounds of a masked prior (${DEFAULT-VALUE})")
    private int steps;

    @Option(
            names = "--guidance",
            paramLabel = "X",
            defaultValue = "0",
            description = "how much to exaggerate the class, 0 for not at all (${DEFAULT-VALUE})")
    private double guidance;

    @Mixin
    private TokenOptions tokens;

    @Option(names = "--keep-pixels", description = "leave pixels outside of the region as they are, seam or not")
    private boolean keepPixels;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "of what is drawn (${DEFAULT-VALUE})")
    private long seed;

    @Option(
            names = "--out",
            paramLabel = "FOLDER",
            defaultValue = "out/edit",
            description = "folder for the images (${DEFAULT-VALUE})")
    private Path out;

    @Override
    public Integer call() {
        PrintWriter screen = spec.commandLine().getOut();
        try (CodePipeline pipeline = CodeModels.open(model, tokens.codec());
                TensorScope scope = TensorScope.open()) {
            Image given = given();
            Image mask = mask(given);
            List<String> names = pipeline.config().classNames();
            List<Integer> labels = shows == null ? List.of() : ClassNames.labels(List.of(shows), names);
            CompleteRequest request =
                    new CompleteRequest(given, mask, count, labels, tokens.decoding(guidance, steps), keepPixels, seed);
            long start = System.nanoTime();
            List<Image> drawn =
                    PixelRange.SIGNED.toImages(pipeline.complete(request).tensor());
            double seconds = (System.nanoTime() - start) * 1e-9;
            write(given, mask, drawn);
            screen.printf(
                    Locale.ROOT,
                    "%d images in %.2f s: %s shows the image, what was kept of it, and the images%n",
                    count,
                    seconds,
                    out.resolve("grid.png"));
            return 0;
        }
    }

    private void write(Image given, Image mask, List<Image> drawn) {
        List<Image> cells = new ArrayList<>(List.of(given, covered(given, mask)));
        cells.addAll(drawn);
        ImageFiles.write(
                out.resolve("grid.png"),
                ImageGrid.columns(cells.size()).withScale(SCALE).draw(cells));
        for (int i = 0; i < drawn.size(); i++) {
            ImageFiles.write(out.resolve(ClassNames.file("edit", i)), drawn.get(i));
        }
    }

    private Image given() {
        if (image != null) {
            return ImageFiles.read(image);
        }
        Datasets.Resolved found = Datasets.resolve(data);
        if (number < 0 || number >= found.test().size()) {
            throw new RunException("--number must lie in [0, " + found.test().size() + "), got " + number);
        }
        return found.test().image(number);
    }

    private Image mask(Image given) {
        Path file = region.mask;
        Half half = region.half;
        return file != null
                ? ImageFiles.read(file).withChannels(1)
                : half == null ? Half.LOWER.mask(given) : half.mask(given);
    }

    /** Returns the image with gray where it is drawn anew. */
    static Image covered(Image given, Image mask) {
        byte[] pixels = given.toBytes();
        byte[] covers = mask.toBytes();
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = Byte.toUnsignedInt(covers[i / given.channels()]) >= 128 ? (byte) 128 : pixels[i];
        }
        return Image.of(given.width(), given.height(), given.channels(), pixels);
    }
}
