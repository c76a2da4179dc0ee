package org.atelier4j.metrics;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;

/**
 * Fidelity and coverage apart, from balls around features that reach to the k-th nearest neighbor of the same set.
 *
 * <p>Precision and recall: Kynkäänniemi et al. 2019, "Improved precision and recall metric for assessing generative models"
 * (arXiv:1904.06991), eq. 1, 2: the share of generated images within a ball of a real one, and of real ones within a ball of
 * a generated one. Density and coverage: Naeem et al. 2020, "Reliable fidelity and diversity metrics for generative models"
 * (arXiv:2002.09797), eq. 3, 4: in how many balls of real images a generated one lies, over k, and the share of real images
 * whose ball holds a generated one.
 *
 * <p>All grow or fall with the number of images; compare only what was measured with equally many, with the same network.
 *
 * @param neighbors k of precision and recall, ≥ 1
 * @param densityNeighbors k of density and coverage, ≥ 1
 */
public record PrecisionRecall(int neighbors, int densityNeighbors) {

    /**
     * The four numbers.
     *
     * @param precision in [0, 1]: how many generated images look real
     * @param recall in [0, 1]: how much of what is real is generated
     * @param density ≥ 0, about 1 for equal laws; above it where images crowd at the modes
     * @param coverage in [0, 1]; for equal laws about {@code 1 − 2⁻ᵏ} (Naeem et al. 2020, eq. 7)
     */
    public record Result(double precision, double recall, double density, double coverage) {}

    /** Checks the numbers of neighbors. */
    public PrecisionRecall {
        Check.that(
                neighbors >= 1 && densityNeighbors >= 1,
                "PrecisionRecall: neighbors must be >= 1, got %d and %d",
                neighbors,
                densityNeighbors);
    }

    /** Returns the papers' settings, 3 and 5 neighbors. */
    public static PrecisionRecall paper() {
        return new PrecisionRecall(3, 5);
    }

    /** Returns the numbers for features of real and of generated images, more than k of each. */
    public Result measure(FeatureBank real, FeatureBank generated) {
        int k = Math.max(neighbors, densityNeighbors);
        FeatureBank.checkPair("PrecisionRecall", real, generated, k + 1);
        Nearest realBalls = Nearest.within(real.rows(), k);
        double[] radius = realBalls.squared(neighbors);
        double[] densityRadius = realBalls.squared(densityNeighbors);
        double[] generatedRadius = Nearest.within(generated.rows(), neighbors).squared(neighbors);
        return count(real.rows(), generated.rows(), radius, densityRadius, generatedRadius);
    }

    private Result count(
            Tensor real, Tensor generated, double[] radius, double[] densityRadius, double[] generatedRadius) {
        boolean[] precise = new boolean[generated.dim(0)];
        int[] inBalls = new int[generated.dim(0)];
        boolean[] recalled = new boolean[real.dim(0)];
        boolean[] covered = new boolean[real.dim(0)];
        PairBlocks.across(
                generated,
                real,
                PairBlocks.Measure.SQUARED_DISTANCE,
                b -> b.forEachRow(i -> {
                    int row = b.row() + i;
                    for (int j = 0; j < b.columns(); j++) {
                        int column = b.column() + j;
                        double d = b.at(i, j);
                        if (d <= radius[column]) {
                            precise[row] = true;
                        }
                        if (d <= generatedRadius[row]) {
                            recalled[column] = true; // rows on other threads write the same
                        }
                        if (d < densityRadius[column]) {
                            covered[column] = true;
                            inBalls[row]++;
                        }
                    }
                }));
        double balls = 0;
        for (int n : inBalls) {
            balls += n;
        }
        double density = balls / ((double) densityNeighbors * inBalls.length);
        return new Result(share(precise), share(recalled), density, share(covered));
    }

    private static double share(boolean[] flags) {
        int n = 0;
        for (boolean flag : flags) {
            n += flag ? 1 : 0;
        }
        return (double) n / flags.length;
    }
}
