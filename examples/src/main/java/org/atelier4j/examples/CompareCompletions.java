package org.atelier4j.examples;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.atelier4j.data.Dataset;
import org.atelier4j.data.Datasets;
import org.atelier4j.image.Image;
import org.atelier4j.image.PixelRange;
import org.atelier4j.metrics.net.FmNet;
import org.atelier4j.model.ImageClassifier;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;

/**
 * Completes the lower half of test images from the upper one, and the other way round, with each model, and prints how often
 * FM-Net sees the class of the original in the result; the model is not told the class. Above them stands what FM-Net says of
 * the whole originals. Minutes on 2 cores for 500 images.
 *
 * <pre>{@code
 * java @examples/target/jvm.flags -cp examples/target/atelier.jar org.atelier4j.examples.CompareCompletions fashion-mnist 500 \
 *     fashion-mnist-prior fashion-mnist-maskgit
 * }</pre>
 */
public final class CompareCompletions {
    private static final int FIRST_MODEL = 2;

    private CompareCompletions() {}

    /** Compares the models {@code args[2]}, {@code args[3]} … on the first {@code args[1]} test images of {@code args[0]}. */
    public static void main(String[] args) {
        if (args.length <= FIRST_MODEL) {
            throw new IllegalArgumentException(
                    "CompareCompletions: DATA IMAGES MODEL… must be given, got " + String.join(" ", args));
        }
        PrintWriter screen = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        ImageClassifier judge = FmNet.load();
        Dataset test = Datasets.resolve(args[0]).test().first(Integer.parseInt(args[1]));
        double whole = agreement(judge, test, (image, i) -> image);
        screen.printf(Locale.ROOT, "%-32s %5.1f %%%n", "whole originals", 100 * whole);
        for (String model : List.of(args).subList(FIRST_MODEL, args.length)) {
            try (Completer completer = Completer.open(model)) {
                for (Edit.Half half : completer.halves()) {
                    double share = agreement(judge, test, (image, i) -> completer.complete(image, half, i));
                    screen.printf(Locale.ROOT, "%-32s %5.1f %%%n", model + ", " + half + " half drawn", 100 * share);
                }
            }
        }
    }

    /** Changes the image with the given number. */
    private interface Change {
        Image of(Image image, int number);
    }

    /** Returns the share of images in which the judge sees the class of the original after a change. */
    private static double agreement(ImageClassifier judge, Dataset test, Change change) {
        int agree = 0;
        for (int i = 0; i < test.size(); i++) {
            try (TensorScope scope = TensorScope.open()) {
                Tensor x = PixelRange.SIGNED.toTensor(List.of(change.of(test.image(i), i))); // (1, H, W, C)
                int seen = judge.logits(judge.features(x)).argMax(1).toInts()[0];
                agree += seen == test.label(i) ? 1 : 0;
            }
        }
        return (double) agree / test.size();
    }
}
