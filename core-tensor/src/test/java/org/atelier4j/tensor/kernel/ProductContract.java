package org.atelier4j.tensor.kernel;

import java.util.List;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Unary.Function;
import org.junit.jupiter.api.Test;

/** Matrix products and convolutions. */
interface ProductContract extends ContractPart {

    private double scale(DType dtype) {
        return rtol(dtype == DType.FLOAT64 ? dtype : DType.FLOAT32);
    }

    @Test
    @Covers("matmul")
    default void multipliesMatricesOfAllSizesAndLayouts() {
        int[][] sizes = {
            {1, 1, 1},
            {3, 7, 8},
            {8, 3, 7},
            {16, 17, 1},
            {1, 255, 17},
            {17, 1, 16},
            {64, 64, 64},
            {33, 65, 17},
            {3, 0, 4},
            {0, 3, 4},
            {3, 4, 0},
            {2, 1024, 3},
            {1, 7, 1024}
        };
        for (DType dtype : floats()) {
            for (int[] s : sizes) {
                for (int layout = 0; layout < 4; layout++) {
                    boolean ta = (layout & 1) == 1;
                    boolean tb = (layout & 2) == 2;
                    Shape left = ta ? Shape.of(s[1], s[0]) : Shape.of(s[0], s[1]);
                    Shape right = tb ? Shape.of(s[2], s[1]) : Shape.of(s[1], s[2]);
                    matmulCase(dtype, left, ta, right, tb, Shape.of(s[0], s[2]));
                }
            }
        }
    }

    @Test
    @Covers("matmul")
    default void leadingAxesBroadcast() {
        int[][][] cases = {
            {{5, 2, 3}, {5, 3, 4}, {5, 2, 4}},
            {{2, 3, 4, 5}, {2, 3, 5, 6}, {2, 3, 4, 6}},
            {{2, 3, 4, 5}, {5, 6}, {2, 3, 4, 6}},
            {{4, 5}, {3, 5, 6}, {3, 4, 6}},
            {{2, 1, 4, 5}, {3, 5, 6}, {2, 3, 4, 6}},
            {{1, 3, 4, 5}, {2, 1, 5, 6}, {2, 3, 4, 6}},
            {{0, 4, 5}, {0, 5, 6}, {0, 4, 6}},
            {{1, 4, 5}, {1, 5, 6}, {1, 4, 6}},
            {{17, 1, 5}, {17, 5, 1}, {17, 1, 1}},
        };
        for (DType dtype : floats()) {
            for (int[][] c : cases) {
                for (int layout = 0; layout < 4; layout++) {
                    boolean ta = (layout & 1) == 1;
                    boolean tb = (layout & 2) == 2;
                    matmulCase(dtype, swapped(c[0], ta), ta, swapped(c[1], tb), tb, Shape.of(c[2]));
                }
            }
        }
    }

    private static Shape swapped(int[] dims, boolean swap) {
        int[] d = dims.clone();
        int n = d.length;
        d[n - 1] = dims[swap ? n - 2 : n - 1];
        d[n - 2] = dims[swap ? n - 1 : n - 2];
        return Shape.of(d);
    }

    private void matmulCase(DType dtype, Shape left, boolean ta, Shape right, boolean tb, Shape result) {
        Trial trial = trial("matmul %s of %s (%s) and %s (%s)", dtype, left, ta, right, tb);
        Tensor a = trial.in(dtype, left);
        Tensor b = trial.in(dtype, right);
        Tensor y = trial.out(dtype, result);
        trial.products(rtol(dtype), scale(dtype), (k, t) -> k.matmul(t.of(a), ta, t.of(b), tb, Epilogue.NONE, t.of(y)));
    }

    @Test
    @Covers("matmul")
    default void productsAreFollowedByBiasResidualAndActivation() {
        for (DType dtype : floats()) {
            for (Function f : List.of(Function.RELU, Function.SILU, Function.GELU, Function.TANH, Function.AFFINE)) {
                for (int parts = 0; parts < 8; parts++) {
                    for (int[] lead : new int[][] {{}, {3}, {2, 3}}) {
                        Shape left = join(lead, 5, 17);
                        Trial trial = trial("matmul epilogue %s %s, parts %d, lead %d", dtype, f, parts, lead.length);
                        Tensor a = trial.in(dtype, left);
                        Tensor b = trial.in(dtype, 17, 9);
                        @SuppressWarnings("NullAway")
                        Tensor bias = (parts & 1) == 0 ? null : trial.in(dtype, 9);
                        @SuppressWarnings("NullAway")
                        Tensor residual = (parts & 2) == 0 ? null : trial.in(dtype, join(lead, 5, 9));
                        Unary activation = (parts & 4) == 0 ? null : new Unary(f, 0.5, 0.1);
                        Tensor y = trial.out(dtype, join(lead, 5, 9));
                        trial.products(
                                2 * rtol(dtype),
                                4 * scale(dtype),
                                (k, t) -> k.matmul(
                                        t.of(a),
                                        false,
                                        t.of(b),
                                        false,
                                        new Epilogue(t.of(bias), t.of(residual), activation),
                                        t.of(y)));
                    }
                }
            }
        }
    }

