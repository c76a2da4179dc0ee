package org.atelier4j.autoregressive.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.atelier4j.autoregressive.Canvas;
import org.atelier4j.autoregressive.CodeSpace;
import org.atelier4j.autoregressive.Decoding;
import org.atelier4j.autoregressive.DrawingListener;
import org.atelier4j.autoregressive.TokenSampler;
import org.atelier4j.model.CodeGrid;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TransformerPriorTest {
    private static final CodeSpace SPACE = new CodeSpace(7, 3, 4, 2);
    private static final Decoding PLAIN = Decoding.standard();
    private static final DrawingListener SILENT = DrawingListener.silent();

    private final TransformerPrior prior = new TransformerPrior(Networks.causal(SPACE, Networks.LEARNED, 1));

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theProbabilitiesOfAllGridsSumToOne(boolean rotary) {
        CodeSpace tiny = new CodeSpace(3, 2, 3, 1); // 3⁶ = 729 grids
        TransformerPrior all =
                new TransformerPrior(Networks.causal(tiny, rotary ? Networks.ROTARY : Networks.LEARNED, 2));
        int count = 729;
        int[] codes = new int[count * 6];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = i / 6 / (int) Math.pow(3, i % 6) % 3;
        }
        CodeGrid grid = new CodeGrid(Tensor.of(codes, count, 2, 3), 3);
        for (int label = 0; label <= 1; label++) {
            int[] labels = new int[count];
            Arrays.fill(labels, label);
            double sum = 0;
            for (double log : all.logLikelihoods(grid, Networks.labels(labels))) {
                sum += Math.exp(log);
            }
            assertThat(sum).isCloseTo(1, within(1e-6));
        }
    }

    @Test
    void theLossIsTheMeanNegativeLogLikelihoodPerCode() {
        CodeGrid grid = Networks.grid(SPACE, 5, 3);
        Tensor labels = Networks.labels(0, 1, 2, 1, 0);
        double sum = 0;
        for (double log : prior.logLikelihoods(grid, labels)) {
            sum -= log;
        }

        assertThat(prior.loss(grid, labels, Rng.of(1)).item()).isCloseTo(sum / 5 / 12, within(1e-5));
    }

    /** Draws follow the model: the frequencies of all 9 grids of two codes are their likelihoods. */
    @Test
    void drawsHaveTheFrequenciesThatTheLikelihoodSays() {
        CodeSpace tiny = new CodeSpace(3, 1, 2, 1);
        TransformerPrior small = new TransformerPrior(Networks.causal(tiny, Networks.LEARNED, 5));
        int count = 4000;
        CodeGrid drawn = small.draw(Canvas.blank(1, 2, new int[count]), PLAIN, Networks.streams(1, 0, count), SILENT);
        double[] share = new double[9];
        int[] codes = drawn.codes().toInts();
        for (int i = 0; i < count; i++) {
            share[codes[2 * i] * 3 + codes[2 * i + 1]] += 1.0 / count;
        }
        int[] every = {0, 0, 0, 1, 0, 2, 1, 0, 1, 1, 1, 2, 2, 0, 2, 1, 2, 2};
        double[] logs = small.logLikelihoods(new CodeGrid(Tensor.of(every, 9, 1, 2), 3), Networks.labels(new int[9]));
        for (int i = 0; i < 9; i++) {
            double p = Math.exp(logs[i]);
            assertThat(share[i]).isCloseTo(p, within(4 * Math.sqrt(p * (1 - p) / count)));
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1.5})
    void anImageIsTheSameInABatchOfAnySize(double guidance) {
        Decoding decoding = PLAIN.withSampler(TokenSampler.plain().withTopP(0.9).withGuidanceScale(guidance));
        int[] labels = {0, 1, 2, 1, 0, 0, 1};
        Tensor together = prior.draw(Canvas.blank(3, 4, labels), decoding, Networks.streams(9, 0, 7), SILENT)
                .codes();

        for (int i = 0; i < 7; i++) {
            Tensor alone = prior.draw(Canvas.blank(3, 4, labels[i]), decoding, Networks.streams(9, i, 1), SILENT)
                    .codes();
            TensorAssert.assertThat(alone).isEqualTo(together.slice(0, i, 1));
        }
    }

    @Test
    void guidanceOfTheUnconditionalClassChangesNothing() {
        Decoding guided = PLAIN.withSampler(TokenSampler.plain().withGuidanceScale(2));
        Canvas canvas = Canvas.blank(3, 4, SPACE.noClass(), SPACE.noClass());

        TensorAssert.assertThat(prior.draw(canvas, guided, Networks.streams(3, 0, 2), SILENT)
                        .codes())
                .isEqualTo(prior.draw(canvas, PLAIN, Networks.streams(3, 0, 2), SILENT)
                        .codes());
    }

    /** With one code allowed, drawing is the greedy search that can be written down in two lines. */
    @ParameterizedTest
    @ValueSource(doubles = {0, 2})
    void greedyDrawingIsTheArgMaxOfUncachedGuidedLogits(double guidance) {
        CausalTransformer network = Networks.causal(SPACE, Networks.ROTARY, 7);
        TokenSampler sampler = TokenSampler.plain().withTopK(1).withGuidanceScale(guidance);
        int[] expected = new int[12];
        for (int i = 0; i < 12; i++) {
            Tensor first = Tensor.of(expected, 1, 12).slice(1, 0, i);
            Tensor with = network.forward(Networks.labels(1), first).select(1, i);
            Tensor without = network.forward(Networks.labels(2), first).select(1, i);
            expected[i] =
                    with.mul(1 + guidance).sub(without.mul(guidance)).argMax(1).toInts()[0];
        }

        int[] drawn = new TransformerPrior(network)
                .draw(Canvas.blank(3, 4, 1), PLAIN.withSampler(sampler), Networks.streams(1, 0, 1), SILENT)
                .codes()
                .toInts();

        assertThat(drawn).isEqualTo(expected);
    }

    @Test
    void givenCodesStayAndTheRestContinuesThem() {
        Tensor codes = Networks.grid(SPACE, 2, 8).codes();
        boolean[] known = new boolean[24];
        for (int i = 0; i < 24; i++) {
            known[i] = i % 12 < 5 || i == 10; // image 0 has one more, which is not the next in turn
        }
        Canvas canvas = new Canvas(Networks.labels(0, 1), codes, Tensor.of(known, 2, 3, 4));
        int[] first = prior.draw(canvas, PLAIN, Networks.streams(1, 0, 2), SILENT)
                .codes()
                .toInts();
        int[] given = codes.toInts();
        for (int i = 0; i < 24; i++) {
            if (known[i]) {
                assertThat(first[i]).isEqualTo(given[i]);
            }
        }
        for (int i = 0; i < 5; i++) {
            given[i] = (given[i] + 3) % 7;
        }
        Canvas other = new Canvas(Networks.labels(0, 1), Tensor.of(given, 2, 3, 4), Tensor.of(known, 2, 3, 4));
        int[] second = prior.draw(other, PLAIN, Networks.streams(1, 0, 2), SILENT)
                .codes()
                .toInts();

        assertThat(Arrays.copyOfRange(second, 5, 12)).isNotEqualTo(Arrays.copyOfRange(first, 5, 12));
        assertThat(Arrays.copyOfRange(second, 12, 24)).isEqualTo(Arrays.copyOfRange(first, 12, 24));
    }

    @Test
    void progressIsToldAndDrawingCanBeStopped() {
        List<Integer> steps = new ArrayList<>();
        prior.draw(
                Canvas.blank(3, 4, 0), PLAIN, Networks.streams(1, 0, 1), p -> steps.add(p.step()) && p.steps() == 12);
        assertThat(steps).hasSize(12).startsWith(1, 2).endsWith(12);

        List<Integer> open = new ArrayList<>();
        assertThatThrownBy(() -> prior.draw(Canvas.blank(3, 4, 0), PLAIN, Networks.streams(1, 0, 1), p -> {
                    for (int code : p.codes().toInts()) {
                        open.add(code);
                    }
                    return p.step() < 3;
                }))
                .isInstanceOf(CancellationException.class)
                .hasMessage("drawing was stopped after step 3 of 12");
        assertThat(open.subList(27, 36)).containsOnly(-1);
        assertThat(open.subList(24, 27)).doesNotContain(-1);
    }

    @Test
    void errorsNameTheNumbers() {
        assertThatThrownBy(() -> prior.draw(Canvas.blank(3, 3, 0), PLAIN, Networks.streams(1, 0, 1), SILENT))
                .hasMessage("TransformerPrior: grids must be at least 3 x 4 codes, as trained, got 3 x 3");
        assertThatThrownBy(() -> prior.draw(Canvas.blank(3, 4, 3), PLAIN, Networks.streams(1, 0, 1), SILENT))
                .hasMessage("TransformerPrior: labels must lie in [0, 2], where 2 is no class, got 3");
        assertThatThrownBy(() -> prior.draw(Canvas.blank(3, 4, 0), PLAIN, Networks.streams(1, 0, 2), SILENT))
                .hasMessage("TransformerPrior: there must be one stream for each of 1 images, got 2");
        CodeGrid wrong = new CodeGrid(Tensor.of(new int[] {7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 1, 3, 4), 7);
        assertThatThrownBy(() -> prior.logLikelihoods(wrong, Networks.labels(0)))
                .hasMessage("TransformerPrior: codes must lie in [0, 7), got 7");
        CodeGrid large = new CodeGrid(Rng.of(1).integers(7, Shape.of(1, 4, 4)), 7);
        assertThatThrownBy(() -> prior.logLikelihoods(large, Networks.labels(0)))
                .hasMessage("TransformerPrior: grids must be 3 x 4 codes, as trained, got 4 x 4");
        assertThatThrownBy(() -> prior.logLikelihoods(new CodeGrid(large.codes(), 9), Networks.labels(0)))
                .hasMessage("TransformerPrior: grids must be over 7 codes, got 9");
    }
}
