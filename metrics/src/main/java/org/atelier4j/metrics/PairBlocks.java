package org.atelier4j.metrics;

import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * All pairs of rows of two sets, a block of them at a time: (N, M) values never exist at once. Products are matrix products
 * in double precision, so squared distances {@code ‖a‖² + ‖b‖² − 2a·b} keep nine digits even of near neighbors.
 */
final class PairBlocks {
    private static final int ROWS = 1024;
    private static final int COLUMNS = 2048; // a block is 16 MiB

    private PairBlocks() {}

    /** Rows {@code [row, row + rows)} of the first set against {@code [column, column + columns)} of the second. */
    record Block(int row, int rows, int column, int columns, Values values) {

        /** Returns the value of row {@code row + i} and column {@code column + j}. */
        double at(int i, int j) {
            return values.numbers[i * columns + j];
        }

        /** Runs a body for each row i of the block, on several threads at once. */
        void forEachRow(IntConsumer body) {
            IntStream.range(0, rows).parallel().forEach(body);
        }

        /** Runs a body for each column j of the block, on several threads at once. */
        void forEachColumn(IntConsumer body) {
            IntStream.range(0, columns).parallel().forEach(body);
        }
    }

    /** The numbers of a block, row by row. */
    static final class Values {
        private final double[] numbers;

        private Values(double[] numbers) {
            this.numbers = numbers;
        }
    }

    /** What looks at blocks; each is valid during the call only. */
    @FunctionalInterface
    interface Visitor {
        void visit(Block block);
    }

    /** Visits the inner products of rows (N, D) and (M, D). */
    static void products(Tensor a, Tensor b, Visitor visitor) {
        blocks(a, b, false, visitor);
    }

    /** Visits the squared Euclidean distances of rows (N, D) and (M, D), each ≥ 0. */
    static void squaredDistances(Tensor a, Tensor b, Visitor visitor) {
        blocks(a, b, true, visitor);
    }

    private static void blocks(Tensor a, Tensor b, boolean distances, Visitor visitor) {
        for (int row = 0; row < a.dim(0); row += ROWS) {
            try (TensorScope outer = TensorScope.open();
                    NoGrad off = NoGrad.open()) {
                Tensor left = part(a, row, ROWS); // (n, D)
                for (int column = 0; column < b.dim(0); column += COLUMNS) {
                    try (TensorScope inner = TensorScope.open()) {
                        Tensor right = part(b, column, COLUMNS); // (m, D)
                        Tensor values = left.matmul(right, false, true); // (n, m)
                        Tensor wanted = distances ? distances(left, right, values) : values;
                        double[] numbers = wanted.toDoubles();
                        visitor.visit(new Block(row, left.dim(0), column, right.dim(0), new Values(numbers)));
                    }
                }
            }
        }
    }

    private static Tensor part(Tensor x, int from, int length) {
        return x.detach().slice(0, from, Math.min(length, x.dim(0) - from)).to(DType.FLOAT64);
    }

    private static Tensor distances(Tensor left, Tensor right, Tensor products) {
        Tensor a = left.square().sum(1); // (n, 1)
        Tensor b = right.square().sum(1).reshape(1, -1); // (1, m)
        return products.mul(-2).add(a).add(b).relu();
    }
}