    private static Shape join(int[] lead, int... rest) {
        int[] d = java.util.Arrays.copyOf(lead, lead.length + rest.length);
        System.arraycopy(rest, 0, d, lead.length, rest.length);
        return Shape.of(d);
    }

    /**
     * Shapes of a convolution.
     *
     * @param x (B, spatial…, C)
     * @param weight (O, C/groups, kernel…)
     */
    record Geometry(int[] x, int[] weight, Convolution conv) {
        static Geometry of(int[] x, int[] weight, int[] stride, int[] padding, int[] dilation, int groups) {
            return new Geometry(
                    x, weight, new Convolution(Shape.of(stride), Shape.of(padding), Shape.of(dilation), groups));
        }

        /** The same stride, padding and dilation on all axes. */
        static Geometry even(int[] x, int[] weight, int stride, int padding, int dilation, int groups) {
            int n = x.length - 2;
            return of(x, weight, all(n, stride), all(n, padding), all(n, dilation), groups);
        }

        private static int[] all(int n, int value) {
            int[] values = new int[n];
            java.util.Arrays.fill(values, value);
            return values;
        }

        Shape result() {
            int[] dims = x.clone();
            for (int i = 0; i < dims.length - 2; i++) {
                dims[i + 1] = conv.outputLength(i, x[i + 1], weight[i + 2]);
            }
            dims[dims.length - 1] = weight[0];
            return Shape.of(dims);
        }

        @Override
        public String toString() {
            return Shape.of(x) + " by " + Shape.of(weight) + " " + conv;
        }
    }

    List<Geometry> GEOMETRIES = List.of(
            Geometry.even(new int[] {2, 5, 6, 3}, new int[] {4, 3, 3, 3}, 1, 1, 1, 1),
            Geometry.even(new int[] {1, 1, 1, 1}, new int[] {1, 1, 1, 1}, 1, 0, 1, 1),
            Geometry.even(new int[] {3, 7, 7, 8}, new int[] {16, 8, 1, 1}, 1, 0, 1, 1),
            Geometry.even(new int[] {2, 7, 7, 5}, new int[] {3, 5, 1, 1}, 2, 0, 1, 1),
            Geometry.even(new int[] {2, 9, 8, 4}, new int[] {6, 4, 3, 3}, 2, 1, 1, 1),
            Geometry.even(new int[] {2, 9, 10, 3}, new int[] {5, 3, 3, 3}, 1, 2, 2, 1),
            Geometry.even(new int[] {2, 6, 6, 6}, new int[] {4, 3, 3, 3}, 1, 1, 1, 2),
            Geometry.even(new int[] {2, 6, 6, 7}, new int[] {7, 1, 3, 3}, 1, 1, 1, 7),
            Geometry.even(new int[] {1, 8, 8, 4}, new int[] {8, 1, 2, 2}, 2, 0, 1, 4),
            Geometry.even(new int[] {2, 3, 3, 2}, new int[] {3, 2, 7, 7}, 1, 3, 1, 1),
            Geometry.even(new int[] {1, 4, 4, 1}, new int[] {2, 1, 4, 4}, 2, 1, 1, 1),
            Geometry.even(new int[] {1, 5, 5, 2}, new int[] {3, 2, 5, 5}, 1, 0, 1, 1),
            Geometry.of(
                    new int[] {2, 7, 9, 3},
                    new int[] {4, 3, 1, 5},
                    new int[] {1, 3},
                    new int[] {0, 4},
                    new int[] {1, 2},
                    1),
            Geometry.of(
                    new int[] {1, 6, 5, 2},
                    new int[] {2, 2, 4, 3},
                    new int[] {3, 1},
                    new int[] {3, 0},
                    new int[] {2, 1},
                    1),
            Geometry.even(new int[] {2, 17, 3}, new int[] {5, 3, 3}, 1, 1, 1, 1),
            Geometry.even(new int[] {2, 17, 4}, new int[] {4, 2, 5}, 2, 4, 2, 2),
            Geometry.even(new int[] {1, 255, 1}, new int[] {3, 1, 7}, 3, 3, 1, 1),
            Geometry.even(new int[] {2, 4, 5, 3, 2}, new int[] {3, 2, 3, 3, 3}, 1, 1, 1, 1),
            Geometry.even(new int[] {1, 5, 4, 6, 4}, new int[] {2, 2, 2, 2, 2}, 2, 1, 1, 2),
            Geometry.even(new int[] {2, 8, 8, 32}, new int[] {16, 32, 3, 3}, 1, 1, 1, 1),
            Geometry.even(new int[] {0, 5, 5, 3}, new int[] {4, 3, 3, 3}, 1, 1, 1, 1));

