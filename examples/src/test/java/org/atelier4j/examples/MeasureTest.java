package org.atelier4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.OptionalDouble;
import org.atelier4j.metrics.Confusion;
import org.junit.jupiter.api.Test;

class MeasureTest {
    @Test
    void noiseIsTheDeviationBetweenSeedsIfThereAreSeveral() {
        Measure several = Measure.of("m", "lower", List.of(1.0, 3.0), OptionalDouble.of(9), OptionalDouble.empty());
        Measure one = Measure.of("m", "lower", List.of(1.0), OptionalDouble.of(9), OptionalDouble.empty());

        assertThat(several.mean()).isEqualTo(2);
        assertThat(several.noise().orElseThrow()).isEqualTo(Math.sqrt(2), within(1e-12));
        assertThat(one.noise()).hasValue(9);
    }

    @Test
    void theTableHasFourDigitsAndDashesWhereNothingWasMeasured() {
        StringWriter text = new StringWriter();
        Measure line = Measure.of("FD_FM", "lower", List.of(12.3456), OptionalDouble.empty(), OptionalDouble.of(0.4))
                .withChance(Confusion.of(2, new int[] {0, 0, 1, 1}, new int[] {0, 1, 1, 1}));
        MeasureTable.print(List.of(line), new PrintWriter(text));

        assertThat(text.toString()
                        .lines()
                        .skip(1)
                        .findFirst()
                        .orElseThrow()
                        .strip()
                        .split(" +"))
                .containsExactly("FD_FM", "12.35", "–", "0.400", "0.750", "±", "0.250", "lower");
    }
}
