package org.atelier4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.distribution.RealDistribution;
import org.apache.commons.math3.distribution.UniformRealDistribution;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;
import org.apache.commons.math3.stat.inference.ChiSquareTest;
import org.apache.commons.math3.stat.inference.KolmogorovSmirnovTest;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.kernel.Distribution;
import org.junit.jupiter.api.Test;

/** Streams of random numbers: reproducible, independent when split, and of the laws they claim. Seeds are fixed. */
class RngTest {
    private static final int N = 100_000;

    private static double[] doubles(Tensor t) {
        return t.toDoubles();
    }

    private static double mean(double[] x) {
        return Arrays.stream(x).average().orElseThrow();
    }

    private static double variance(double[] x) {
        double m = mean(x);
        return Arrays.stream(x).map(v -> (v - m) * (v - m)).average().orElseThrow();
    }

    private static void follows(RealDistribution law, double[] x) {
        double p = new KolmogorovSmirnovTest().kolmogorovSmirnovTest(law, Arrays.copyOf(x, 50_000));
        assertThat(p).as("p-value of Kolmogorov and Smirnov's test").isGreaterThan(1e-3);
    }

    private static void frequencies(double[] expected, long[] observed) {
        double p = new ChiSquareTest().chiSquareTest(expected, observed);
        assertThat(p)
                .as("p-value of the chi-square test, %s", Arrays.toString(observed))
                .isGreaterThan(1e-3);
    }

    // --- streams ----------------------------------------------------------------------------------------------------

    @Test
    void theSameSeedGivesTheSameNumbers() {
        TensorAssert.assertThat(Rng.of(5).normal(Shape.of(100)))
                .isIdenticalTo(Rng.of(5).normal(Shape.of(100)));
        assertThat(doubles(Rng.of(5).normal(Shape.of(100))))
                .isNotEqualTo(doubles(Rng.of(6).normal(Shape.of(100))));
    }

    @Test
    void drawsFollowEachOtherAndCanBeResumed() {
        Rng rng = Rng.of(5);
        Tensor first = rng.uniform(Shape.of(8));
        assertThat(rng.position()).isEqualTo(2);
        Rng later = Rng.resume(rng.key(), rng.position());
        Tensor second = rng.uniform(Shape.of(6));
        assertThat(rng.position()).isEqualTo(4); // blocks of four, the last one used in part
        TensorAssert.assertThat(later.uniform(Shape.of(6))).isIdenticalTo(second);
        TensorAssert.assertThat(Rng.of(5).uniform(Shape.of(14))).isIdenticalTo(first.concat(second, 0));
        rng.draw(Distribution.UNIFORM, Shape.of(3), DType.FLOAT64, Device.cpu());
        assertThat(rng.position()).isEqualTo(6);
        rng.uniform(Shape.of(0));
        assertThat(rng.position()).isEqualTo(6);
    }

    @Test
    void splittingDependsOnTheNameAndNotOnWhatWasDrawn() {
        Rng rng = Rng.of(5);
        long before = rng.split("dropout").key();
        long numbered = rng.split(3).key();
        rng.normal(Shape.of(1000));
        assertThat(rng.split("dropout").key()).isEqualTo(before);
        assertThat(rng.split(3).key()).isEqualTo(numbered);
        assertThat(rng.split("dropout").position()).isZero();
    }

    @Test
    void namesNumbersAndNestedSplitsGiveDifferentStreams() {
        Rng rng = Rng.of(5);
        Set<Long> keys = new HashSet<>();
        String[] names = {"", "a", "b", "ab", "ba", "a\0", "\0", "12345678", "123456789", "12345678\0", "ä", "augment"};
        for (String name : names) {
            assertThat(keys.add(rng.split(name).key())).as(name).isTrue();
        }
        for (int i = 0; i < 10_000; i++) {
            assertThat(keys.add(rng.split(i).key())).isTrue();
            assertThat(keys.add(rng.split("layer" + i).key())).isTrue();
            assertThat(keys.add(Rng.of(i).split("a").key())).isEqualTo(i != 5);
        }
        assertThat(keys.add(rng.split("a").split("b").key())).isTrue();
        assertThat(keys.add(rng.split("b").split("a").key())).isTrue();
    }

