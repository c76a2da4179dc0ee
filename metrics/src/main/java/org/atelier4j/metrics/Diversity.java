package org.atelier4j.metrics;

import java.util.Arrays;
import java.util.function.Function;
import org.atelier4j.metrics.image.ImageDistance;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * Mean distance of two different images of a set: Zhu et al. 2017, "Toward multimodal image-to-image translation"
 * (arXiv:1711.11586), sec. 5.2, with LPIPS as the distance. Given the outputs for one condition it tells whether a model has more
 * than one answer; it grows with bad images too, so read it beside a measure of quality.
 *
 * @param pairs pairs that are drawn, ≥ 1
 * @param batch pairs compared at a time, ≥ 1
 */
public record Diversity(int pairs, int batch) {

    /** Checks the sizes. */
    public Diversity {
        Check.that(pairs >= 1 && batch >= 1, "Diversity: pairs and batch must be >= 1, got %d and %d", pairs, batch);
    }

    /** Returns the paper's number of pairs, 1900, 32 at a time. */
    public static Diversity paper() {
        return new Diversity(1900, 32);
    }

    /** Returns mean and deviation over pairs of different images, drawn from images (N, H, W, C), N ≥ 2. */
    public Estimate measure(Tensor images, ImageDistance distance, Rng rng) {
        Check.rank("Diversity", 4, "(N, H, W, C)", images);
        return measure(images.dim(0), some -> images.gatherRows(Tensor.of(some, some.length)), distance, rng);
    }

    /**
     * Returns mean and deviation over pairs of different images, of which no more than {@code 2 · batch} are in memory.
     *
     * @param n number of images, ≥ 2
     * @param images makes (b, H, W, C) of the images with b numbers in [0, n)
     */
    public Estimate measure(int n, Function<int[], Tensor> images, ImageDistance distance, Rng rng) {
        Rows.checkCount("Diversity", n, 2);
        int[] first = rng.integers(n, Shape.of(pairs)).toInts();
        int[] second = rng.integers(n - 1, Shape.of(pairs)).toInts();
        double[] distances = new double[pairs];
        for (int from = 0; from < pairs; from += batch) {
            int length = Math.min(batch, pairs - from);
            int[] a = Arrays.copyOfRange(first, from, from + length);
            int[] b = new int[length];
            int offset = from;
            Arrays.setAll(b, i -> (a[i] + 1 + second[offset + i]) % n); // any but a[i], each as often
            try (TensorScope scope = TensorScope.open();
                    NoGrad off = NoGrad.open()) {
                Tensor d = distance.between(images.apply(a), images.apply(b)); // (length)
                System.arraycopy(d.toDoubles(), 0, distances, from, length);
            }
        }
        return Estimate.of(distances);
    }
}
