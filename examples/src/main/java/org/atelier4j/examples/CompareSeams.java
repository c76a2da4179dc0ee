package org.atelier4j.examples;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.atelier4j.autoregressive.CodeSpace;
import org.atelier4j.autoregressive.pipeline.CodePipeline;
import org.atelier4j.autoregressive.pipeline.GenerateRequest;
import org.atelier4j.data.Dataset;
import org.atelier4j.data.Datasets;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.image.ImageGrid;
import org.atelier4j.image.PixelRange;
import org.atelier4j.metrics.FeatureReader;
import org.atelier4j.metrics.FeatureStatistics;
import org.atelier4j.metrics.FrechetDistance;
import org.atelier4j.model.FeatureExtractor;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.TensorScope;

/**
 * Draws images three times as wide as those that a transformer prior was trained on, through its sliding window (Esser et al.
 * 2021, sec. 3.3), and compares crops that lie half in one and half in the next of three trained widths with the crop that fills
 * the middle one: the Fréchet distance of either to real images. As control it sets three images side by side that know nothing
 * of each other. Writes the first wide images to a file.
 *
 * <pre>{@code
 * java @examples/target/jvm.flags -cp examples/target/atelier.jar org.atelier4j.examples.CompareSeams \
 *     out/scenes toy-scenes 500 cifar10-net out/wide.png
 * }</pre>
 */
public final class CompareSeams {
    private static final int TIMES = 3; // as wide
    private static final int BATCH = 100;
    private static final int SHOWN = 6;

    private CompareSeams() {}

    /** Compares {@code MODEL DATA COUNT EXTRACTOR PICTURE}. */
    public static void main(String[] args) {
        if (args.length != 5) {
            throw new IllegalArgumentException(
                    "CompareSeams: MODEL DATA COUNT EXTRACTOR PICTURE must be given, got " + String.join(" ", args));
        }
        Dataset test = Datasets.resolve(args[1]).test();
        FeatureExtractor eye = Extractors.of(args[3], test.imageShape().dim(2));
        PrintWriter screen = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        compare(screen, args[0], test, Integer.parseInt(args[2]), eye, Path.of(args[4]));
    }

    /** Compares {@code count} wide images of a model with real ones; {@code eye} looks at both. */
    static void compare(PrintWriter screen, String model, Dataset test, int count, FeatureExtractor eye, Path picture) {
        FeatureReader reader = FeatureReader.of(eye);
        FeatureStatistics real = reader.statistics(test.images());
        try (CodePipeline pipeline = CodeModels.open(model, "")) {
            List<Image> wide = draw(pipeline, count, TIMES, 0);
            List<Image> single = draw(pipeline, count * TIMES, 1, 1);
            screen.printf(
                    "%-38s %8s %8s %8s %8s %8s %8s%n",
                    "FD to real images, by crop", "left", "seam", "middle", "seam", "right", "ratio");
            print(screen, "one wide image, sliding window", reader, real, wide);
            print(screen, "three images side by side (control)", reader, real, beside(single));
            ImageFiles.write(
                    picture, ImageGrid.columns(2).withScale(2).draw(wide.subList(0, Math.min(SHOWN, wide.size()))));
        }
    }

    /** Draws images {@code times} as wide as trained, of no class; seeds and order are the batches'. */
    private static List<Image> draw(CodePipeline pipeline, int count, int times, long seed) {
        CodeSpace space = pipeline.config().space();
        List<Image> images = new ArrayList<>();
        for (int from = 0; from < count; from += BATCH) {
            GenerateRequest request = GenerateRequest.of(Math.min(BATCH, count - from))
                    .withGrid(space.height(), times * space.width())
                    .withSeed(seed + from);
            try (TensorScope scope = TensorScope.open()) {
                images.addAll(
                        PixelRange.SIGNED.toImages(pipeline.generate(request).tensor()));
            }
        }
        return images;
    }

    /** Returns each {@link #TIMES} images as one, side by side. */
    private static List<Image> beside(List<Image> images) {
        List<Image> rows = new ArrayList<>();
        for (int i = 0; i < images.size(); i += TIMES) {
            rows.add(ImageGrid.columns(TIMES).withPadding(0).draw(images.subList(i, i + TIMES)));
        }
        return rows;
    }

    /**
     * Prints the distance of crops at each half width, and how much worse those on a seam are than the one between the seams:
     * the first and the last also have a border of the wide image, as real images do.
     */
    private static void print(
            PrintWriter screen, String name, FeatureReader reader, FeatureStatistics real, List<Image> wide) {
        int half = wide.get(0).height() / 2;
        double[] distances = IntStream.range(0, 2 * TIMES - 1)
                .mapToDouble(at -> distance(reader, real, wide, at * half))
                .toArray();
        double seams = (distances[1] + distances[3]) / 2;
        screen.printf(
                Locale.ROOT,
                "%-38s %8.4f %8.4f %8.4f %8.4f %8.4f %8.3f%n",
                name,
                distances[0],
                distances[1],
                distances[2],
                distances[3],
                distances[4],
                seams / distances[2]);
    }

    /** Returns how far square crops from column {@code x} on are from real images. */
    private static double distance(FeatureReader reader, FeatureStatistics real, List<Image> wide, int x) {
        int side = wide.get(0).height();
        Shape shape = Shape.of(side, side, wide.get(0).channels());
        int each = Math.toIntExact(shape.size());
        byte[] pixels = new byte[Math.multiplyExact(each, wide.size())];
        for (int i = 0; i < wide.size(); i++) {
            System.arraycopy(wide.get(i).crop(x, 0, side, side).toBytes(), 0, pixels, i * each, each);
        }
        Dataset crops = Dataset.of(List.of("crop"), shape, pixels, new int[wide.size()]);
        return FrechetDistance.between(reader.statistics(crops.images()), real);
    }
}
