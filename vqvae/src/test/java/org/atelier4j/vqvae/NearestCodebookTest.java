package org.atelier4j.vqvae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.atelier4j.io.Json;
import org.atelier4j.model.CodeGrid;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.vqvae.NearestCodebook.Config;
import org.atelier4j.vqvae.NearestCodebook.Learning;
import org.atelier4j.vqvae.NearestCodebook.Rule;
import org.atelier4j.vqvae.NearestCodebook.Start;
import org.junit.jupiter.api.Test;

class NearestCodebookTest {
    private static Learning ema(double decay, double deadBelow) {
        return new Learning(Rule.EMA, decay, Start.UNIFORM, deadBelow);
    }

    private static NearestCodebook of(Config config, Tensor vectors) {
        NearestCodebook codebook = config.make(Rng.of(1));
        Map<String, Tensor> state = new LinkedHashMap<>(codebook.state());
        state.put("embedding.weight", vectors);
        state.computeIfPresent("embedding.embed_avg", (name, sums) -> vectors);
        codebook.load(state);
        return codebook;
    }

    private static Tensor part(Layer codebook, String name) {
        return Objects.requireNonNull(codebook.state().get("embedding." + name));
    }

    private static Tensor latents(int... dims) {
        return Rng.of(5).normal(Shape.of(dims));
    }

    @Test
    void everyLatentGetsTheNearestVector() {
        Tensor vectors = Rng.of(2).normal(Shape.of(9, 3));
        Tensor z = latents(2, 3, 4, 3);
        float[] e = vectors.toFloats();
        float[] x = z.toFloats();

        int[] codes = of(Config.paper(9, 3), vectors).codes(z).toInts();

        for (int n = 0; n < 24; n++) {
            double[] distance = new double[9];
            for (int k = 0; k < 9; k++) {
                for (int d = 0; d < 3; d++) {
                    distance[k] += Math.pow(x[3 * n + d] - e[3 * k + d], 2);
                }
            }
            assertThat(distance[codes[n]])
                    .isCloseTo(Arrays.stream(distance).min().orElseThrow(), within(1e-6));
        }
    }

    @Test
    void aVectorsOwnCodeIsItself() {
        NearestCodebook codebook = of(Config.paper(50, 4), Rng.of(3).normal(Shape.of(50, 4)));
        Tensor all = Tensor.arange(50).reshape(2, 5, 5);

        assertThat(codebook.codes(codebook.lookup(all)).toInts()).isEqualTo(all.toInts());
    }

    @Test
    void theCommitmentsGradientScalesWithBetaAndTheCodebooksDoesNot() {
        Tensor vectors = Rng.of(2).normal(Shape.of(6, 3));
        double[][] toLatents = new double[2][];
        double[][] toVectors = new double[2][];
        for (int i = 0; i < 2; i++) {
            NearestCodebook codebook = of(Config.paper(6, 3).withCommitmentCost(i == 0 ? 0.25 : 1), vectors);
            Tensor z = latents(2, 2, 2, 3).requireGradient();
            Gradients g = codebook.quantize(z, 0, Rng.of(0)).loss().backward();
            toLatents[i] = g.get(z).toDoubles();
            toVectors[i] = g.get(part(codebook, "weight")).toDoubles();
        }

        for (int i = 0; i < toLatents[0].length; i++) {
            assertThat(toLatents[0][i]).isNotZero();
            assertThat(toLatents[1][i]).isCloseTo(4 * toLatents[0][i], within(1e-6));
        }
        assertThat(toVectors[1]).isEqualTo(toVectors[0]);
        assertThat(Arrays.stream(toVectors[0]).anyMatch(g -> g != 0)).isTrue();
    }

    @Test
    void bothTermsAreTheMeanSquaredDistance() {
        NearestCodebook codebook = of(Config.paper(6, 3), Rng.of(2).normal(Shape.of(6, 3)));
        Tensor z = latents(2, 2, 2, 3);
        double distance = codebook.lookup(codebook.codes(z))
                .detach()
                .sub(z)
                .square()
                .mean()
                .item();

        Quantization q = codebook.quantize(z, 0, Rng.of(0));

        assertThat(q.terms()).extracting(Quantization.Term::name).containsExactly("codebook", "commitment");
        assertThat(q.terms()).allSatisfy(t -> assertThat(t.value().item()).isCloseTo(distance, within(1e-6)));
        assertThat(q.loss().item()).isCloseTo(1.25 * distance, within(1e-6));
    }

