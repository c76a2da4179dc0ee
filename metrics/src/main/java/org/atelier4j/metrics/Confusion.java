package org.atelier4j.metrics;

import java.util.Arrays;
import org.atelier4j.tensor.Check;

/**
 * How often images of each class were taken for each class, and what of it could be luck.
 *
 * <p>The part of the images that a classifier gets right by chance is 1/K, but not always close to it: who has learned
 * nothing of the classes still sees all trousers alike, and so gets them all right or all wrong. A classifier trained with
 * shuffled labels knows as much of one class name as of another, so each way of dealing the K names out anew to its answers
 * is as likely as the one that came; {@link #chanceDeviation} says how far the accuracies of all these scatter (W.
 * Hoeffding 1951, "A combinatorial central limit theorem", Annals of Mathematical Statistics 22, theorem 2).
 */
public final class Confusion {
    private final long[][] counts;
    private final long total;

    private Confusion(long[][] counts) {
        this.counts = counts;
        this.total = Arrays.stream(counts).flatMapToLong(Arrays::stream).sum();
    }

    /**
     * Counts the images.
     *
     * @param classes K, at least 2
     * @param labels true class of each image, in [0, K)
     * @param seen class that was seen in it, in [0, K)
     */
    public static Confusion of(int classes, int[] labels, int[] seen) {
        Check.that(classes >= 2, "Confusion: there must be at least 2 classes, got %d", classes);
        Check.that(
                labels.length == seen.length && labels.length > 0,
                "Confusion: there must be one answer for each label and at least one, got %d labels and %d answers",
                labels.length,
                seen.length);
        long[][] counts = new long[classes][classes];
        for (int i = 0; i < labels.length; i++) {
            Check.that(
                    labels[i] >= 0 && labels[i] < classes && seen[i] >= 0 && seen[i] < classes,
                    "Confusion: classes must be in [0, %d), image %d has label %d and answer %d",
                    classes,
                    i,
                    labels[i],
                    seen[i]);
            counts[labels[i]][seen[i]]++;
        }
        return new Confusion(counts);
    }

    /** Returns the number of images of class {@code label} that were taken for class {@code seen}. */
    public long count(int label, int seen) {
        return counts[label][seen];
    }

    /** Returns the part of the images, in [0, 1], that were taken for what they are. */
    public double accuracy() {
        long right = 0;
        for (int k = 0; k < counts.length; k++) {
            right += counts[k][k];
        }
        return (double) right / total;
    }

    /** Returns the mean of {@link #accuracy} over all K! ways of dealing the class names out to the answers: 1/K. */
    public double chance() {
        return 1.0 / counts.length;
    }

    /**
     * Returns the standard deviation of {@link #accuracy} over all K! ways of dealing the class names out to the answers:
     * {@code √(Σᵢⱼ dᵢⱼ² / (K − 1))}, where d are the counts, divided by the number of images, less the means of row and
     * column, plus the mean of all. It is 0 for who answers the same to all images of all classes, and {@code 1/K}
     * for who tells K equally large classes apart.
     */
    public double chanceDeviation() {
        int k = counts.length;
        double[] rows = new double[k];
        double[] columns = new double[k];
        for (int i = 0; i < k; i++) {
            for (int j = 0; j < k; j++) {
                rows[i] += part(i, j) / k;
                columns[j] += part(i, j) / k;
            }
        }
        double mean = 1.0 / ((double) k * k);
        double sum = 0;
        for (int i = 0; i < k; i++) {
            for (int j = 0; j < k; j++) {
                double d = part(i, j) - rows[i] - columns[j] + mean;
                sum += d * d;
            }
        }
        return Math.sqrt(sum / (k - 1));
    }

    private double part(int label, int seen) {
        return (double) counts[label][seen] / total;
    }
}
