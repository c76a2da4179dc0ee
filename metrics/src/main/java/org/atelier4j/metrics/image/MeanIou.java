package org.atelier4j.metrics.image;

import java.util.Arrays;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;

/**
 * How well label maps agree: Long, Shelhamer, Darrell 2015, "Fully convolutional networks for semantic segmentation"
 * (arXiv:1411.4038), sec. 5. With n_ij pixels of class i that are said to be j, t_i = Σ_j n_ij, it counts over all maps
 * given, so large maps weigh more than small ones.
 *
 * <p>Classes that occur neither in truth nor in prediction have no IoU and take no part in means.
 */
public final class MeanIou {
    /** The label to give where all labels count. */
    public static final int NONE_IGNORED = -1;

    private final int classes;
    private final int ignored;
    private final long[] counts; // n_ij, truth i, prediction j

    /**
     * Makes a counter that has seen nothing.
     *
     * @param classes K, labels are 0 to K − 1
     * @param ignored pixels whose true label is this one do not count, as 255 in many data sets; {@link #NONE_IGNORED}
     *     where all do
     */
    public MeanIou(int classes, int ignored) {
        Check.that(classes >= 1, "MeanIou: classes must be >= 1, got %d", classes);
        this.classes = classes;
        this.ignored = ignored;
        counts = new long[classes * classes];
    }

    /** Counts maps of predicted and true labels, INT32 of one shape. */
    public void add(Tensor predicted, Tensor truth) {
        Check.dtype("MeanIou", DType.INT32, predicted);
        Check.dtype("MeanIou", DType.INT32, truth);
        Check.shape(
                predicted.shape().equals(truth.shape()),
                "MeanIou: both label maps must have one shape, got %s and %s",
                predicted.shape(),
                truth.shape());
        int[] p = predicted.toInts();
        int[] t = truth.toInts();
        for (int i = 0; i < t.length; i++) {
            if (t[i] != ignored) {
                counts[label(t[i]) * classes + label(p[i])]++;
            }
        }
    }

    private int label(int value) {
        Check.that(value >= 0 && value < classes, "MeanIou: labels must lie in [0, %d), got %d", classes, value);
        return value;
    }

    /** Returns {@code n_ii/(t_i + Σ_j n_ji − n_ii)} of each class, NaN where it never occurs. */
    public double[] iou() {
        double[] iou = new double[classes];
        for (int i = 0; i < classes; i++) {
            iou[i] = (double) counts[i * classes + i] / (truth(i) + predicted(i) - counts[i * classes + i]);
        }
        return iou;
    }

    /** Returns the mean of {@link #iou} over the classes that occur, NaN before any pixel was counted. */
    public double meanIou() {
        return mean(iou());
    }

    /** Returns {@code Σ n_ii/Σ t_i}, the share of pixels that are right. */
    public double pixelAccuracy() {
        double right = 0;
        for (int i = 0; i < classes; i++) {
            right += counts[i * classes + i];
        }
        return right / Arrays.stream(counts).sum();
    }

    /** Returns the mean of {@code n_ii/t_i} over the classes that occur in truth. */
    public double meanAccuracy() {
        double[] shares = new double[classes];
        Arrays.setAll(shares, i -> (double) counts[i * classes + i] / truth(i));
        return mean(shares);
    }

    private long truth(int i) {
        return Arrays.stream(counts, i * classes, (i + 1) * classes).sum();
    }

    private long predicted(int j) {
        long sum = 0;
        for (int i = 0; i < classes; i++) {
            sum += counts[i * classes + j];
        }
        return sum;
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).filter(v -> !Double.isNaN(v)).average().orElse(Double.NaN);
    }
}
