package org.atelier4j.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.StridedCopy.Strides;
import org.junit.jupiter.api.Test;

/** Conversion, filling, copying, gathering, scattering. */
interface MovementContract extends ContractPart {

    @Test
    @Covers("convert")
    default void convertsEveryTypeToEveryOther() {
        for (DType from : DType.values()) {
            for (DType to : DType.values()) {
                for (int n : SIZES) {
                    Trial trial = trial("convert %s to %s, n = %d", from, to, n);
                    boolean unsigned = to == DType.UINT8 && from.isFloating();
                    Tensor x = trial.in(from, Shape.of(n), z -> unsigned ? Math.abs(7 * z) : 7 * z);
                    Tensor y = trial.out(to, n);
                    trial.exact((k, t) -> k.convert(t.of(x), t.of(y)));
                }
            }
        }
    }

    @Test
    @Covers("convert")
    default void conversionKeepsExtremes() {
        double max = Float.MAX_VALUE;
        double[] values = {
            0,
            -0.0,
            1e-45,
            1.17e-38,
            max,
            -max,
            1e39,
            1 + 0x1p-24,
            1 + 0x1p-8,
            1 + 3 * 0x1p-9,
            Double.NaN,
            Double.POSITIVE_INFINITY,
            Double.NEGATIVE_INFINITY
        };
        for (DType from : floats()) {
            for (DType to : floats()) {
                Trial trial = trial("convert extremes %s to %s", from, to);
                Tensor x = trial.in(from, Shape.of(values.length), values);
                Tensor y = trial.out(to, values.length);
                trial.exact((k, t) -> k.convert(t.of(x), t.of(y)));
            }
        }
        Trial trial = trial("convert to bool");
        Tensor x = trial.in(DType.FLOAT32, Shape.of(5), new double[] {0, -0.0, 1e-45, Double.NaN, -3});
        Tensor y = trial.out(DType.BOOL, 5);
        trial.exact((k, t) -> k.convert(t.of(x), t.of(y)));
    }

