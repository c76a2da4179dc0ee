package org.atelier4j.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Percentage;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.Device;
import org.junit.jupiter.api.Test;

/** Random fills, optimizer steps, averages. */
interface TrainingContract extends ContractPart {

    @Test
    @Covers("random")
    default void randomNumbersAreThoseOfThePaper() {
        long[] positions = {0, 1, 0xffffffffL, 1L << 40, -1};
        for (int n : new int[] {0, 1, 2, 3, 4, 5, 7, 255, 1024, 4097, LONG}) {
            for (long position : n < 10 ? positions : new long[] {12345}) {
                for (DType dtype : floats()) {
                    double tol = dtype == DType.FLOAT64 ? 1e-14 : rtol(dtype);
                    randomCase(Distribution.UNIFORM, dtype, n, position, 0);
                    randomCase(Distribution.NORMAL, dtype, n, position, tol);
                }
                randomCase(Distribution.BITS, DType.INT32, n, position, 0);
            }
        }
    }

    private void randomCase(Distribution law, DType dtype, int n, long position, double tol) {
        long key = 0x0123456789abcdefL * (n + 1);
        Trial trial = trial("random %s %s, n = %d, position %d", law, dtype, n, position);
        Tensor x = trial.out(dtype, n);
        trial.close(tol, tol, (k, t) -> {
            if (k instanceof ReferenceKernels reference) {
                Raw.write(t.of(x), reference.random(law, key, position, n, dtype == DType.FLOAT64));
            } else {
                k.random(law, key, position, t.of(x));
            }
        });
    }

    @Test
    @Covers("random")
    default void lawsThatATypeDoesNotHaveAreRefused() {
        Tensor ints = Tensor.empty(Shape.of(4), DType.INT32, Device.cpu());
        Tensor floats = Tensor.empty(Shape.of(4), DType.FLOAT32, Device.cpu());
        assertThatThrownBy(() -> kernels().random(Distribution.NORMAL, 1, 0, ints))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("random: dtype must be floating for NORMAL, got INT32");
        assertThatThrownBy(() -> kernels().random(Distribution.BITS, 1, 0, floats))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("random: dtype must be INT32 for BITS, got FLOAT32");
    }

    /** One loop over fixed ranges, whoever runs it: the bits must not tell how many threads there were. */
    @Test
    @Covers({"random", "sumOfSquares", "reduce", "norm", "scatterAddRows", "update"})
    default void resultsDoNotDependOnTheNumberOfThreads() {
        int before = Parallel.threads();
        try {
            Parallel.setThreads(1);
            List<double[]> alone = resultsOfEverythingThreaded();
            for (int threads : new int[] {2, 3, 7}) {
                Parallel.setThreads(threads);
                List<double[]> together = resultsOfEverythingThreaded();
                for (int i = 0; i < alone.size(); i++) {
                    assertThat(Arrays.equals(together.get(i), alone.get(i)))
                            .as("result %d with %d threads", i, threads)
                            .isTrue();
                }
            }
        } finally {
            Parallel.setThreads(before);
        }
    }

    private List<double[]> resultsOfEverythingThreaded() {
        Kernels k = kernels();
        List<double[]> results = new ArrayList<>();
        Tensor x = Tensor.empty(Shape.of(8, 330, 64), DType.FLOAT32, Device.cpu());
        k.random(Distribution.NORMAL, 42, 7, x);
        results.add(Raw.doubles(x));
        Tensor u = Tensor.empty(Shape.of(LONG), DType.FLOAT64, Device.cpu());
        k.random(Distribution.UNIFORM, 42, 7, u);
        results.add(Raw.doubles(u));
        results.add(new double[] {sumOfSquares(k, List.of(x, x))});
        Tensor sum = Tensor.empty(Shape.of(1, 1, 64), DType.FLOAT32, Device.cpu());
        k.reduce(Reduction.SUM, x, new int[] {0, 1}, sum);
        results.add(Raw.doubles(sum));
        Tensor total = Tensor.empty(Shape.of(1, 1, 1), DType.FLOAT32, Device.cpu());
        k.reduce(Reduction.SUM, x, new int[] {0, 1, 2}, total);
        results.add(Raw.doubles(total));
        Tensor y = Tensor.empty(x.shape(), DType.FLOAT32, Device.cpu());
        Tensor mean = Tensor.empty(Shape.of(8, 4), DType.FLOAT32, Device.cpu());
        Tensor rstd = Tensor.empty(Shape.of(8, 4), DType.FLOAT32, Device.cpu());
        k.norm(new Norm(4, 1e-5, true, true), x, null, null, y, mean, rstd);
        results.add(Raw.doubles(y));
        Tensor table = Tensor.empty(Shape.of(16, 64), DType.FLOAT32, Device.cpu());
        k.fill(0, table);
        int[] indices = new int[8 * 330];
        Arrays.setAll(indices, i -> i * 7 % 16);
        k.scatterAddRows(x, Tensor.of(indices, 8, 330), table);
        results.add(Raw.doubles(table));
        k.update(new UpdateRule.Sgd(0.1, 0, 0.01, false), List.of(y), List.of(x), List.of(), null);
        results.add(Raw.doubles(y));
        return results;
    }