    @Test
    void splitStreamsAreIndependent() {
        Rng rng = Rng.of(9);
        Rng[] streams = {
            rng,
            rng.split("a"),
            rng.split("b"),
            rng.split(0),
            rng.split(1),
            rng.split("a").split("a")
        };
        double[][] x = new double[streams.length][];
        for (int i = 0; i < x.length; i++) {
            x[i] = doubles(streams[i].normal(Shape.of(N)));
            follows(new NormalDistribution(0, 1), x[i]);
        }
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < i; j++) {
                assertThat(new PearsonsCorrelation().correlation(x[i], x[j])).isCloseTo(0, within(4 / Math.sqrt(N)));
            }
        }
    }

    // --- laws -------------------------------------------------------------------------------------------------------

    @Test
    void uniformNumbersAreUniform() {
        double[] x = doubles(Rng.of(1).uniform(Shape.of(N)));
        assertThat(Arrays.stream(x).min().orElseThrow()).isBetween(0.0, 1e-3);
        assertThat(Arrays.stream(x).max().orElseThrow()).isBetween(0.999, 1 - 0x1p-24);
        assertThat(mean(x)).isCloseTo(0.5, within(4 * Math.sqrt(1 / 12.0 / N)));
        follows(new UniformRealDistribution(0, 1), x);
    }

    @Test
    void normalNumbersAreNormalInEveryFloatingType() {
        for (DType dtype : new DType[] {DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16}) {
            double[] x = doubles(Rng.of(2).draw(Distribution.NORMAL, Shape.of(N), dtype, Device.cpu()));
            assertThat(mean(x)).isCloseTo(0, within(4 / Math.sqrt(N)));
            assertThat(variance(x)).isCloseTo(1, within(4 * Math.sqrt(2.0 / N)));
            if (dtype != DType.BFLOAT16) { // whose steps the test would see
                follows(new NormalDistribution(0, 1), x);
            }
        }
    }

    /** For bound b: variance {@code 1 − 2bφ(b)/(2Φ(b) − 1)}. */
    @Test
    void truncatedNormalNumbersStayWithinTheirBound() {
        NormalDistribution normal = new NormalDistribution(0, 1);
        for (double bound : new double[] {0.1, 1, 2, 6}) {
            double[] x = doubles(Rng.of(3).truncatedNormal(Shape.of(N), bound));
            assertThat(Arrays.stream(x).map(Math::abs).max().orElseThrow()).isLessThanOrEqualTo((float) bound);
            double expected = 1 - 2 * bound * normal.density(bound) / (2 * normal.cumulativeProbability(bound) - 1);
            assertThat(mean(x)).isCloseTo(0, within(4 * Math.sqrt(expected / N)));
            assertThat(variance(x)).isCloseTo(expected, within(0.03 * expected));
        }
        follows(normal, doubles(Rng.of(3).truncatedNormal(Shape.of(N), 6)));
        assertThatThrownBy(() -> Rng.of(1).truncatedNormal(Shape.of(1), 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("truncatedNormal: bound must be > 0, got 0.0");
    }

    @Test
    void gumbelNumbersHaveEulersMean() {
        double[] x = doubles(Rng.of(4).gumbel(Shape.of(N)));
        double variance = Math.PI * Math.PI / 6;
        assertThat(mean(x)).isCloseTo(0.5772156649, within(4 * Math.sqrt(variance / N)));
        assertThat(variance(x)).isCloseTo(variance, within(0.05));
    }

    /** This block holds the largest uniform number, 1 − 2⁻²⁴. */
    @Test
    void gumbelNumbersAreFiniteAtTheEndsOfTheUniformLaw() {
        double largest = Rng.resume(5, 2009190).uniform(Shape.of(4)).toDoubles()[1];
        assertThat(largest).isEqualTo(1 - 0x1p-24);
        Tensor x = Rng.resume(5, 2009190).gumbel(Shape.of(4));
        TensorAssert.assertThat(x).isFinite();
        assertThat(x.toDoubles()[1]).isCloseTo(24 * Math.log(2), within(1e-3));
    }

    @Test
    void bernoulliIsTrueAsOftenAsAsked() {
        for (double p : new double[] {0.1, 0.5, 0.93}) {
            Tensor x = Rng.of(5).bernoulli(p, Shape.of(N));
            assertThat(x.dtype()).isEqualTo(DType.BOOL);
            assertThat(mean(doubles(x))).isCloseTo(p, within(4 * Math.sqrt(p * (1 - p) / N)));
        }
        assertThat(mean(doubles(Rng.of(5).bernoulli(0, Shape.of(1000))))).isZero();
        assertThat(mean(doubles(Rng.of(5).bernoulli(1, Shape.of(1000))))).isEqualTo(1);
        assertThatThrownBy(() -> Rng.of(1).bernoulli(1.5, Shape.of(1)))
                .hasMessage("bernoulli: p must lie in [0, 1], got 1.5");
    }

    @Test
    void integersAreUniformBelowTheirBound() {
        for (int bound : new int[] {1, 2, 7, 10}) {
            long[] counts = new long[bound];
            for (int i : Rng.of(6).integers(bound, Shape.of(N)).toInts()) {
                counts[i]++;
            }
            if (bound > 1) {
                double[] expected = new double[bound];
                Arrays.fill(expected, (double) N / bound);
                frequencies(expected, counts);
            }
        }
        double[] wide = doubles(Rng.of(6).integers(Integer.MAX_VALUE, Shape.of(N)));
        follows(new UniformRealDistribution(0, Integer.MAX_VALUE), wide);
        assertThatThrownBy(() -> Rng.of(1).integers(0, Shape.of(1))).hasMessage("integers: bound must be > 0, got 0");
    }

    @Test
    void singleNumbersAreDrawnLikeTensors() {
        Rng rng = Rng.of(7);
        Set<Double> doubles = new HashSet<>();
        for (int i = 0; i < 1000; i++) {
            double x = rng.nextDouble();
            assertThat(x).isBetween(0.0, 1 - 0x1p-53);
            doubles.add(x);
            assertThat(rng.nextInt(3)).isBetween(0, 2);
        }
        assertThat(doubles).hasSize(1000);
    }

    @Test
    void categoricalFollowsTheSoftmaxOfItsLogits() {
        double[] p = {0.5, 0.2, 0.05, 0.25};
        float[] logits = new float[8];
        for (int i = 0; i < 4; i++) {
            logits[i] = (float) (Math.log(p[i]) + 3);
            logits[4 + i] = i == 2 ? 0 : Float.NEGATIVE_INFINITY;
        }
        int rows = 20_000;
        Tensor drawn = Rng.of(8).categorical(Tensor.of(logits, 1, 2, 4).broadcastTo(Shape.of(rows, 2, 4)));
        TensorAssert.assertThat(drawn).hasShape(rows, 2);
        assertThat(drawn.dtype()).isEqualTo(DType.INT32);
        long[] counts = new long[4];
        int[] values = drawn.toInts();
        for (int i = 0; i < values.length; i += 2) {
            counts[values[i]]++;
            assertThat(values[i + 1]).as("masked classes are never drawn").isEqualTo(2);
        }
        frequencies(Arrays.stream(p).map(q -> q * rows).toArray(), counts);
    }

    @Test
    void permutationsAreUniform() {
        for (int n : new int[] {0, 1, 2, 17, 1000}) {
            int[] sorted = Rng.of(n).permutation(n);
            Arrays.sort(sorted);
            for (int i = 0; i < n; i++) {
                assertThat(sorted[i]).isEqualTo(i);
            }
        }
        Rng rng = Rng.of(9);
        long[] counts = new long[256];
        int draws = 24_000;
        for (int i = 0; i < draws; i++) {
            int[] order = rng.permutation(4);
            counts[order[0] | order[1] << 2 | order[2] << 4 | order[3] << 6]++;
        }
        long[] seen = Arrays.stream(counts).filter(c -> c > 0).toArray();
        assertThat(seen).hasSize(24);
        double[] expected = new double[24];
        Arrays.fill(expected, draws / 24.0);
        frequencies(expected, seen);
    }

    // --- replay -----------------------------------------------------------------------------------------------------

    @Test
    void aReplayDrawsTheSameNumbersAgain() {
        Rng a = Rng.of(1);
        Rng b = Rng.of(2);
        a.normal(Shape.of(10));
        Rng.Replay replay = new Rng.Replay();
        Tensor first = replay.record(() -> draw(a, b));
        a.normal(Shape.of(100));
        long positionOfA = a.position();
        long positionOfB = b.position();
        TensorAssert.assertThat(replay.repeat(() -> draw(a, b))).isIdenticalTo(first);
        TensorAssert.assertThat(replay.repeat(() -> draw(a, b))).isIdenticalTo(first);
        assertThat(a.position()).as("streams stand where they stood").isEqualTo(positionOfA);
        assertThat(b.position()).isEqualTo(positionOfB);
        assertThat(doubles(draw(a, b))).isNotEqualTo(doubles(first));
    }

    private static Tensor draw(Rng a, Rng b) {
        Tensor x = a.normal(Shape.of(5)).add(b.uniform(Shape.of(5)));
        return x.add(a.uniform(Shape.of(5))).add(a.split("c").normal(Shape.of(5)));
    }

    @Test
    void replaysNestAndSurviveExceptions() {
        Rng rng = Rng.of(3);
        Rng.Replay outer = new Rng.Replay();
        Rng.Replay inner = new Rng.Replay();
        Tensor[] seen = new Tensor[2];
        outer.record(() -> {
            seen[0] = inner.record(() -> rng.normal(Shape.of(3)));
            seen[1] = rng.normal(Shape.of(3));
            return seen[1];
        });
        TensorAssert.assertThat(inner.repeat(() -> rng.normal(Shape.of(3)))).isIdenticalTo(seen[0]);
        TensorAssert.assertThat(outer.repeat(() -> rng.normal(Shape.of(6)).slice(0, 0, 3)))
                .isIdenticalTo(seen[0]);
        long position = rng.position();
        assertThatThrownBy(() -> outer.repeat(() -> {
                    rng.normal(Shape.of(50));
                    throw new UnsupportedOperationException();
                }))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThat(rng.position()).isEqualTo(position);
    }

    @Test
    void softChoicesSayWhatTheyNeed() {
        Rng rng = Rng.of(1);
        assertThatThrownBy(() -> rng.gumbelSoftmax(Tensor.zeros(2, 3), 0))
                .hasMessage("gumbelSoftmax: temperature must be positive and finite, got 0.0");
        assertThatThrownBy(() -> rng.gumbelSoftmax(Tensor.zeros(2, 3), Double.POSITIVE_INFINITY))
                .hasMessage("gumbelSoftmax: temperature must be positive and finite, got Infinity");
        assertThatThrownBy(() -> rng.gumbelSoftmax(Tensor.arange(3), 1))
                .hasMessage("gumbelSoftmax: logits must be floating, got INT32");
        assertThatThrownBy(() -> rng.gumbelSoftmax(Tensor.zeros(2, 0), 1))
                .isInstanceOf(ShapeException.class)
                .hasMessage("gumbelSoftmax: logits must have shape (…, n) with n >= 1, got [2, 0]");
    }
}
