package org.atelier4j.metrics;

import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.function.Consumer;
import org.atelier4j.model.ImageSource;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;

/**
 * Does a model copy its training images? Generated images that are drawn from the law of the data lie as close to training
 * images as to test images that the model never saw; copies lie closer to the former (Meehan et al. 2020, "A non-parametric test
 * to detect data-copying in generative models", arXiv:2004.05675, sec. 3).
 */
public final class NearestNeighbors {

    private static final int PART = 1024; // images whose features exist at once

    private NearestNeighbors() {}

    /**
     * What the comparison gives.
     *
     * @param ratio mean distance to the nearest training image over that to the nearest test image; about 1 without
     *     copying, towards 0 with it
     * @param trainDistance the mean distance to the nearest training image
     * @param testDistance the mean distance to the nearest test image
     * @param nearerToTrain the share of generated images that lie nearer to the training images, ties half; about ½ without
     *     copying
     */
    public record Result(double ratio, double trainDistance, double testDistance, double nearerToTrain) {}

    /** Returns the Euclidean distance from each query to the nearest image of a set. */
    public static double[] distances(FeatureBank queries, FeatureBank set) {
        FeatureBank.checkPair("NearestNeighbors", queries, set, 1);
        double[] squared = Nearest.of(queries.rows(), set.rows(), 1).squared(1);
        return Arrays.stream(squared).map(Math::sqrt).toArray();
    }

    /**
     * Returns the comparison. The larger of the two sets is thinned out at random to the size of the smaller: in a larger set
     * something is always nearer.
     *
     * @param generated features of generated images
     * @param train features of images the model was trained with
     * @param test features of images of the same kind that it never saw
     */
    public static Result compare(FeatureBank generated, FeatureBank train, FeatureBank test, Rng rng) {
        return compare(sink -> sink.accept(generated), train, test, rng);
    }

    /**
     * Returns the same comparison of images that are read part by part, so that its memory does not grow with their number.
     *
     * @param reader shows them to the network that {@code train} and {@code test} come from
     * @param generated generated images, at least one
     */
    public static Result compare(
            FeatureReader reader, ImageSource generated, FeatureBank train, FeatureBank test, Rng rng) {
        return compare(sink -> reader.banks(generated, PART, sink), train, test, rng);
    }

    private static Result compare(
            Consumer<Consumer<FeatureBank>> generated, FeatureBank train, FeatureBank test, Rng rng) {
        int n = Math.min(train.count(), test.count());
        Rows.checkCount("NearestNeighbors", n, 1);
        FeatureBank seen = thinned(train, n, rng.split("train"));
        FeatureBank unseen = thinned(test, n, rng.split("test"));
        DoubleSummaryStatistics toTrain = new DoubleSummaryStatistics();
        DoubleSummaryStatistics toTest = new DoubleSummaryStatistics();
        double[] nearer = new double[1];
        generated.accept(part -> {
            double[] a = distances(part, seen);
            double[] b = distances(part, unseen);
            for (int i = 0; i < a.length; i++) {
                toTrain.accept(a[i]);
                toTest.accept(b[i]);
                nearer[0] += a[i] < b[i] ? 1 : a[i] == b[i] ? 0.5 : 0;
            }
        });
        Rows.checkCount("NearestNeighbors", toTrain.getCount(), 1);
        double trainMean = toTrain.getAverage();
        double testMean = toTest.getAverage();
        Check.that(testMean > 0, "NearestNeighbors: generated images must not all be test images, got distance 0");
        return new Result(trainMean / testMean, trainMean, testMean, nearer[0] / toTrain.getCount());
    }

    /** Returns {@code n} images of a bank: itself, if it has no more. */
    private static FeatureBank thinned(FeatureBank bank, int n, Rng rng) {
        return bank.count() == n ? bank : bank.sample(n, rng);
    }
}
