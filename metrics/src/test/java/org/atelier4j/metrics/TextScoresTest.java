package org.atelier4j.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** {@link ClipScore} and {@link RPrecision}: pairs of embeddings of images and texts. */
class TextScoresTest {
    private final GoldenFile golden = GoldenFile.load("golden/features.safetensors");
    private final Tensor images = golden.tensor("texts.images");
    private final Tensor texts = golden.tensor("texts.texts");

    @Test
    void clipScoreEqualsItsFormula() {
        double expected = golden.tensor("texts.clip-score").item();

        assertThat(ClipScore.paper().measure(images, texts).mean()).isCloseTo(expected, within(1e-12));
        assertThat(ClipScore.paper().measure(images.mul(7), texts.mul(0.1)).mean())
                .isCloseTo(expected, within(1e-12));
    }

    @Test
    void clipScoreIsItsWeightForEqualEmbeddingsAndNothingForOpposites() {
        Estimate same = new ClipScore(100).measure(images, images);

        assertThat(same.mean()).isCloseTo(100, within(1e-10));
        assertThat(same.deviation()).isCloseTo(0, within(1e-10));
        assertThat(ClipScore.paper().measure(images, images.neg()).mean()).isZero();
    }

    @Test
    void anEmbeddingOfZerosFitsNothing() {
        assertThat(ClipScore.paper().measure(images.mul(0), texts).mean()).isZero();
    }

    @Test
    void rPrecisionAmongAllTextsEqualsNumPys() {
        Estimate e = new RPrecision(12).measure(images, texts, different(12), Rng.of(1));

        assertThat(e.mean()).isEqualTo(golden.tensor("texts.r-precision").item());
        assertThat(e.count()).isEqualTo(12);
    }

    @Test
    void rPrecisionOfPerfectEncodersIsOne() {
        Tensor x = Laws.normal(150, 8, 1);

        assertThat(RPrecision.paper().measure(x, x, different(150), Rng.of(1)).mean())
                .isEqualTo(1);
    }

    @Test
    void rPrecisionOfUnrelatedOrConstantEncodersIsChance() {
        Tensor x = Laws.normal(2000, 8, 1);
        RPrecision ten = new RPrecision(10);
        Estimate unrelated = ten.measure(x, Laws.normal(2000, 8, 2), different(2000), Rng.of(1));
        Estimate constant = ten.measure(x, Laws.normal(1, 8, 3).tile(0, 2000), different(2000), Rng.of(1));

        assertThat(unrelated.mean()).isCloseTo(0.1, within(4 * unrelated.standardError()));
        assertThat(constant.mean()).isCloseTo(0.1, within(1e-9));
    }

    @Test
    void textsThatMeanTheSameAreNoWrongCandidates() {
        Tensor x = Tensor.of(new double[] {1, 0, 1, 0, 0, 1}, 3, 2); // texts 0 and 1 are equal

        assertThat(new RPrecision(2)
                        .measure(x, x, new int[] {7, 7, 8}, Rng.of(1))
                        .mean())
                .isEqualTo(1);
    }

    @Test
    void badPairsAreRefused() {
        assertThatThrownBy(() -> ClipScore.paper().measure(images, texts.slice(0, 0, 5)))
                .hasMessage("ClipScore: there must be one text per image, got [12, 5] and [5, 5]");
        assertThatThrownBy(() -> ClipScore.paper().measure(images, texts.mul(Double.NaN)))
                .hasMessage("ClipScore: features must be finite, got NaN in the features of image 0");
        assertThatThrownBy(() -> new ClipScore(0)).hasMessage("ClipScore: weight must be > 0, got 0.0");
        assertThatThrownBy(() -> RPrecision.paper().measure(images, texts, different(12), Rng.of(1)))
                .hasMessage("RPrecision: at least 99 texts that differ from text 0 are needed, got 11");
        assertThatThrownBy(() -> new RPrecision(2).measure(images, texts, different(3), Rng.of(1)))
                .hasMessage("RPrecision: groups must have 12 entries, got 3");
        assertThatThrownBy(() -> new RPrecision(1)).hasMessage("RPrecision: candidates must be >= 2, got 1");
        assertThatThrownBy(() -> new RPrecision(3).measure(images, texts, new int[12], Rng.of(1)))
                .hasMessage("RPrecision: at least 2 texts that differ from text 0 are needed, got 0");
    }

    private static int[] different(int n) {
        return IntStream.range(0, n).toArray();
    }
}
