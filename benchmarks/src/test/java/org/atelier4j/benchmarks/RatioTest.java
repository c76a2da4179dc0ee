package org.atelier4j.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class RatioTest {

    @Test
    void aMachineThatSlowsDownDoesNotWidenThePairedInterval() {
        Ratio ratio = Ratio.paired(List.of(2.0, 4.0, 8.0), List.of(1.0, 2.0, 4.0));
        assertThat(ratio.value()).isCloseTo(2, within(1e-12));
        assertThat(ratio.high() - ratio.low()).isCloseTo(0, within(1e-12));
    }

    @Test
    void pairedIntervalIsStudentsOfTheLogarithms() {
        // logarithms ±0.1 around log 3: standard error 0.1, and 12.7062 is the 97.5 % point for one degree of freedom
        Ratio ratio = Ratio.paired(List.of(3 * Math.exp(0.1), 3 * Math.exp(-0.1)), List.of(1.0, 1.0));
        assertThat(ratio.value()).isCloseTo(3, within(1e-9));
        assertThat(Math.log(ratio.high() / 3)).isCloseTo(0.1 * 12.7062047, within(1e-6));
        assertThat(Math.log(ratio.low() / 3)).isCloseTo(-0.1 * 12.7062047, within(1e-6));
    }

    @Test
    void unpairedIntervalIsWelchs() {
        // equal spreads and counts: two degrees of freedom, 4.3027 is the 97.5 % point, squared errors add
        List<Double> own = List.of(Math.exp(-0.1), Math.exp(0.1));
        List<Double> other = List.of(2 * Math.exp(-0.1), 2 * Math.exp(0.1));
        Ratio ratio = Ratio.unpaired(other, own);
        assertThat(ratio.value()).isCloseTo(2, within(1e-9));
        assertThat(Math.log(ratio.high() / 2)).isCloseTo(4.30265273 * Math.sqrt(0.02), within(1e-6));
    }

    @Test
    void unpairedDoesNotNeedAsManyTimesOfBoth() {
        Ratio ratio = Ratio.unpaired(List.of(5.0, 5.0, 5.0), List.of(2.0, 2.0));
        assertThat(ratio).isEqualTo(new Ratio(ratio.value(), ratio.value(), ratio.value()));
        assertThat(ratio.value()).isCloseTo(2.5, within(1e-12));
    }

    @Test
    void theMeanOfRatiosIsGeometricAndItsErrorFallsWithTheirNumber() {
        Ratio one = new Ratio(2, 2 / Math.exp(0.2), 2 * Math.exp(0.2));
        Ratio two = new Ratio(8, 8 / Math.exp(0.2), 8 * Math.exp(0.2));
        Ratio mean = Ratio.mean(List.of(one, two));
        assertThat(mean.value()).isCloseTo(4, within(1e-12));
        assertThat(Math.log(mean.high() / 4)).isCloseTo(0.2 / Math.sqrt(2), within(1e-12));
        assertThat(Math.log(mean.low() / 4)).isCloseTo(-0.2 / Math.sqrt(2), within(1e-12));
    }

    @Test
    void medianIsTheMiddle() {
        assertThat(Ratio.median(List.of(9.0, 1.0, 4.0))).isEqualTo(4);
        assertThat(Ratio.median(List.of(9.0, 1.0, 4.0, 6.0))).isEqualTo(5);
    }

    @Test
    void pairsMustBeComplete() {
        assertThatThrownBy(() -> Ratio.paired(List.of(1.0, 2.0), List.of(1.0)))
                .hasMessage("ratio: there must be as many times of both, at least 2, got 2 and 1");
    }
}
