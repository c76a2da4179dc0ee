package org.atelier4j.metrics;

import java.util.Arrays;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;

/**
 * How often an image finds the text it was made from among others: Xu et al. 2018, "AttnGAN: fine-grained text to image
 * generation with attentional generative adversarial networks" (arXiv:1711.10485), sec. 4. The candidates of an image are its own
 * text and {@code candidates − 1} texts of other images, drawn at random, ranked by the cosine of their embeddings with the
 * image's; the result is the share of images whose own text ranks first (R = 1).
 *
 * <p>Where m texts tie with the own one, it counts as first with probability 1/(m + 1): an encoder that says the same of everything
 * gets {@code 1/candidates}, which is chance.
 *
 * @param candidates texts that an image chooses from, ≥ 2
 */
public record RPrecision(int candidates) {

    /** Checks the number of candidates. */
    public RPrecision {
        Check.that(candidates >= 2, "RPrecision: candidates must be >= 2, got %d", candidates);
    }

    /** Returns the paper's setting, 100 candidates. */
    public static RPrecision paper() {
        return new RPrecision(100);
    }

    /**
     * Returns mean and deviation over the images.
     *
     * @param images embeddings (N, D) of images
     * @param texts embeddings (N, D), row i of the text that image i was made from
     * @param groups a number for each text; texts of one number mean the same and are never each other's wrong
     *     candidates. All different where every text is its own
     */
    public Estimate measure(Tensor images, Tensor texts, int[] groups, Rng rng) {
        Embeddings.checkPairs("RPrecision", images, texts);
        int n = images.dim(0);
        Check.that(groups.length == n, "RPrecision: groups must have %d entries, got %d", n, groups.length);
        double[][] cosines = new double[n][candidates];
        int[][] chosen = new int[n][];
        for (int i = 0; i < n; i++) {
            chosen[i] = draw(i, groups, rng.split(i));
        }
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = Embeddings.normalized(images);
            Tensor y = Embeddings.normalized(texts);
            PairBlocks.across(
                    x,
                    y,
                    PairBlocks.Measure.PRODUCT,
                    b -> b.forEachRow(i -> {
                        int[] columns = chosen[b.row() + i];
                        for (int c = 0; c < columns.length; c++) {
                            int j = columns[c] - b.column();
                            if (j >= 0 && j < b.columns()) {
                                cosines[b.row() + i][c] = b.at(i, j);
                            }
                        }
                    }));
        }
        return Estimate.of(
                Arrays.stream(cosines).mapToDouble(RPrecision::credit).toArray());
    }

    /** Returns the texts that image i chooses from, its own first. */
    private int[] draw(int i, int[] groups, Rng rng) {
        int[] chosen = new int[candidates];
        chosen[0] = i;
        int found = 1;
        for (int j : rng.permutation(groups.length)) {
            if (found < candidates && groups[j] != groups[i]) {
                chosen[found++] = j;
            }
        }
        Check.that(
                found == candidates,
                "RPrecision: at least %d texts that differ from text %d are needed, got %d",
                candidates - 1,
                i,
                found - 1);
        return chosen;
    }

    private static double credit(double[] cosines) {
        int ties = 1;
        for (int c = 1; c < cosines.length; c++) {
            if (cosines[c] > cosines[0]) {
                return 0;
            }
            ties += cosines[c] == cosines[0] ? 1 : 0;
        }
        return 1.0 / ties;
    }
}
