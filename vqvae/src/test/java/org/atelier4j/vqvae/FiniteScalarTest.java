package org.atelier4j.vqvae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.autograd.GradientCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FiniteScalarTest {
    private final FiniteScalar codebook = new FiniteScalar(FiniteScalar.Config.paper(1024));

    @Test
    void everyCodeComesBackFromALatentInTheMiddleOfItsCell() {
        int size = codebook.config().size();
        Tensor all = Tensor.arange(size).reshape(1, 1, size);
        double[] values = codebook.lookup(all).toDoubles();
        float[] latents = new float[values.length];
        List<Integer> levels = codebook.config().levels();
        for (int i = 0; i < values.length; i++) {
            int l = levels.get(i % levels.size());
            double reach = (l - 1) * 1.001 / 2;
            double offset = l % 2 == 0 ? 0.5 : 0;
            latents[i] = (float) (artanh((values[i] * (l / 2) + offset) / reach) - artanh(offset / reach));
        }
        Tensor z = Tensor.of(latents, 1, 1, size, levels.size());

        TensorAssert.assertThat(codebook.codes(z)).isIdenticalTo(all);
        Quantization chosen = codebook.quantize(z, 0, Rng.of(1));
        TensorAssert.assertThat(chosen.codes()).isIdenticalTo(all);
        TensorAssert.assertThat(chosen.quantized().detach()).isIdenticalTo(codebook.lookup(all));
        assertThat(chosen.terms()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 5, 7, 8})
    void aChannelTakesExactlyItsLevelsFromOneEndToTheOther(int levels) {
        FiniteScalar one = new FiniteScalar(new FiniteScalar.Config(List.of(levels)));
        float[] line = new float[20_001];
        for (int i = 0; i < line.length; i++) {
            line[i] = (i - 10_000) * 1e-3f;
        }
        Tensor z = Tensor.of(line, 1, 1, line.length, 1);

        int[] codes = one.codes(z).toInts();

        assertThat(Arrays.stream(codes).distinct().toArray())
                .isEqualTo(IntStream.range(0, levels).toArray()); // rising, none left out
        assertThat(one.limit(Tensor.zeros(1, 1, 1, 1)).item()).isBetween(-1e-5, 1e-5);
    }

    @Test
    void normalLatentsUseAllCodes() {
        CodeCounts usage = new CodeCounts(codebook.config().size());
        Tensor latents = Rng.of(1).normal(Shape.of(1, 256, 256, 4)); // (B, h, w, D)

        usage.add(codebook.codes(latents));

        assertThat(usage.used()).isGreaterThan(0.99);
    }

    @Test
    void numbersCountTheFirstChannelFastest() {
        FiniteScalar small = new FiniteScalar(new FiniteScalar.Config(List.of(3, 2)));

        Tensor values = small.lookup(Tensor.arange(6).reshape(1, 1, 6));

        TensorAssert.assertThat(values).hasValues(-1, -1, 0, -1, 1, -1, -1, 0, 0, 0, 1, 0);
    }

    @Test
    void gradientsPassTheRoundingAsIfItWereNotThere() {
        Tensor z = Rng.of(2).normal(Shape.of(1, 2, 3, 4)).to(DType.FLOAT64);
        GradientCheck.of(x -> codebook.limit(x[0])).at(z);

        Tensor half = Tensor.of(new double[] {4, 2, 2, 2}, 4);
        Tensor leaf = z.requireGradient();
        Tensor expected = codebook.limit(leaf).div(half).sum().backward().get(leaf);
        Tensor got = codebook.quantize(leaf, 0, Rng.of(1))
                .quantized()
                .sum()
                .backward()
                .get(leaf);
        TensorAssert.assertThat(got).isCloseTo(expected, 1e-6, 1e-7);
    }

    @Test
    void messagesSayWhatMustHold() {
        assertThatThrownBy(() -> new FiniteScalar.Config(List.of(8, 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("FiniteScalar: every channel must have >= 2 levels, got [8, 1]");
        assertThatThrownBy(() -> new FiniteScalar.Config(List.of(2000, 2000, 2000)))
                .hasMessage("FiniteScalar: there must be <= 2^30 codes, got [2000, 2000, 2000]");
        assertThatThrownBy(() -> FiniteScalar.Config.paper(1000))
                .hasMessage("FiniteScalar: size must be 256, 1024, 4096, 16384 or 65536, got 1000");
        assertThatThrownBy(() -> codebook.codes(Tensor.zeros(1, 1, 1, 5)))
                .isInstanceOf(ShapeException.class)
                .hasMessage("Codebook: latents must be (B, h, w, 4), got [1, 1, 1, 5]");
    }

    private static double artanh(double x) {
        return Math.log((1 + x) / (1 - x)) / 2;
    }
}