    private static double sumOfSquares(Kernels kernels, List<Tensor> tensors) {
        Tensor total = Tensor.empty(
                Shape.scalar(),
                DType.FLOAT64,
                tensors.isEmpty() ? Device.current() : tensors.get(0).device());
        kernels.sumOfSquares(tensors, total);
        return total.item();
    }

    @Test
    @Covers("sumOfSquares")
    default void sumsSquaresOfAllTensors() {
        for (DType dtype : floats()) {
            Trial trial = trial("sumOfSquares %s", dtype);
            List<Tensor> tensors = new ArrayList<>();
            for (int n : SIZES) {
                tensors.add(trial.in(dtype, n));
            }
            tensors.add(trial.in(dtype, LONG));
            tensors.add(trial.in(dtype, Shape.scalar()));
            double expected = sumOfSquares(new ReferenceKernels(), tensors);
            assertThat(sumOfSquares(kernels(), tensors)).isCloseTo(expected, Percentage.withPercentage(1e-8));
        }
        assertThat(sumOfSquares(kernels(), List.of())).isZero();
        Tensor huge = Raw.tensor(DType.FLOAT32, Shape.of(2), 3e38, 1e-30);
        assertThat(sumOfSquares(kernels(), List.of(huge))).isCloseTo(9e76, Percentage.withPercentage(1e-3));
        Tensor bad = Raw.tensor(DType.FLOAT32, Shape.of(2), 1, Double.NaN);
        assertThat(sumOfSquares(kernels(), List.of(huge, bad))).isNaN();
    }

    List<UpdateRule> RULES = List.of(
            new UpdateRule.Sgd(0.1, 0, 0, false),
            new UpdateRule.Sgd(0.1, 0, 0.02, false),
            new UpdateRule.Sgd(0.1, 0.9, 0.02, false),
            new UpdateRule.Sgd(0.1, 0.9, 0.02, true),
            new UpdateRule.Adam(1e-2, 0.9, 0.999, 1e-8, 0, true, 0.1, 0.001),
            new UpdateRule.Adam(1e-2, 0.9, 0.99, 1e-8, 0.05, true, 0.5, 0.3),
            new UpdateRule.Adam(1e-2, 0.9, 0.99, 1e-6, 0.05, false, 0.5, 0.3),
            new UpdateRule.RmsProp(1e-2, 0.99, 1e-8, 0, 0.02),
            new UpdateRule.RmsProp(1e-2, 0.99, 1e-8, 0.9, 0.02),
            new UpdateRule.Lion(1e-3, 0.9, 0.99, 0.1));

