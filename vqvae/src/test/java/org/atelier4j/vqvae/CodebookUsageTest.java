package org.atelier4j.vqvae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.train.StepReport;
import org.atelier4j.train.TrainingLength;
import org.atelier4j.train.TrainingProgress;
import org.junit.jupiter.api.Test;

class CodebookUsageTest {
    private static Tensor codes(int... codes) {
        return Tensor.of(codes, 1, 1, codes.length);
    }

    private static CodeCounts counts(int size, int... codes) {
        CodeCounts counts = new CodeCounts(size);
        counts.add(codes(codes));
        return counts;
    }

    private static void run(CodebookUsage usage, int firstStep, int[]... batches) {
        long step = firstStep;
        for (int[] batch : batches) {
            usage.add(codes(batch));
            step++;
            usage.stepped(new TrainingProgress(step, step, 0, TrainingLength.steps(100)), StepReport.of("loss", 0));
        }
    }

    @Test
    void perplexityIsKForEqualUseAndOneForASingleCode() {
        assertThat(counts(4, 0, 1, 2, 3, 3, 2, 1, 0).perplexity()).isCloseTo(4, within(1e-12));
        assertThat(counts(4, 2, 2, 2).perplexity()).isCloseTo(1, within(1e-12));
        assertThat(counts(4).perplexity()).isZero();
    }

    @Test
    void perplexityOfUnequalUseIsTheExponentialOfItsEntropy() {
        double entropy = 0.75 * Math.log(4 / 3.0) + 0.25 * Math.log(4);

        assertThat(counts(8, 1, 1, 1, 5).perplexity()).isCloseTo(Math.exp(entropy), within(1e-12));
    }

    @Test
    void deadCodesAreThoseNeverChosen() {
        CodeCounts counts = counts(5, 0, 0, 4);

        assertThat(counts.dead()).isEqualTo(3);
        assertThat(counts.used()).isCloseTo(0.4, within(1e-12));
        assertThat(counts.count(0)).isEqualTo(2);
        assertThat(counts.total()).isEqualTo(3);
    }

    @Test
    void anEpochCountsAllItsBatchesAndTheNextBeginsAnew() {
        CodebookUsage usage = new CodebookUsage(4, 2);

        run(usage, 0, new int[] {0, 0}, new int[] {1, 1});
        assertThat(usage.epoch().used()).isEqualTo(0.5); // each batch used a quarter

        run(usage, 2, new int[] {3, 3});
        assertThat(usage.epoch().used()).isEqualTo(0.5); // the last whole epoch
        run(usage, 3, new int[] {3, 3});
        assertThat(usage.epoch().used()).isEqualTo(0.25);
    }

    @Test
    void theFirstEpochTellsOfItsBatchesSoFar() {
        CodebookUsage usage = new CodebookUsage(4, 10);

        run(usage, 0, new int[] {0, 1, 2});

        assertThat(usage.epoch().used()).isEqualTo(0.75);
    }

    @Test
    void aResumedRunCountsOn() {
        int[][] batches = {{0}, {1}, {2}, {3}, {3}, {2}};
        CodebookUsage unbroken = new CodebookUsage(4, 4);
        run(unbroken, 0, batches);

        CodebookUsage first = new CodebookUsage(4, 4);
        run(first, 0, batches[0], batches[1], batches[2]);
        CodebookUsage second = new CodebookUsage(4, 4);
        second.load(first.state());
        run(second, 3, batches[3], batches[4], batches[5]);

        for (String name : unbroken.state().keySet()) {
            assertThat(numbers(second.state(), name)).isEqualTo(numbers(unbroken.state(), name));
        }
        assertThat(second.epoch().perplexity()).isCloseTo(4, within(1e-12));
    }

    private static double[] numbers(Map<String, Tensor> state, String name) {
        Tensor tensor = state.get(name);
        return tensor == null ? new double[0] : tensor.toDoubles();
    }

    @Test
    void countsOfAnotherCodebookAreRefused() {
        assertThatThrownBy(() -> new CodebookUsage(4, 1).load(new CodebookUsage(5, 1).state()))
                .hasMessageContaining("shape of running: file [5], model [4]");
        assertThatThrownBy(() -> new CodebookUsage(4, 0))
                .hasMessage("CodebookUsage: batches per epoch must be >= 1, got 0");
    }
}
