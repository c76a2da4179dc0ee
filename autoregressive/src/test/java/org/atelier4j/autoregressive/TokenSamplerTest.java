package org.atelier4j.autoregressive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;

class TokenSamplerTest {
    private static final TokenSampler PLAIN = TokenSampler.plain();

    private static double[] law(TokenSampler sampler, float... logits) {
        return sampler.laws(Tensor.of(logits, 1, logits.length))[0];
    }

    /** The definition, token by token: sort, cut, scale. */
    private static double[] bruteForce(float[] logits, double temperature, int k, double p) {
        double total = 0;
        for (float l : logits) {
            total += Math.exp(l / temperature);
        }
        List<Integer> order =
                new ArrayList<>(IntStream.range(0, logits.length).boxed().toList());
        order.sort(Comparator.comparingDouble(i -> -logits[i])); // stable: the smaller number first
        List<Integer> best = order.subList(0, Math.min(k, order.size()));
        double share = 0;
        for (int i : best) {
            share += Math.exp(logits[i] / temperature) / total;
        }
        double[] law = new double[logits.length];
        double sum = 0;
        for (int i : best) {
            if (sum >= p * share) {
                break;
            }
            law[i] = Math.exp(logits[i] / temperature) / total;
            sum += law[i];
        }
        for (int i = 0; i < law.length; i++) {
            law[i] /= sum;
        }
        return law;
    }

    @Test
    void topKAndTopPAreThoseOfTheirDefinitions() {
        for (int trial = 0; trial < 200; trial++) {
            Rng rng = Rng.of(trial);
            float[] logits = rng.normal(Shape.of(23)).mul(2).toFloats();
            double temperature = 0.3 + 2 * rng.nextDouble();
            int k = 1 + rng.nextInt(30);
            double p = trial % 5 == 0 ? 1 : 0.05 + 0.9 * rng.nextDouble();

            double[] law = law(new TokenSampler(temperature, k, p, 0), logits);

            assertThat(law)
                    .as("temperature %s, k %d, p %s", temperature, k, p)
                    .containsExactly(bruteForce(logits, temperature, k, p), within(1e-6));
        }
    }

    @Test
    void ofEqualTokensTheFirstStay() {
        float[] equal = {1, 2, 2, 2, 0};

        assertThat(law(PLAIN.withTopK(2), equal)).containsExactly(0, 0.5, 0.5, 0, 0);
        assertThat(law(PLAIN.withTopK(4), equal)[0]).isPositive();
        assertThat(law(PLAIN.withTopP(0.5), equal)).containsExactly(0, 0.5, 0.5, 0, 0);
    }

    @Test
    void aTinyTemperatureOrOneTokenMeansTheMostProbable() {
        float[] logits = {0.1f, 0.3f, 0.2f};

        assertThat(law(PLAIN.withTemperature(1e-4), logits)).containsExactly(0, 1, 0);
        assertThat(law(PLAIN.withTopK(1), logits)).containsExactly(0, 1, 0);
        assertThat(law(PLAIN.withTopP(1e-9), logits)).containsExactly(0, 1, 0);
    }

    @Test
    void hugeLogitsAndForbiddenTokensAreNoTrouble() {
        float[] logits = {3e38f, -3e38f, Float.NEGATIVE_INFINITY, 3e38f};

        assertThat(law(PLAIN, logits)).containsExactly(0.5, 0, 0, 0.5);
    }

    @Test
    void drawsFollowTheLaw() {
        double[] law = law(PLAIN.withTopK(3), new float[] {0, 1, -1, 2, -3});
        Rng rng = Rng.of(11);
        int n = 20_000;
        double[] share = new double[law.length];
        for (int i = 0; i < n; i++) {
            share[TokenSampler.draw(law, rng)] += 1.0 / n;
        }

        for (int i = 0; i < law.length; i++) {
            double deviation = Math.sqrt(law[i] * (1 - law[i]) / n);
            assertThat(share[i]).as("token %d", i).isCloseTo(law[i], within(4 * deviation));
        }
    }

    @Test
    void aRowDrawsFromItsOwnStreamAlone() {
        Tensor logits = Rng.of(1).normal(Shape.of(5, 40));
        int[] together = PLAIN.draw(
                logits,
                IntStream.range(0, 5).mapToObj(i -> Rng.of(2).split((long) i)).toList());

        for (int i = 0; i < 5; i++) {
            int[] alone = PLAIN.draw(logits.slice(0, i, 1), List.of(Rng.of(2).split((long) i)));
            assertThat(alone[0]).isEqualTo(together[i]);
        }
    }

    @Test
    void guidanceIsTheFormulaAndNoneIsTheLogitsThemselves() {
        Tensor conditional = Tensor.of(new float[] {1, 2}, 1, 2);
        Tensor unconditional = Tensor.of(new float[] {0.5f, 3}, 1, 2);

        TensorAssert.assertThat(PLAIN.withGuidanceScale(2).guided(conditional, unconditional))
                .isCloseTo(Tensor.of(new float[] {3 * 1 - 2 * 0.5f, 3 * 2 - 2 * 3}, 1, 2), 1e-6, 1e-6);
        assertThat(PLAIN.guided(conditional, unconditional)).isSameAs(conditional);
    }

    @Test
    void errorsNameTheNumbers() {
        assertThatThrownBy(() -> PLAIN.withTemperature(0))
                .hasMessage("TokenSampler: temperature must be > 0 and finite, got 0.0");
        assertThatThrownBy(() -> PLAIN.withTemperature(-1))
                .hasMessage("TokenSampler: temperature must be > 0 and finite, got -1.0");
        assertThatThrownBy(() -> PLAIN.withTopK(0)).hasMessage("TokenSampler: topK must be >= 1, got 0");
        assertThatThrownBy(() -> PLAIN.withTopP(0)).hasMessage("TokenSampler: topP must lie in (0, 1], got 0.0");
        assertThatThrownBy(() -> PLAIN.withGuidanceScale(-0.5))
                .hasMessage("TokenSampler: guidanceScale must be >= 0 and finite, got -0.5");
        assertThatThrownBy(() -> PLAIN.draw(Tensor.zeros(2, 3), List.of(Rng.of(1))))
                .hasMessage("TokenSampler: there must be one stream for each of 2 rows, got 1");
        assertThatThrownBy(() -> law(PLAIN, new float[] {0, Float.NaN}))
                .hasMessage("TokenSampler: logits must be numbers with a finite maximum, got FLOAT32[1, 2] [0.0, NaN]");
        for (double temperature : new double[] {1, 0.5}) {
            for (float bad : new float[] {Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, Float.NaN}) {
                assertThatThrownBy(() -> law(PLAIN.withTemperature(temperature), bad, Float.NEGATIVE_INFINITY))
                        .as("%s at temperature %s", bad, temperature)
                        .hasMessageStartingWith("TokenSampler: logits must be numbers with a finite maximum, got ");
            }
        }
        assertThatThrownBy(() -> TokenSampler.draw(new double[3], Rng.of(1)))
                .hasMessage("TokenSampler: a law must have a token of positive probability, got none of 3");
    }
}
