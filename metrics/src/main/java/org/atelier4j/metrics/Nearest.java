package org.atelier4j.metrics;

import java.util.Arrays;
import org.atelier4j.tensor.Tensor;

/** Squared distances from each row to its k nearest rows of a set, rising. */
final class Nearest {
    private final int k;
    private final double[] squared; // (N, k)

    private Nearest(int rows, int k) {
        this.k = k;
        squared = new double[rows * k];
        Arrays.fill(squared, Double.POSITIVE_INFINITY);
    }

    /** Returns the k nearest of a set for each of its own rows, itself left out; the set must have more than k rows. */
    static Nearest within(Tensor set, int k) {
        return of(set, set, k, true);
    }

    /** Returns the k nearest of a set, of at least k rows, for each query. */
    static Nearest of(Tensor queries, Tensor set, int k) {
        return of(queries, set, k, false);
    }

    private static Nearest of(Tensor queries, Tensor set, int k, boolean skipSelf) {
        Nearest nearest = new Nearest(queries.dim(0), k);
        PairBlocks.across(
                queries,
                set,
                PairBlocks.Measure.SQUARED_DISTANCE,
                b -> b.forEachRow(i -> {
                    int row = b.row() + i;
                    for (int j = 0; j < b.columns(); j++) {
                        if (!skipSelf || b.column() + j != row) {
                            nearest.offer(row, b.at(i, j));
                        }
                    }
                }));
        return nearest;
    }

    private void offer(int row, double distance) {
        int first = row * k;
        int at = first + k - 1;
        if (distance >= squared[at]) {
            return;
        }
        while (at > first && squared[at - 1] > distance) {
            squared[at] = squared[at - 1];
            at--;
        }
        squared[at] = distance;
    }

    /** Returns the squared distance to the n-th nearest, n in [1, k], for each row. */
    double[] squared(int n) {
        double[] column = new double[squared.length / k];
        Arrays.setAll(column, i -> squared[i * k + n - 1]);
        return column;
    }
}
