package org.atelier4j.examples;

import java.nio.file.Path;
import org.atelier4j.autoregressive.pixel.PixelCnn;
import org.atelier4j.data.Datasets;
import org.atelier4j.tensor.Shape;
import org.atelier4j.train.TrainingLength;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./atelier train pixelcnn}: trains a gated PixelCNN, which draws pixel after pixel. Half an hour. */
@Command(
        name = "pixelcnn",
        description =
                "Trains a gated PixelCNN, which draws pixel after pixel and says how probable an image is. Stop it"
                        + " with Ctrl-C; the same command goes on.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  atelier train pixelcnn --minutes 30",
            "  atelier train pixelcnn --head mixture --bits 8 --minutes 30 --out out/pixelcnn8",
            "  atelier train pixelcnn --label-dropout 0.1    for sample --guidance"
        })
public final class TrainPixelCnn extends TrainCommand<PixelCnnRunConfig> {
    private static final int COMPONENTS = 5;
    private static final int KERNEL = 3;

    @Option(
            names = "--bits",
            paramLabel = "N",
            defaultValue = "5",
            description = "what is kept of a pixel, 1 to 8 (${DEFAULT-VALUE})")
    private int bits;

    @Option(
            names = "--head",
            paramLabel = "NAME",
            defaultValue = "softmax",
            description = "law of a pixel: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
    private Head head;

    @Option(
            names = "--width",
            paramLabel = "N",
            defaultValue = "32",
            description = "channels of each stack (${DEFAULT-VALUE})")
    private int width;

    @Option(
            names = "--layers",
            paramLabel = "N",
            defaultValue = "6",
            description = "gated layers behind the first (${DEFAULT-VALUE})")
    private int layers;

    @Option(
            names = "--label-dropout",
            paramLabel = "X",
            defaultValue = "0",
            description = "part of the images shown without their class (${DEFAULT-VALUE})")
    private double labelDropout;

    @Option(names = "--smoke", hidden = true, description = "a network of seconds that learns nothing")
    private boolean smoke;

    /** Laws of a pixel. */
    enum Head {
        SOFTMAX,
        MIXTURE;

        @Override
        public String toString() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    @Override
    Class<PixelCnnRunConfig> settings() {
        return PixelCnnRunConfig.class;
    }

    @Override
    PixelCnnRunConfig fresh(Datasets.Resolved found, long seedOfRun) {
        Shape image = found.train().imageShape(); // (H, W, C)
        PixelCnn.Grid grid = new PixelCnn.Grid(image.dim(0), image.dim(1), image.dim(2), 1 << bits);
        PixelCnn.Size size = smoke ? new PixelCnn.Size(6, 1, KERNEL) : new PixelCnn.Size(width, layers, KERNEL);
        int components = head == Head.MIXTURE ? COMPONENTS : 0;
        int classes = found.train().classNames().size();
        return new PixelCnnRunConfig(
                new PixelCnn.Config(grid, components, 0, size, classes),
                found.name(),
                TrainingLength.images(smoke ? 8 : 96_000),
                new Optimization(smoke ? 4 : 16, 2e-3, 100, 1, 10_000),
                labelDropout,
                seedOfRun);
    }

    @Override
    PixelCnnRunConfig changed(PixelCnnRunConfig given) {
        return given;
    }

    @Override
    String whatNext(Path folder) {
        return "Draw with it: ./atelier sample --model " + folder;
    }
}
