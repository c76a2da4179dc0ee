package org.atelier4j.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InceptionScoreTest {
    private final GoldenFile golden = GoldenFile.load("golden/features.safetensors");

    @ParameterizedTest
    @ValueSource(ints = {1, 10})
    void equalsTorchFidelity(int splits) {
        double[] expected = golden.tensor("inception." + splits).toDoubles();

        Estimate score = new InceptionScore(splits).ofLogits(golden.tensor("inception.logits"));

        assertThat(score.mean()).isCloseTo(expected[0], within(1e-12));
        assertThat(score.deviation()).isCloseTo(expected[1], within(1e-12));
        assertThat(score.count()).isEqualTo(splits);
    }

    @Test
    void logProbabilitiesScoreAsLogitsDo() {
        Tensor logits = golden.tensor("inception.logits");
        InceptionScore score = InceptionScore.paper();

        assertThat(score.ofLogits(logits.logSoftmax(1)).mean())
                .isCloseTo(score.ofLogits(logits).mean(), within(1e-12));
    }

    @Test
    void sureAnswersOfEachClassScoreTheNumberOfClasses() {
        Tensor logits = Tensor.eye(6).mul(2000); // exp(2000) must not overflow

        assertThat(new InceptionScore(1).ofLogits(logits).mean()).isCloseTo(6, within(1e-9));
    }

    @Test
    void oneAnswerToEverythingScoresOne() {
        assertThat(new InceptionScore(2).ofLogits(Tensor.zeros(10, 6)).mean()).isCloseTo(1, within(1e-12));
        Tensor sure = Tensor.zeros(10, 1).concat(Tensor.zeros(10, 3).sub(500), 1);
        assertThat(new InceptionScore(2).ofLogits(sure).mean()).isCloseTo(1, within(1e-12));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void liesBetweenOneAndTheNumberOfClasses(long seed) {
        Tensor logits = Laws.normal(40, 5, seed).mul(Math.pow(10, seed - 2));

        assertThat(new InceptionScore(4).ofLogits(logits).mean()).isBetween(1.0, 5.0);
    }

    @Test
    void imagesSortedByClassAreShuffledFirst() {
        PatchNet net = new PatchNet(1, 6, 6);
        float[] rows = new float[600 * 6];
        for (int i = 0; i < 600; i++) {
            rows[i * 6 + i / 100] = 50; // one feature after the other
        }
        FeatureBank sorted = FeatureBank.of(net.name(), net.hash(), Tensor.of(rows, 600, 6));
        double inOrder =
                InceptionScore.paper().ofLogits(net.logits(sorted.rows())).mean();

        double shuffled = InceptionScore.paper().measure(net, sorted, Rng.of(1)).mean();

        assertThat(inOrder).isLessThan(2.1);
        assertThat(shuffled).isGreaterThan(1.5 * inOrder);
        assertThat(InceptionScore.paper().measure(net, sorted, Rng.of(1)).mean())
                .isEqualTo(shuffled);
    }

    @Test
    void fewerImagesThanPartsAndOtherNetworksAreRefused() {
        assertThatThrownBy(() -> InceptionScore.paper().ofLogits(Tensor.zeros(9, 4)))
                .hasMessage("InceptionScore: at least 10 images are needed, got 9");
        assertThatThrownBy(() -> new InceptionScore(0)).hasMessage("InceptionScore: splits must be >= 1, got 0");
        assertThatThrownBy(() ->
                        InceptionScore.paper().ofLogits(Laws.normal(10, 3, 1).mul(Double.NaN)))
                .hasMessage("InceptionScore: features must be finite, got NaN in the features of image 0");
        assertThatThrownBy(() -> InceptionScore.paper().measure(new PatchNet(1, 6, 6), Laws.bank(20, 6, 1), Rng.of(1)))
                .hasMessage("InceptionScore: both sets of features must come from one network, got patch-net"
                        + " (0123456789ab) and test (no hash)");
    }
}
