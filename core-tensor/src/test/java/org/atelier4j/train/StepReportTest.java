package org.atelier4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.DeviceScope;
import org.atelier4j.tensor.device.cuda.Emulator;
import org.junit.jupiter.api.Test;

class StepReportTest {

    @Test
    void numbersKeepTheirOrder() {
        StepReport report =
                StepReport.of("loss", Tensor.scalar(0.5)).with("b", 2).with("a", () -> 3);
        assertThat(report.scalars().toString()).isEqualTo("{loss=0.5, b=2.0, a=3.0}");
        assertThat(StepReport.empty().scalars()).isEmpty();
    }

    @Test
    void numbersOnACardOutliveTheStep() {
        StepReport report;
        try (DeviceScope there = DeviceScope.open(Emulator.device())) {
            Tensor weight = Tensor.scalar(1);
            try (TensorScope scope = TensorScope.open()) {
                report = StepReport.of("loss", weight.add(1.5)).with("weight", weight);
            }
            weight.assign(Tensor.scalar(7));
        }
        assertThat(report.scalars()).containsEntry("loss", 2.5).containsEntry("weight", 1.0);
    }

    @Test
    void aReportIsOfSingleNumbers() {
        assertThatThrownBy(() -> StepReport.of("loss", Tensor.zeros(2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("StepReport: loss must be one number, got shape [2]");
    }
}
