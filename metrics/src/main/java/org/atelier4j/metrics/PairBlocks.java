package org.atelier4j.metrics;

import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;
import org.jspecify.annotations.Nullable;

/**
 * All pairs of rows of two sets, a block of them at a time: (N, M) values never exist at once. Products are matrix products
 * in double precision, so squared distances {@code ‖a‖² + ‖b‖² − 2a·b} keep nine digits even of near neighbors.
 */
final class PairBlocks {
    private static final int SIDE = 1024; // a block is 8 MiB

    private PairBlocks() {}

    /** What a block holds of each pair. */
    enum Measure {
        /** {@code a·b}. */
        PRODUCT,
        /** {@code ‖a − b‖²}, ≥ 0. */
        SQUARED_DISTANCE
    }

    /** Some rows of the first set against some of the second. */
    static final class Block {
        private final int row;
        private final int rows;
        private final int column;
        private final int columns;
        private final double[] values;

        private Block(int row, int rows, int column, int columns, double[] values) {
            this.row = row;
            this.rows = rows;
            this.column = column;
            this.columns = columns;
            this.values = values;
        }

        /** Returns the number of the first row. */
        int row() {
            return row;
        }

        /** Returns the number of the first column. */
        int column() {
            return column;
        }

        /** Returns how many columns there are. */
        int columns() {
            return columns;
        }

        /** Returns the value of row {@code row + i} and column {@code column + j}. */
        double at(int i, int j) {
            return values[i * columns + j];
        }

        /** Runs a body for each i of a row {@code row + i}, on several threads at once. */
        void forEachRow(IntConsumer body) {
            IntStream.range(0, rows).parallel().forEach(body);
        }
    }

    /** What looks at blocks; each is valid during the call only. */
    @FunctionalInterface
    interface Visitor {
        /** Looks at one block. */
        void visit(Block block);
    }

    /** Visits all pairs of rows (N, D) and (M, D). */
    static void across(Tensor a, Tensor b, Measure measure, Visitor visitor) {
        visit(a, b, measure, false, visitor);
    }

    /** Visits the pairs of rows (N, D) with themselves: square blocks on the diagonal, and above it those that equal theirs below. */
    static void upper(Tensor a, Measure measure, Visitor visitor) {
        visit(a, a, measure, true, visitor);
    }

    private static void visit(Tensor a, Tensor b, Measure measure, boolean upper, Visitor visitor) {
        for (int row = 0; row < a.dim(0); row += SIDE) {
            try (TensorScope outer = TensorScope.open();
                    NoGrad off = NoGrad.open()) {
                Tensor left = part(a, row); // (n, D)
                double @Nullable [] leftNorms = norms(left, measure);
                for (int column = upper ? row : 0; column < b.dim(0); column += SIDE) {
                    try (TensorScope inner = TensorScope.open()) {
                        Tensor right = part(b, column); // (m, D)
                        double[] values = left.matmul(right, false, true).toDoubles(); // (n, m)
                        Block block = new Block(row, left.dim(0), column, right.dim(0), values);
                        double @Nullable [] rightNorms = norms(right, measure);
                        if (leftNorms != null && rightNorms != null) {
                            toDistances(block, leftNorms, rightNorms);
                        }
                        visitor.visit(block);
                    }
                }
            }
        }
    }

    private static Tensor part(Tensor x, int from) {
        return x.detach().slice(0, from, Math.min(SIDE, x.dim(0) - from)).to(DType.FLOAT64);
    }

    private static double @Nullable [] norms(Tensor rows, Measure measure) {
        return measure == Measure.PRODUCT ? null : rows.square().sum(1).toDoubles();
    }

    private static void toDistances(Block block, double[] left, double[] right) {
        double[] values = block.values;
        block.forEachRow(i -> {
            for (int j = 0, at = i * block.columns; j < block.columns; j++, at++) {
                values[at] = Math.max(0, left[i] + right[j] - 2 * values[at]);
            }
        });
    }
}
