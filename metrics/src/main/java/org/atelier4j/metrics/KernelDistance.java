package org.atelier4j.metrics;

import org.atelier4j.metrics.PairBlocks.Measure;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;

/**
 * Squared maximum mean discrepancy with the kernel {@code k(x, y) = (x·y/D + 1)³}: Bińkowski et al. 2018, "Demystifying MMD
 * GANs" (arXiv:1801.01401), sec. 4. It is called KID only where the features are those of the Inception network of 2015.
 *
 * <p>The unbiased estimate of Gretton et al. 2012, eq. 3, leaves out the pairs of an image with itself: its expectation does not
 * depend on the number of images, and for equal laws it scatters around 0, below it as often as above. {@link #measure}
 * averages it over random subsets, as published numbers do; since subsets share images, their deviation describes a single
 * subset. {@link #unbiased} uses all pairs once.
 *
 * @param subsets number of subsets, ≥ 1
 * @param subsetSize images of each side in a subset, ≥ 2
 */
public record KernelDistance(int subsets, int subsetSize) {
    private static final String NAME = "KernelDistance";

    /** Checks the sizes. */
    public KernelDistance {
        Check.that(subsets >= 1, "KernelDistance: subsets must be >= 1, got %d", subsets);
        Check.that(subsetSize >= 2, "KernelDistance: subsetSize must be >= 2, got %d", subsetSize);
    }

    /** Returns the usual setting, 100 subsets of 1000 images. */
    public static KernelDistance usual() {
        return new KernelDistance(100, 1000);
    }

    /** Returns mean and deviation over the subsets, for banks of at least {@code subsetSize} images. */
    public Estimate measure(FeatureBank real, FeatureBank generated, Rng rng) {
        FeatureBank.checkPair(NAME, real, generated, subsetSize);
        double[] values = new double[subsets];
        for (int i = 0; i < subsets; i++) {
            Rng draw = rng.split(i);
            try (TensorScope scope = TensorScope.open()) {
                Tensor a = real.sampleRows(subsetSize, draw.split("real")); // (n, D)
                Tensor b = generated.sampleRows(subsetSize, draw.split("generated")); // (n, D)
                values[i] = unbiased(a, b);
            }
        }
        return Estimate.of(values);
    }

    /** Returns the unbiased estimate over all pairs of banks with at least two images each. */
    public static double unbiased(FeatureBank real, FeatureBank generated) {
        FeatureBank.checkPair(NAME, real, generated, 2);
        return unbiased(real.rows(), generated.rows());
    }

    private static double unbiased(Tensor real, Tensor generated) {
        double d = real.dim(1);
        MeanKernel kernel = new MeanKernel(Measure.PRODUCT, product -> cube(product / d + 1));
        return kernel.within(real) + kernel.within(generated) - 2 * kernel.across(real, generated);
    }

    private static double cube(double x) {
        return x * x * x;
    }
}
