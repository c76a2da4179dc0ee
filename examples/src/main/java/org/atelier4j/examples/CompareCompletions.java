package org.atelier4j.examples;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.atelier4j.autoregressive.Decoding;
import org.atelier4j.autoregressive.pipeline.CodePipeline;
import org.atelier4j.autoregressive.pipeline.CompleteRequest;
import org.atelier4j.data.Dataset;
import org.atelier4j.data.Datasets;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.image.ImageGrid;
import org.atelier4j.image.PixelRange;
import org.atelier4j.metrics.net.FrozenClassifier;
import org.atelier4j.model.ImageClassifier;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;

/**
 * Completes the lower half of test images from the upper one, and the other way round, by each prior, and prints how often a
 * classifier sees the class of the original in the result; the prior is not told the class. Beside each prior stands what
 * the classifier says of the whole original, decoded.
 *
 * <p>{@code java … org.atelier4j.examples.CompareCompletions CLASSIFIER IMAGES OUT PRIOR…}: minutes on 2 cores for 500 images.
 * Draws {@code OUT/completions.png}: for each prior and half, test images above their completions.
 */
public final class CompareCompletions {
    private static final int SHOWN = 10;
    private static final int SCALE = 2;

    private CompareCompletions() {}

    /** Runs the comparison. */
    public static void main(String[] args) {
        if (args.length < 4) {
            throw new IllegalArgumentException(
                    "CompareCompletions: CLASSIFIER IMAGES OUT PRIOR… must be given, got " + String.join(" ", args));
        }
        PrintWriter screen = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        ImageClassifier judge = FrozenClassifier.load(Path.of(args[0]));
        Dataset test = Datasets.resolve("fashion-mnist").test().first(Integer.parseInt(args[1]));
        List<Image> cells = new ArrayList<>();
        for (String prior : List.of(args).subList(3, args.length)) {
            try (CodePipeline pipeline = CodeModels.open(prior, "")) {
                agreements(pipeline, judge, test, cells)
                        .forEach((half, share) ->
                                screen.printf(Locale.ROOT, "%-28s %-6s drawn: %.1f %%%n", prior, half, 100 * share));
            }
        }
        ImageFiles.write(
                Path.of(args[2]).resolve("completions.png"),
                ImageGrid.columns(SHOWN).withScale(SCALE).draw(cells));
    }

    /** Returns for each half that was drawn the share of images in which the judge sees the class of the original. */
    static Map<Edit.Half, Double> agreements(
            CodePipeline pipeline, ImageClassifier judge, Dataset test, List<Image> cells) {
        Map<Edit.Half, Double> shares = new LinkedHashMap<>();
        for (Edit.Half half : List.of(Edit.Half.LOWER, Edit.Half.UPPER)) {
            List<Image> completed = new ArrayList<>();
            int agree = 0;
            for (int i = 0; i < test.size(); i++) {
                try (TensorScope scope = TensorScope.open()) {
                    Image image = test.image(i);
                    CompleteRequest request = CompleteRequest.of(image, half.mask(image))
                            .withDecoding(Decoding.standard())
                            .withSeed(i);
                    Tensor drawn = pipeline.complete(request).tensor(); // (1, H, W, C)
                    int seen = judge.logits(judge.features(drawn)).argMax(1).toInts()[0];
                    agree += seen == test.label(i) ? 1 : 0;
                    completed.addAll(PixelRange.SIGNED.toImages(drawn));
                }
            }
            for (int i = 0; i < SHOWN; i++) {
                cells.add(test.image(i));
            }
            cells.addAll(completed.subList(0, SHOWN));
            shares.put(half, (double) agree / test.size());
        }
        return shares;
    }
}
