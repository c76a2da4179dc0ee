package org.atelier4j.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.metrics.SyncDistance.Result;
import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

class SyncDistanceTest {

    @Test
    void equalsNumPys() {
        GoldenFile golden = GoldenFile.load("golden/features.safetensors");
        double[] expected = golden.tensor("sync.result").toDoubles();

        Result r = new SyncDistance(5).measure(golden.tensor("sync.video"), golden.tensor("sync.audio"));

        assertThat(r.distance()).isCloseTo(expected[0], within(1e-12));
        assertThat(r.confidence()).isCloseTo(expected[1], within(1e-12));
        assertThat(r.offset()).isEqualTo(2).isEqualTo((int) expected[2]);
    }

    @Test
    void aSequenceKeepsStepWithItself() {
        Tensor x = Laws.normal(60, 4, 1);
        Result r = SyncDistance.paper().measure(x, x);

        assertThat(r.distance()).isZero();
        assertThat(r.offset()).isZero();
        assertThat(r.confidence()).isGreaterThan(2);
    }

    @Test
    void unrelatedSequencesHaveLittleConfidence() {
        Result related = SyncDistance.paper().measure(Laws.normal(200, 4, 1), Laws.normal(200, 4, 1));
        Result unrelated = SyncDistance.paper().measure(Laws.normal(200, 4, 1), Laws.normal(200, 4, 2));

        assertThat(unrelated.confidence()).isLessThan(0.15 * related.confidence());
    }

    @Test
    void sequencesMustBeLongEnoughAndOfOneLength() {
        assertThatThrownBy(() -> SyncDistance.paper().measure(Laws.normal(15, 2, 1), Laws.normal(15, 2, 1)))
                .hasMessage("SyncDistance: both sequences must have one length > 15, got [15, 2] and [15, 2]");
        assertThatThrownBy(() -> new SyncDistance(0)).hasMessage("SyncDistance: reach must be >= 1, got 0");
    }
}
