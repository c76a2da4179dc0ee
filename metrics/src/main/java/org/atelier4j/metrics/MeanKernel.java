package org.atelier4j.metrics;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.atelier4j.metrics.PairBlocks.Measure;
import org.atelier4j.tensor.Tensor;

/** The mean of a kernel over pairs of rows: the three terms of a maximum mean discrepancy. */
record MeanKernel(Measure measure, DoubleUnaryOperator kernel) {

    /** Returns the mean over all pairs of rows of two sets (N, D) and (M, D). */
    double across(Tensor a, Tensor b) {
        double[] sums = new double[a.dim(0)];
        PairBlocks.across(
                a,
                b,
                measure,
                block -> block.forEachRow(i -> {
                    double sum = 0;
                    for (int j = 0; j < block.columns(); j++) {
                        sum += kernel.applyAsDouble(block.at(i, j));
                    }
                    sums[block.row() + i] += sum;
                }));
        return Arrays.stream(sums).sum() / ((double) a.dim(0) * b.dim(0));
    }

    /** Returns the mean over the pairs of different rows of one set (N, D). */
    double within(Tensor a) {
        double n = a.dim(0);
        return 2 * aboveDiagonal(a) / (n * (n - 1));
    }

    /** Returns the mean over all pairs of one set (N, D), where a row with itself has the value {@code self}. */
    double within(Tensor a, double self) {
        double n = a.dim(0);
        return (2 * aboveDiagonal(a) / n + self) / n;
    }

    private double aboveDiagonal(Tensor a) {
        double[] sums = new double[a.dim(0)];
        PairBlocks.upper(
                a,
                measure,
                block -> block.forEachRow(i -> {
                    int row = block.row() + i;
                    double sum = 0;
                    for (int j = Math.max(0, row + 1 - block.column()); j < block.columns(); j++) {
                        sum += kernel.applyAsDouble(block.at(i, j));
                    }
                    sums[row] += sum;
                }));
        return Arrays.stream(sums).sum();
    }
}