    @Test
    void theDecoderSeesExactlyTheVectorsAndGradientsPassUnchanged() {
        NearestCodebook codebook = of(Config.paper(6, 3), Rng.of(2).normal(Shape.of(6, 3)));
        Tensor z = latents(2, 2, 2, 3).requireGradient();
        Tensor weights = latents(2, 2, 2, 3).mul(2);

        Quantization q = codebook.quantize(z, 0, Rng.of(0));
        Gradients g = q.quantized().mul(weights).sum().backward();

        TensorAssert.assertThat(q.quantized().detach())
                .isIdenticalTo(codebook.lookup(q.codes()).detach());
        TensorAssert.assertThat(g.get(z)).isIdenticalTo(weights);
        assertThat(g.has(part(codebook, "weight"))).isFalse(); // vectors learn by their own term alone
    }

    @Test
    void movingAveragesFollowAStepByHand() {
        NearestCodebook codebook =
                of(Config.paper(3, 1).withLearning(ema(0.8, 0)), Tensor.of(new float[] {0, 10, 20}, 3, 1));
        Tensor z = Tensor.of(new float[] {1, 2, 3, 12}, 1, 2, 2, 1);

        Quantization q = codebook.quantize(z, 0, Rng.of(0));
        codebook.learn(z, q, Rng.of(0));

        assertThat(q.codes().toInts()).containsExactly(0, 0, 0, 1);
        // N = 0.8·1 + 0.2·n, n = 3, 1, 0; m = 0.8·e + 0.2·Σz, Σz = 6, 12, 0
        TensorAssert.assertThat(part(codebook, "cluster_size")).isCloseTo(new double[] {1.4, 1.0, 0.8}, 0, 1e-6);
        TensorAssert.assertThat(part(codebook, "embed_avg")).isCloseTo(new double[] {1.2, 10.4, 16}, 0, 1e-5);
        TensorAssert.assertThat(part(codebook, "weight"))
                .isCloseTo(new double[] {1.2 / 1.4, 10.4, 20}, 1e-4, 0); // counts smoothed by 1e-5
        assertThat(q.terms()).extracting(Quantization.Term::name).containsExactly("commitment");
    }

    @Test
    void averagedVectorsAreNoParameters() {
        assertThat(Config.paper(3, 1).make(Rng.of(0)).parameters()).containsOnlyKeys("embedding.weight");
        assertThat(Config.lively(3, 1).make(Rng.of(0)).parameters()).isEmpty();
    }

    @Test
    void codesThatNobodyUsesRestartAtLatentsOfTheBatch() {
        for (Learning learning : new Learning[] {ema(0.5, 0.6), new Learning(Rule.LOSS, 0.5, Start.UNIFORM, 0.6)}) {
            NearestCodebook codebook =
                    of(Config.paper(3, 1).withLearning(learning), Tensor.of(new float[] {0, 100, 200}, 3, 1));
            Tensor z = Tensor.of(new float[] {-1, 1, -1, 1}, 1, 2, 2, 1);

            codebook.learn(z, codebook.quantize(z, 0, Rng.of(0)), Rng.of(7));

            float[] vectors = part(codebook, "weight").toFloats();
            assertThat(vectors[0]).isCloseTo(0f, within(1e-5f)); // in use: it stays
            assertThat(Math.abs(vectors[1])).isEqualTo(1f);
            assertThat(Math.abs(vectors[2])).isEqualTo(1f);
            TensorAssert.assertThat(part(codebook, "cluster_size")).isCloseTo(new double[] {2.5, 0.6, 0.6}, 1e-6, 0);
        }
    }

    @Test
    void restartedCodesStayWhereTheyAreInTheNextAverage() {
        NearestCodebook codebook =
                of(Config.paper(2, 1).withLearning(ema(0.5, 0.6)), Tensor.of(new float[] {0, 100}, 2, 1));
        Tensor z = Tensor.of(new float[] {8, 8}, 1, 1, 2, 1);
        codebook.learn(z, codebook.quantize(z, 0, Rng.of(0)), Rng.of(7));

        TensorAssert.assertThat(part(codebook, "embed_avg").slice(0, 1, 1)).hasValues(0.6f * 8);
    }