    @Test
    @Covers("update")
    default void optimizerStepsFollowTheirFormulas() {
        for (DType dtype : floats()) {
            for (UpdateRule rule : RULES) {
                Trial trial = trial("update %s %s", dtype, rule);
                Tensor scale = trial.in(DType.FLOAT64, Shape.scalar());
                List<Tensor> parameters = new ArrayList<>();
                List<Tensor> gradients = new ArrayList<>();
                List<List<Tensor>> state = new ArrayList<>();
                for (int slot = 0; slot < rule.slots(); slot++) {
                    state.add(new ArrayList<>());
                }
                for (int n : new int[] {1, 0, 3, 17, 255, 4096, 1024, 4097, LONG}) {
                    parameters.add(trial.inOut(dtype, Shape.of(n)));
                    gradients.add(trial.in(dtype, n));
                    state.forEach(slot -> slot.add(trial.inOut(dtype, Shape.of(n), z -> 0.1 + z * z)));
                }
                double tol = 2 * rtol(dtype);
                trial.close(
                        tol,
                        tol,
                        (k, t) -> k.update(
                                rule,
                                twins(parameters, t),
                                twins(gradients, t),
                                state.stream().map(slot -> twins(slot, t)).toList(),
                                rule.slots() == 1 ? null : t.of(scale)));
            }
        }
        kernels().update(RULES.get(0), List.of(), List.of(), List.of(), null);
    }

    /** More tensors than a launch of a card takes. */
    @Test
    @Covers({"update", "lerp", "sumOfSquares"})
    default void manyTensorsAreOneSet() {
        Trial trial = trial("update of many");
        List<Tensor> parameters = new ArrayList<>();
        List<Tensor> gradients = new ArrayList<>();
        for (int i = 0; i < 1300; i++) {
            parameters.add(trial.inOut(DType.FLOAT32, Shape.of(1 + i % 3)));
            gradients.add(trial.in(DType.FLOAT32, 1 + i % 3));
        }
        Tensor total = trial.out(DType.FLOAT64, Shape.scalar());
        trial.close(1e-5, 1e-5, (k, t) -> {
            k.update(RULES.get(0), twins(parameters, t), twins(gradients, t), List.of(), null);
            k.lerp(twins(parameters, t), twins(gradients, t), new HostNumber(0.3));
            k.sumOfSquares(twins(gradients, t), t.of(total));
        });
    }

    @Test
    @Covers("update")
    default void aScaleThatIsNotFiniteChangesNothing() {
        for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
            for (UpdateRule rule : RULES) {
                Trial trial = trial("update %s, scale %s", rule, bad);
                Tensor p = trial.inOut(DType.FLOAT32, Shape.of(5));
                Tensor g = trial.in(DType.FLOAT32, 5);
                Tensor scale = trial.in(DType.FLOAT64, Shape.scalar(), new double[] {bad});
                List<Tensor> state = new ArrayList<>();
                for (int slot = 0; slot < rule.slots(); slot++) {
                    state.add(trial.inOut(DType.FLOAT32, Shape.of(5)));
                }
                trial.exact((k, t) -> k.update(
                        rule,
                        List.of(t.of(p)),
                        List.of(t.of(g)),
                        state.stream().map(s -> List.of(t.of(s))).toList(),
                        t.of(scale)));
            }
        }
    }

    private static List<Tensor> twins(List<Tensor> tensors, Trial.Twin twin) {
        return tensors.stream().map(twin::of).toList();
    }

    @Test
    @Covers("update")
    default void updateRefusesListsOfDifferentLengths() {
        Tensor p = Raw.tensor(DType.FLOAT32, Shape.of(2), 1, 2);
        assertThatThrownBy(() ->
                        kernels().update(RULES.get(4), List.of(p), List.of(), List.of(List.of(p), List.of(p)), null))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> kernels().update(RULES.get(4), List.of(p), List.of(p), List.of(List.of(p)), null))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> kernels().lerp(List.of(p), List.of(), new HostNumber(0.5)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(Raw.doubles(p)).containsExactly(1, 2);
    }

    @Test
    @Covers("lerp")
    default void averagesMoveByTheirWeight() {
        for (DType dtype : floats()) {
            for (double weight : new double[] {0, 1e-4, 0.3, 1}) {
                Trial trial = trial("lerp %s, weight %s", dtype, weight);
                List<Tensor> targets = new ArrayList<>();
                List<Tensor> sources = new ArrayList<>();
                for (int n : new int[] {1, 0, 7, 1024, LONG}) {
                    targets.add(trial.inOut(dtype, Shape.of(n)));
                    sources.add(trial.in(dtype, n));
                }
                double tol = rtol(dtype);
                trial.close(tol, tol, (k, t) -> k.lerp(twins(targets, t), twins(sources, t), new HostNumber(weight)));
            }
        }
    }
}