    @Test
    @Covers("conv")
    default void convolvesEveryGeometry() {
        for (DType dtype : floats()) {
            for (Geometry g : GEOMETRIES) {
                Trial trial = trial("conv %s %s", dtype, g);
                Tensor x = trial.in(dtype, g.x());
                Tensor w = trial.in(dtype, g.weight());
                Tensor y = trial.out(dtype, g.result());
                trial.products(
                        rtol(dtype),
                        scale(dtype),
                        (k, t) -> k.conv(g.conv(), t.of(x), t.of(w), Epilogue.NONE, t.of(y)));
            }
        }
    }

    @Test
    @Covers("conv")
    default void convolutionsAreFollowedByBiasResidualAndActivation() {
        for (DType dtype : floats()) {
            for (Geometry g : GEOMETRIES.subList(0, 8)) {
                for (int parts = 1; parts < 8; parts++) {
                    Trial trial = trial("conv epilogue %s %s, parts %d", dtype, g, parts);
                    Tensor x = trial.in(dtype, g.x());
                    Tensor w = trial.in(dtype, g.weight());
                    Tensor bias = (parts & 1) == 0 ? null : trial.in(dtype, g.weight()[0]);
                    Tensor residual = (parts & 2) == 0 ? null : trial.in(dtype, g.result());
                    Unary activation = (parts & 4) == 0 ? null : Unary.of(Function.SILU);
                    Tensor y = trial.out(dtype, g.result());
                    trial.products(
                            2 * rtol(dtype),
                            4 * scale(dtype),
                            (k, t) -> k.conv(
                                    g.conv(),
                                    t.of(x),
                                    t.of(w),
                                    new Epilogue(t.of(bias), t.of(residual), activation),
                                    t.of(y)));
                }
            }
        }
    }

    @Test
    @Covers({"convBackwardInput", "convBackwardWeight"})
    default void adjointsOfEveryGeometry() {
        for (DType dtype : floats()) {
            for (Geometry g : GEOMETRIES) {
                Trial input = trial("conv backward input %s %s", dtype, g);
                Tensor dy = input.in(dtype, g.result());
                Tensor w = input.in(dtype, g.weight());
                Tensor dx = input.out(dtype, g.x());
                input.products(
                        rtol(dtype),
                        scale(dtype),
                        (k, t) -> k.convBackwardInput(g.conv(), t.of(dy), t.of(w), t.of(dx)));

                for (boolean withBias : new boolean[] {false, true}) {
                    Trial weight = trial("conv backward weight %s %s, bias %s", dtype, g, withBias);
                    Tensor x = weight.in(dtype, g.x());
                    Tensor slopes = weight.in(dtype, g.result());
                    Tensor dw = weight.out(dtype, g.weight());
                    Tensor db = withBias ? weight.out(dtype, g.weight()[0]) : null;
                    weight.products(
                            rtol(dtype),
                            scale(dtype),
                            (k, t) -> k.convBackwardWeight(g.conv(), t.of(x), t.of(slopes), t.of(dw), t.of(db)));
                }
            }
        }
    }

    /** Values far from 1 stay so: nothing is squared or summed on the way that would overflow or vanish. */
    @Test
    @Covers({"matmul", "conv"})
    default void productsOfHugeAndTinyNumbers() {
        for (double size : new double[] {1e-15, 1e15}) {
            Trial trial = trial("matmul of numbers around %s", size);
            Tensor a = trial.in(DType.FLOAT32, Shape.of(7, 17), z -> z * size);
            Tensor b = trial.in(DType.FLOAT32, Shape.of(17, 5), z -> z * size);
            Tensor y = trial.out(DType.FLOAT32, 7, 5);
            trial.products(
                    rtol(DType.FLOAT32),
                    rtol(DType.FLOAT32),
                    (k, t) -> k.matmul(t.of(a), false, t.of(b), false, Epilogue.NONE, t.of(y)));

            Geometry g = GEOMETRIES.get(0);
            Trial conv = trial("conv of numbers around %s", size);
            Tensor x = conv.in(DType.FLOAT32, Shape.of(g.x()), z -> z * size);
            Tensor w = conv.in(DType.FLOAT32, Shape.of(g.weight()), z -> z * size);
            Tensor out = conv.out(DType.FLOAT32, g.result());
            conv.products(
                    rtol(DType.FLOAT32),
                    rtol(DType.FLOAT32),
                    (k, t) -> k.conv(g.conv(), t.of(x), t.of(w), Epilogue.NONE, t.of(out)));
        }
    }
}
