package org.atelier4j.tensor.kernel.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.DeviceScope;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.device.cuda.Emulator;
import org.atelier4j.tensor.kernel.UpdateRule;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How many tensors go with one launch: few where a launch takes 4,096 bytes of arguments, many where it takes 32,764. */
class ManyTensorsTest {

    @ParameterizedTest
    @CsvSource({
        Training.FEW + ", 80, 1",
        Training.FEW + ", 81, 2",
        Training.FEW + ", 200, 3",
        Training.MANY + ", 640, 1",
        Training.MANY + ", 641, 2"
    })
    void anOptimizerStepTakesAsFewLaunchesAsItsArgumentsAllow(int most, int tensors, int launches) {
        CudaDevice card = (CudaDevice) Emulator.device();
        try (DeviceScope there = DeviceScope.open(card);
                TensorScope scope = TensorScope.open()) {
            List<Tensor> parameters =
                    IntStream.range(0, tensors).mapToObj(i -> Tensor.scalar(i)).toList();
            List<Tensor> gradients =
                    IntStream.range(0, tensors).mapToObj(i -> Tensor.scalar(2)).toList();
            long before = Emulator.launches("SGD");

            new Training(card, most)
                    .update(new UpdateRule.Sgd(0.5, 0, 0, false), parameters, gradients, List.of(), null);

            assertThat(Emulator.launches("SGD") - before).isEqualTo(launches);
            for (int i = 0; i < tensors; i++) {
                assertThat(parameters.get(i).item()).as("tensor %d", i).isEqualTo(i - 1);
            }
        }
    }
}
