package org.atelier4j.metrics;

import java.util.Arrays;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;

/**
 * Does a model copy its training images? Generated images that are drawn from the law of the data lie as close to training
 * images as to test images that the model never saw; copies lie closer to the former (Meehan et al. 2020, "A non-parametric test
 * to detect data-copying in generative models", arXiv:2004.05675, sec. 3).
 */
public final class NearestNeighbors {

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
        int n = Math.min(train.count(), test.count());
        Rows.checkCount("NearestNeighbors", n, 1);
        double[] toTrain = distances(generated, train.sample(n, rng.split("train")));
        double[] toTest = distances(generated, test.sample(n, rng.split("test")));
        double nearer = 0;
        for (int i = 0; i < toTrain.length; i++) {
            nearer += toTrain[i] < toTest[i] ? 1 : toTrain[i] == toTest[i] ? 0.5 : 0;
        }
        double trainMean = Arrays.stream(toTrain).average().orElseThrow();
        double testMean = Arrays.stream(toTest).average().orElseThrow();
        Check.that(testMean > 0, "NearestNeighbors: generated images must not all be test images, got distance 0");
        return new Result(trainMean / testMean, trainMean, testMean, nearer / toTrain.length);
    }
}
