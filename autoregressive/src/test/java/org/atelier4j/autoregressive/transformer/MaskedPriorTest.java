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
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MaskedPriorTest {
    private static final CodeSpace SPACE = new CodeSpace(7, 3, 4, 2);
    private static final Decoding PLAIN = Decoding.standard().withSteps(4);
    private static final DrawingListener SILENT = DrawingListener.silent();

    private final MaskedTransformer network = Networks.masked(SPACE, Networks.LEARNED, 1);
    private final MaskedPrior prior = new MaskedPrior(network);

    /** A whole mask, one round: the model says all codes independently. */
    @Test
    void oneRoundDrawsEachCodeFromItsOwnLaw() {
        int count = 3000;
        int[] labels = new int[count];
        Tensor logits = network.forward(Networks.labels(0), Tensor.full(7, DType.INT32, Shape.of(1, 12)));
        double[] law = logits.softmax(-1).toDoubles(); // (1, n, K)
        int[] codes = prior.draw(Canvas.blank(3, 4, labels), PLAIN.withSteps(1), Networks.streams(5, 0, count), SILENT)
                .codes()
                .toInts();
        double[] share = new double[12 * 7];
        for (int i = 0; i < codes.length; i++) {
            share[i % 12 * 7 + codes[i]] += 1.0 / count;
        }
        for (int i = 0; i < share.length; i++) {
            assertThat(share[i]).isCloseTo(law[i], within(4.5 * Math.sqrt(law[i] * (1 - law[i]) / count) + 1e-4));
        }
    }

    @Test
    void roundsSettleAsManyCodesAsTheScheduleSaysAndNeverChangeThem() {
        List<int[]> states = new ArrayList<>();
        int[] last = prior.draw(
                        Canvas.blank(3, 4, 1),
                        PLAIN,
                        Networks.streams(2, 0, 1),
                        p -> states.add(p.codes().toInts()))
                .codes()
                .toInts();
        assertThat(states).hasSize(4);
        for (int t = 0; t < 4; t++) {
            int open = 0;
            for (int i = 0; i < 12; i++) {
                int code = states.get(t)[i];
                open += code < 0 ? 1 : 0;
                if (code >= 0) {
                    assertThat(last[i]).isEqualTo(code);
                }
            }
            assertThat(open).isEqualTo(MaskSchedule.remaining(12, t + 1, 4));
        }
    }

    /** Without noise and with one code allowed, the rounds can be written down: argmax, and keep the most probable. */
    @ParameterizedTest
    @ValueSource(doubles = {0, 1.5})
    void surestCodesStay(double guidance) {
        TokenSampler sampler = TokenSampler.plain().withTemperature(1e-3).withGuidanceScale(guidance);
        // at this temperature the draw is the argmax, and its confidence is ordered by the gap to the second
        int[] tokens = new int[12];
        Arrays.fill(tokens, 7);
        for (int t = 1; t <= 3; t++) {
            Tensor with = network.forward(Networks.labels(0), Tensor.of(tokens, 1, 12));
            Tensor without = network.forward(Networks.labels(2), Tensor.of(tokens, 1, 12));
            Tensor logits = with.mul(1 + guidance).sub(without.mul(guidance)).reshape(12, 7);
            double[] sure = new double[12];
            int[] best = logits.argMax(1).toInts();
            double[][] laws = sampler.laws(logits);
            for (int i = 0; i < 12; i++) {
                sure[i] = tokens[i] < 7 ? -1 : laws[i][best[i]];
            }
            int settle = MaskSchedule.remaining(12, t - 1, 3) - MaskSchedule.remaining(12, t, 3);
            for (int k = 0; k < settle; k++) {
                int surest = 0;
                for (int i = 1; i < 12; i++) {
                    surest = sure[i] > sure[surest] ? i : surest;
                }
                tokens[surest] = best[surest];
                sure[surest] = -1;
            }
        }

        Decoding decoding = new Decoding(sampler, 3, 0);
        assertThat(prior.draw(Canvas.blank(3, 4, 0), decoding, Networks.streams(1, 0, 1), SILENT)
                        .codes()
                        .toInts())
                .isEqualTo(tokens);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 12, 16})
    void anImageIsTheSameInABatchOfAnySize(int steps) {
        int[] labels = {0, 1, 2, 1, 0};
        boolean[] known = new boolean[60];
        for (int i = 0; i < 60; i++) {
            known[i] = i % 12 < 2 * (i / 12); // image i has 2i known codes, so all have different numbers of rounds
        }
        Canvas canvas =
                new Canvas(Networks.labels(labels), Networks.grid(SPACE, 5, 4).codes(), Tensor.of(known, 5, 3, 4));
        Decoding decoding = Decoding.standard().withSteps(steps);
        Tensor together =
                prior.draw(canvas, decoding, Networks.streams(9, 0, 5), SILENT).codes();

        for (int i = 0; i < 5; i++) {
            Tensor alone = prior.draw(canvas.slice(i, 1), decoding, Networks.streams(9, i, 1), SILENT)
                    .codes();
            TensorAssert.assertThat(alone).isEqualTo(together.slice(0, i, 1));
        }
    }

    @Test
    void givenCodesStayWhereverTheyAreAndInfluenceThoseBefore() {
        int[] codes = Networks.grid(SPACE, 1, 8).codes().toInts();
        boolean[] known = new boolean[12];
        known[11] = true;
        known[10] = true;
        known[9] = true;
        Decoding greedy = new Decoding(TokenSampler.plain().withTemperature(1e-3), 9, 0);
        boolean moved = false;
        int[] first = draw(codes, known, greedy);
        for (int change = 1; change < 7; change++) {
            int[] changed = codes.clone();
            changed[11] = (changed[11] + change) % 7;
            int[] other = draw(changed, known, greedy);
            assertThat(other[11]).isEqualTo(changed[11]);
            assertThat(other[10]).isEqualTo(codes[10]);
            moved |= !Arrays.equals(first, 0, 9, other, 0, 9);
        }
        assertThat(moved).isTrue();
    }

    private int[] draw(int[] codes, boolean[] known, Decoding decoding) {
        Canvas canvas = new Canvas(Networks.labels(1), Tensor.of(codes, 1, 3, 4), Tensor.of(known, 1, 3, 4));
        return prior.draw(canvas, decoding, Networks.streams(1, 0, 1), SILENT)
                .codes()
                .toInts();
    }

    @Test
    void trainingMasksFollowTheSchedule() {
        int images = 4000;
        int[] masked = prior.masks(images, Rng.of(3)).to(DType.INT32).toInts();
        double[] place = new double[12];
        double sum = 0;
        int least = 12;
        for (int b = 0; b < images; b++) {
            int count = 0;
            for (int i = 0; i < 12; i++) {
                count += masked[b * 12 + i];
                place[i] += (double) masked[b * 12 + i] / images;
            }
            least = Math.min(least, count);
            sum += (double) count / images;
        }
        double expected = 0; // of ⌈12 cos(πr/2)⌉: Σ_k P(count ≥ k) = Σ_k (2/π) arccos((k − 1)/12)
        for (int k = 1; k <= 12; k++) {
            expected += 2 / Math.PI * Math.acos((k - 1) / 12.0);
        }
        assertThat(least).isEqualTo(1);
        assertThat(sum).isCloseTo(expected, within(0.2));
        for (double share : place) {
            assertThat(share).isCloseTo(expected / 12, within(0.03));
        }
    }

    /** The loss is about hidden codes alone, and the network does not see them. */
    @Test
    void aHiddenCodeIsNotReadAndAVisibleOneNotScored() {
        int[] codes = Networks.grid(SPACE, 1, 8).codes().toInts();
        boolean[] masked = new boolean[12];
        masked[3] = true;
        masked[7] = true;
        double sum = 0;
        for (int code = 0; code < 7; code++) {
            int[] changed = codes.clone();
            changed[3] = code;
            double both = prior.loss(Tensor.of(changed, 1, 12), Networks.labels(0), Tensor.of(masked, 1, 12))
                    .item();
            int[] tokens = codes.clone();
            tokens[3] = 7;
            tokens[7] = 7;
            Tensor logs = network.forward(Networks.labels(0), Tensor.of(tokens, 1, 12))
                    .logSoftmax(-1)
                    .reshape(12, 7);
            double expected = -(logs.toDoubles()[3 * 7 + code] + logs.toDoubles()[7 * 7 + codes[7]]) / 2;
            assertThat(both).isCloseTo(expected, within(1e-5));
            sum += Math.exp(logs.toDoubles()[3 * 7 + code]);
        }
        assertThat(sum).isCloseTo(1, within(1e-5));
    }

    @Test
    void drawingCanBeStopped() {
        assertThatThrownBy(() -> prior.draw(Canvas.blank(3, 4, 0), PLAIN, Networks.streams(1, 0, 1), p -> p.step() < 2))
                .isInstanceOf(CancellationException.class)
                .hasMessage("drawing was stopped after step 2 of 4");
    }

    @Test
    void errorsNameTheNumbers() {
        assertThatThrownBy(() -> prior.draw(Canvas.blank(4, 4, 0), PLAIN, Networks.streams(1, 0, 1), SILENT))
                .hasMessage("MaskedPrior: grids must be 3 x 4 codes, as trained, got 4 x 4");
        assertThatThrownBy(() -> prior.draw(Canvas.blank(3, 4, -1), PLAIN, Networks.streams(1, 0, 1), SILENT))
                .hasMessage("MaskedPrior: labels must lie in [0, 2], where 2 is no class, got -1");
        assertThatThrownBy(() -> network.forward(Networks.labels(0), Tensor.full(0, DType.INT32, Shape.of(1, 11))))
                .hasMessage("MaskedTransformer: codes must be (B, n = 12), got [1, 11]");
        assertThatThrownBy(() -> new MaskedTransformer.Config(SPACE, Networks.LEARNED, 1))
                .hasMessage("MaskedTransformer: smoothing must lie in [0, 1), got 1.0");
    }
}
