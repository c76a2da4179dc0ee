package org.atelier4j.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

class ConditionTest {

    @Test
    void labelsAreDroppedWithTheGivenProbability() {
        Condition all = Condition.labels(new int[10_000]);
        Condition some = all.dropped(Condition.labels(10), 0.1, Rng.of(1));

        int[] labels = some.labels().toInts();
        long dropped = Arrays.stream(labels).filter(l -> l == 10).count();
        assertThat(dropped / 10_000.0).isCloseTo(0.1, within(0.012));
        assertThat(Arrays.stream(labels).filter(l -> l != 10)).allMatch(l -> l == 0);
        assertThat(all.dropped(Condition.labels(10), 0, Rng.of(1))).isSameAs(all);
        assertThat(all.dropped(Condition.labels(10), 1, Rng.of(1)).labels().toInts())
                .containsOnly(10);
    }

    @Test
    void aContextIsDroppedAsAWhole() {
        Condition all = Condition.context(Tensor.ones(100, 3, 2), null);
        Condition some = all.dropped(Condition.context(Tensor.zeros(1, 3, 2), null), 0.5, Rng.of(1));

        double[] kept = some.context().mean(1, 2).toDoubles();
        assertThat(kept).contains(0.0, 1.0);
        assertThat(Arrays.stream(kept)).allMatch(v -> v == 0 || v == 1);
    }

    @Test
    void conditionsJoinRepeatAndSplit() {
        Condition joined = Condition.labels(1, 2).concat(Condition.labels(7).repeated(2));

        assertThat(joined.labels().toInts()).containsExactly(1, 2, 7, 7);
        assertThat(joined.slice(1, 2).labels().toInts()).containsExactly(2, 7);
        assertThat(Condition.none().repeated(5).isNone()).isTrue();
        assertThat(Condition.none().concat(Condition.none()).isNone()).isTrue();
    }

    @Test
    void errorsNameTheShapes() {
        assertThatThrownBy(() -> Condition.labels(Tensor.of(new float[] {1}, 1)))
                .hasMessage("Condition: labels: dtype must be INT32, got FLOAT32 for shape [1]");
        assertThatThrownBy(() -> Condition.context(Tensor.zeros(2, 3), null))
                .hasMessage("Condition: context: shape must be (B, T, D), got [2, 3]");
        assertThatThrownBy(() -> Condition.context(Tensor.zeros(2, 3, 4), Tensor.of(new boolean[6], 3, 2)))
                .hasMessage("Condition: contextMask must be (B, T) = [2, 3], got [3, 2]");
        assertThatThrownBy(() -> new Condition(Tensor.of(new int[] {1}, 1), Tensor.zeros(2, 3, 4), null))
                .hasMessage("Condition: labels and context must be for the same images, got [1] and [2, 3, 4]");
        assertThatThrownBy(() -> Condition.labels(1, 2).checkedFor(3))
                .hasMessage("Condition: must be for 3 images, got 2");
        assertThatThrownBy(() -> Condition.labels(1, 2).concat(Condition.none()))
                .hasMessage("Condition: both must have labels or neither, got [2] and none");
        assertThat(Shape.of(2)).isEqualTo(Condition.labels(1, 2).labels().shape());
    }
}