    @Test
    void kMeansFindClustersOfTheFirstBatch() {
        NearestCodebook codebook = Config.lively(3, 2).make(Rng.of(4));
        Tensor noise = latents(2, 3, 3, 2).mul(0.01); // 18 latents
        float[] centers = new float[36];
        for (int i = 0; i < 18; i++) {
            centers[2 * i] = i % 3 == 0 ? -5 : 5;
            centers[2 * i + 1] = i % 3 == 1 ? -5 : 5;
        }

        codebook.start(Tensor.of(centers, 2, 3, 3, 2).add(noise), Rng.of(9));

        float[] vectors = part(codebook, "weight").toFloats();
        List<String> rounded = IntStream.range(0, 3)
                .mapToObj(k -> Math.round(vectors[2 * k]) + " " + Math.round(vectors[2 * k + 1]))
                .toList();
        assertThat(rounded).containsExactlyInAnyOrder("-5 5", "5 -5", "5 5");
    }

    @Test
    void thePublishedStartIsNearZero() {
        float[] vectors = part(Config.paper(64, 8).make(Rng.of(0)), "weight").toFloats();

        for (float v : vectors) {
            assertThat(Math.abs(v)).isLessThanOrEqualTo(1f / 64);
        }
    }

    @Test
    void cosineCodesDependOnDirectionsOnly() {
        NearestCodebook codebook = Config.paper(9, 3).withCosine().make(Rng.of(2));
        Tensor z = latents(2, 3, 4, 3);

        assertThat(codebook.codes(z.mul(100)).toInts())
                .isEqualTo(codebook.codes(z).toInts());
        TensorAssert.assertThat(codebook.lookup(Tensor.arange(9).reshape(1, 3, 3))
                        .detach()
                        .norm(-1))
                .isCloseTo(new double[] {1, 1, 1, 1, 1, 1, 1, 1, 1}, 1e-5, 0);
    }

    @Test
    void cosineAveragesStayOnTheSphere() {
        NearestCodebook codebook =
                Config.lively(4, 3).withCosine().withLearning(ema(0.5, 0.1)).make(Rng.of(2));
        Tensor z = latents(2, 3, 4, 3).mul(3);

        codebook.learn(z, codebook.quantize(z, 0, Rng.of(0)), Rng.of(0));

        TensorAssert.assertThat(part(codebook, "weight").norm(-1)).isCloseTo(new double[] {1, 1, 1, 1}, 1e-5, 0);
    }

    @Test
    void configsSurviveTheirTree() {
        Config config = Config.lively(5, 2).withCosine().withCommitmentCost(0.1).withEstimator(Estimator.ROTATION);

        assertThat(CodebookConfig.ofTree(Json.object(Json.parse(Json.write(config.toTree())), "test")))
                .isEqualTo(config);
    }

    @Test
    void theHashTellsVectorsAndSettingsApartButNotUses() {
        NearestCodebook codebook = Config.lively(3, 1).make(Rng.of(1));
        String hash = codebook.hash();

        part(codebook, "cluster_size").assign(Tensor.of(new float[] {9, 9, 9}, 3));
        assertThat(codebook.hash()).isEqualTo(hash).hasSize(64);
        assertThat(Config.lively(3, 1).make(Rng.of(2)).hash()).isNotEqualTo(hash);
        assertThat(Config.lively(3, 1).withCosine().make(Rng.of(1)).hash()).isNotEqualTo(hash);
    }

    @Test
    void badInputIsRefusedWithNumbers() {
        NearestCodebook codebook = Config.lively(3, 2).make(Rng.of(1));

        assertThatThrownBy(() -> codebook.codes(latents(1, 2, 2, 3)))
                .hasMessage("Codebook: latents must be (B, h, w, 2), got [1, 2, 2, 3]");
        assertThatThrownBy(() -> codebook.checked(new CodeGrid(Tensor.of(new int[] {0, 2, 3, 1}, 1, 2, 2), 3)))
                .hasMessage("Codebook: codes must lie in [0, 3), got 3 at position 2 of grid [1, 2, 2]");
        assertThatThrownBy(() -> codebook.checked(new CodeGrid(Tensor.of(new int[] {0}, 1, 1, 1), 4)))
                .hasMessage("Codebook: grid must have codes of 3, got codes of 4");
        assertThatThrownBy(() -> Config.paper(0, 2))
                .hasMessage("NearestCodebook: size and width must be >= 1, got 0 and 2");
        assertThatThrownBy(() -> Config.paper(3, 2).withCommitmentCost(-1))
                .hasMessage("NearestCodebook: commitment cost must be >= 0, got -1.0");
        assertThatThrownBy(() -> ema(1, 0)).hasMessage("NearestCodebook: decay must lie in [0, 1), got 1.0");
        assertThatThrownBy(() -> ema(0.9, -1)).hasMessage("NearestCodebook: deadBelow must be >= 0, got -1.0");
    }
}