    @Test
    @Covers("convert")
    default void conversionOfLargeIntegersRoundsOnce() {
        long[] values = {Long.MAX_VALUE, Long.MIN_VALUE, (1L << 53) + 1, (1L << 24) + 1, 0x4000004000000001L};
        Tensor x = Tensor.of(values, values.length);
        Tensor y = Tensor.empty(x.shape(), DType.FLOAT32, x.device());
        kernels().convert(x, y);
        double[] nearest = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            nearest[i] = (float) values[i];
        }
        assertThat(Raw.doubles(y)).isEqualTo(nearest);
        Tensor z = Tensor.empty(x.shape(), DType.INT64, x.device());
        kernels().convert(x, z);
        assertThat(Raw.longs(z)).isEqualTo(values);
    }

    @Test
    @Covers("fill")
    default void fillsEveryElement() {
        for (DType dtype : DType.values()) {
            for (int n : new int[] {0, 1, 3, 255, 1024, 4097, LONG}) {
                Trial trial = trial("fill %s, n = %d", dtype, n);
                Tensor y = trial.out(dtype, n);
                trial.exact((k, t) -> k.fill(dtype == DType.BOOL ? 1 : 3, t.of(y)));
            }
        }
    }

    @Test
    @Covers("copy")
    default void permutesAxesInAnyOrder() {
        Random random = new Random(1);
        int[][] shapes = {
            {}, {1}, {5}, {0, 3}, {7, 3}, {17, 33}, {2, 3, 4}, {3, 1, 17, 2}, {2, 16, 16, 3}, {2, 3, 1, 5, 2}, {64, 70}
        };
        for (int[] dims : shapes) {
            for (DType dtype : DType.values()) {
                Shape shape = Shape.of(dims);
                List<Integer> order = new ArrayList<>();
                for (int i = 0; i < dims.length; i++) {
                    order.add(i);
                }
                Collections.shuffle(order, random);
                long[] strides = shape.strides();
                long[] steps = order.stream().mapToLong(i -> strides[i]).toArray();
                Shape result = Shape.of(order.stream().mapToInt(shape::dim).toArray());
                Trial trial = trial("permute %s of %s to %s", dtype, shape, order);
                Tensor x = trial.in(dtype, shape);
                Tensor y = trial.out(dtype, result);
                StridedCopy copy = new StridedCopy(result, Strides.of(0, steps), Strides.contiguous(result));
                trial.exact((k, t) -> k.copy(copy, t.of(x), t.of(y)));
            }
        }
    }

    @Test
    @Covers("copy")
    default void slicesPadsFlipsAndRepeats() {
        for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16, DType.UINT8)) {
            Shape whole = Shape.of(5, 40, 6);
            Shape part = Shape.of(3, 25, 4);
            long[] steps = whole.strides();
            long skip = steps[0] + 7 * steps[1] + 2;
            Trial slice = trial("slice %s", dtype);
            Tensor x = slice.in(dtype, whole);
            Tensor y = slice.out(dtype, part);
            StridedCopy cut = new StridedCopy(part, Strides.of(skip, steps), Strides.contiguous(part));
            slice.exact((k, t) -> k.copy(cut, t.of(x), t.of(y)));

            Trial pad = trial("write into a region %s", dtype);
            Tensor small = pad.in(dtype, part);
            Tensor large = pad.inOut(dtype, whole);
            StridedCopy paste = new StridedCopy(part, Strides.contiguous(part), Strides.of(skip, steps));
            pad.exact((k, t) -> k.copy(paste, t.of(small), t.of(large)));

            for (int axis = 0; axis < 3; axis++) {
                Trial flip = trial("flip %s axis %d", dtype, axis);
                Tensor a = flip.in(dtype, whole);
                Tensor b = flip.out(dtype, whole);
                long[] reversed = whole.strides();
                long last = (whole.dim(axis) - 1) * reversed[axis];
                reversed[axis] = -reversed[axis];
                StridedCopy mirror = new StridedCopy(whole, Strides.of(last, reversed), Strides.contiguous(whole));
                flip.exact((k, t) -> k.copy(mirror, t.of(a), t.of(b)));

                Trial repeat = trial("repeat %s axis %d", dtype, axis);
                long[] strides = whole.with(axis, 1).strides();
                strides[axis] = 0;
                Tensor c = repeat.in(dtype, whole.with(axis, 1));
                Tensor d = repeat.out(dtype, whole);
                StridedCopy spread = new StridedCopy(whole, Strides.of(0, strides), Strides.contiguous(whole));
                repeat.exact((k, t) -> k.copy(spread, t.of(c), t.of(d)));
            }
        }
    }

    @Test
    @Covers("copy")
    default void copiesLongTensorsAndLongTransposes() {
        Trial line = trial("copy a long line");
        Tensor x = line.in(DType.FLOAT32, LONG);
        Tensor y = line.out(DType.FLOAT32, LONG);
        Shape flat = Shape.of(LONG);
        StridedCopy whole = new StridedCopy(flat, Strides.contiguous(flat), Strides.contiguous(flat));
        line.exact((k, t) -> k.copy(whole, t.of(x), t.of(y)));
        for (DType dtype : List.of(DType.FLOAT32, DType.BFLOAT16, DType.INT64)) {
            Trial transpose = trial("transpose a long matrix of %s", dtype);
            Tensor a = transpose.in(dtype, 2, 103, 377);
            Tensor b = transpose.out(dtype, 2, 377, 103);
            StridedCopy turn =
                    new StridedCopy(b.shape(), Strides.of(0, 103 * 377, 1, 377), Strides.contiguous(b.shape()));
            transpose.exact((k, t) -> k.copy(turn, t.of(a), t.of(b)));
        }
    }

    @Test
    @Covers("gatherRows")
    default void gathersRows() {
        for (DType dtype : DType.values()) {
            for (int width : new int[] {0, 1, 3, 17, 255}) {
                for (int count : new int[] {0, 1, 7, 255}) {
                    Trial trial = trial("gatherRows %s, width %d, count %d", dtype, width, count);
                    Tensor table = trial.in(dtype, 11, width);
                    Tensor indices = trial.indices(11, Shape.of(count, 2));
                    Tensor rows = trial.out(dtype, count, 2, width);
                    trial.exact((k, t) -> k.gatherRows(t.of(table), t.of(indices), t.of(rows)));
                }
            }
        }
    }

    @Test
    @Covers("scatterAddRows")
    default void addsRowsInOrder() {
        for (DType dtype : DType.values()) {
            for (int width : new int[] {0, 1, 3, 17, 255}) {
                for (int count : new int[] {0, 1, 7, 255, 700}) {
                    Trial trial = trial("scatterAddRows %s, width %d, count %d", dtype, width, count);
                    Tensor table = trial.inOut(dtype, Shape.of(11, width));
                    Tensor indices = trial.indices(11, Shape.of(count));
                    Tensor rows = trial.in(dtype, count, width);
                    double tol = dtype.isFloating() ? rtol(dtype) : 0;
                    trial.products(
                            tol,
                            tol == 0 ? 0 : rtol(DType.FLOAT32),
                            (k, t) -> k.scatterAddRows(t.of(rows), t.of(indices), t.of(table)));
                }
            }
        }
    }

    @Test
    @Covers({"gatherAxis", "scatterAddAxis"})
    default void gathersAndAddsAlongAnyAxis() {
        for (DType dtype : DType.values()) {
            for (int axis = 0; axis < 3; axis++) {
                for (int picks : new int[] {0, 1, 4, 50}) {
                    Shape shape = Shape.of(3, 17, 5);
                    Shape picked = shape.with(axis, picks);
                    Trial gather = trial("gatherAxis %s, axis %d, picks %d", dtype, axis, picks);
                    int along = axis;
                    Tensor x = gather.in(dtype, shape);
                    Tensor indices = gather.indices(shape.dim(axis), picked);
                    Tensor y = gather.out(dtype, picked);
                    gather.exact((k, t) -> k.gatherAxis(t.of(x), along, t.of(indices), t.of(y)));

                    Trial scatter = trial("scatterAddAxis %s, axis %d, picks %d", dtype, axis, picks);
                    Tensor addends = scatter.in(dtype, picked);
                    Tensor targets = scatter.indices(shape.dim(axis), picked);
                    Tensor sums = scatter.inOut(dtype, shape);
                    double tol = dtype.isFloating() ? rtol(dtype) : 0;
                    scatter.products(
                            tol,
                            tol == 0 ? 0 : rtol(DType.FLOAT32),
                            (k, t) -> k.scatterAddAxis(t.of(addends), along, t.of(targets), t.of(sums)));
                }
            }
        }
    }

    @Test
    @Covers({"gatherAxis", "scatterAddAxis", "gatherRows", "scatterAddRows"})
    default void longGathersAndScattersAgree() {
        Trial trial = trial("long gather");
        Tensor x = trial.in(DType.FLOAT32, 30, 50, 20);
        Tensor indices = trial.indices(50, Shape.of(30, 90, 20));
        Tensor y = trial.out(DType.FLOAT32, 30, 90, 20);
        trial.exact((k, t) -> k.gatherAxis(t.of(x), 1, t.of(indices), t.of(y)));

        Trial scatter = trial("long scatter");
        Tensor addends = scatter.in(DType.FLOAT32, 30, 90, 20);
        Tensor targets = scatter.indices(50, Shape.of(30, 90, 20));
        Tensor sums = scatter.inOut(DType.FLOAT32, Shape.of(30, 50, 20));
        double tol = rtol(DType.FLOAT32);
        scatter.products(tol, tol, (k, t) -> k.scatterAddAxis(t.of(addends), 1, t.of(targets), t.of(sums)));

        Trial rows = trial("long rows");
        Tensor table = rows.in(DType.FLOAT32, 100, 70);
        Tensor which = rows.indices(100, Shape.of(1001));
        Tensor picked = rows.out(DType.FLOAT32, 1001, 70);
        rows.exact((k, t) -> k.gatherRows(t.of(table), t.of(which), t.of(picked)));

        Trial adds = trial("long row sums");
        Tensor from = adds.in(DType.FLOAT32, 1001, 70);
        Tensor where = adds.indices(100, Shape.of(1001));
        Tensor into = adds.inOut(DType.FLOAT32, Shape.of(100, 70));
        adds.products(tol, tol, (k, t) -> k.scatterAddRows(t.of(from), t.of(where), t.of(into)));
    }

    @Test
    @Covers({"gatherAxis", "scatterAddAxis", "gatherRows", "scatterAddRows"})
    default void indicesOutOfRangeAreNamed() {
        Tensor x = Raw.tensor(DType.FLOAT32, Shape.of(4, 2), 1, 2, 3, 4, 5, 6, 7, 8);
        for (int bad : new int[] {-1, 4, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            Tensor rows = Tensor.of(new int[] {0, 3, bad}, 3);
            Tensor along = Tensor.of(new int[] {0, 1, 2, bad, 3, 0}, 3, 2);
            Tensor y = Raw.tensor(DType.FLOAT32, Shape.of(3, 2), 1, 1, 1, 1, 1, 1);
            double[] before = Raw.doubles(x);
            assertThatThrownBy(() -> kernels().gatherRows(x, rows, y))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("gatherRows: indices must lie in [0, 4), got " + bad + " at position 2");
            assertThatThrownBy(() -> kernels().scatterAddRows(y, rows, x))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("scatterAddRows: indices must lie in [0, 4), got " + bad + " at position 2");
            assertThatThrownBy(() -> kernels().gatherAxis(x, 0, along, y))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("gather: indices must lie in [0, 4), got " + bad + " at position 3");
            assertThatThrownBy(() -> kernels().scatterAddAxis(y, 0, along, x))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("scatterAdd: indices must lie in [0, 4), got " + bad + " at position 3");
            assertThat(Raw.doubles(x))
                    .as("nothing is written before all indices are checked")
                    .isEqualTo(before);
        }
    }
}
