package org.atelier4j.vqvae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class AdversarialStartTest {

    @Test
    void theDiscriminatorLearnsFirstAndThenItsPartGrowsInAStraightLine() {
        AdversarialStart start = new AdversarialStart(10, 20, 24);

        assertThat(start.isLearning(9)).isFalse();
        assertThat(start.isLearning(10)).isTrue();
        assertThat(start.part(19)).isEqualTo(0);
        assertThat(start.part(20)).isCloseTo(0.2, within(1e-12));
        assertThat(start.part(23)).isCloseTo(0.8, within(1e-12));
        assertThat(start.part(24)).isEqualTo(1);
        assertThat(start.part(1000)).isEqualTo(1);
    }

    @Test
    void aSuddenStartHasNothingBetweenNoneAndAll() {
        AdversarialStart start = AdversarialStart.sudden(50);

        assertThat(start.isLearning(49)).isFalse();
        assertThat(start.part(49)).isEqualTo(0);
        assertThat(start.isLearning(50)).isTrue();
        assertThat(start.part(50)).isEqualTo(1);
    }

    @Test
    void theMessageSaysWhatMustHold() {
        assertThatThrownBy(() -> new AdversarialStart(5, 4, 9))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("AdversarialStart: 0 <= learns <= counts <= full must hold, got 5, 4 and 9");
    }
}
