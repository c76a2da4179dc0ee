package org.atelier4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.atelier4j.nn.Linear;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.DeviceScope;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.device.cuda.Emulator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A captured function is the function, in launches of copies and one graph. */
class CapturedFunctionTest {
    private CudaDevice card;
    private DeviceScope on;
    private TensorScope scope;
    private Linear layer;

    @BeforeEach
    void open() {
        card = (CudaDevice) Emulator.device();
        on = DeviceScope.open(card);
        scope = TensorScope.open();
        layer = new Linear(6, 3, Rng.of(1));
    }

    @AfterEach
    void close() {
        if (scope != null) {
            scope.close();
            on.close();
        }
    }

    /** Two layers' worth of kernels; the second input may be missing. */
    private Tensor function(List<@Nullable Tensor> in) {
        Tensor x = Objects.requireNonNull(in.get(0));
        Tensor shift = in.get(1);
        Tensor y = layer.forward(x).silu().square().sin();
        return shift == null ? y : y.add(shift);
    }

    private static Tensor input(int seed, int rows) {
        return Rng.of(2).split((long) seed).normal(Shape.of(rows, 6));
    }

    @Test
    void everyCallGivesWhatTheFunctionGives() {
        try (CapturedFunction captured = new CapturedFunction(this::function)) {
            for (int call = 0; call < 5; call++) {
                for (int rows : new int[] {4, 2}) {
                    for (Tensor shift : Arrays.asList(null, Tensor.scalar(call))) {
                        List<@Nullable Tensor> in = Arrays.asList(input(call, rows), shift);
                        assertThat(captured.apply(in).toFloats())
                                .isEqualTo(function(in).toFloats());
                    }
                }
            }
        }
    }

    @Test
    void theHostLaunchesCopiesOnly() {
        try (CapturedFunction captured = new CapturedFunction(this::function)) {
            List<@Nullable Tensor> in = Arrays.asList(input(0, 4), null);
            captured.apply(in);
            captured.apply(in);
            long before = Emulator.hostLaunches();
            captured.apply(in);
            assertThat(Emulator.hostLaunches() - before).isLessThanOrEqualTo(2);
        }
    }

    @Test
    void resultsOutliveTheNextCall() {
        try (CapturedFunction captured = new CapturedFunction(this::function)) {
            captured.apply(Arrays.asList(input(0, 4), null));
            Tensor first = captured.apply(Arrays.asList(input(1, 4), null));
            float[] before = first.toFloats();
            captured.apply(Arrays.asList(input(2, 4), null));
            assertThat(first.toFloats()).isEqualTo(before);
        }
    }

    @Test
    void weightsThatAreAssignedAreSeen() {
        try (CapturedFunction captured = new CapturedFunction(this::function)) {
            List<@Nullable Tensor> in = Arrays.asList(input(0, 4), null);
            captured.apply(in);
            captured.apply(in);
            layer.load(new Linear(6, 3, Rng.of(5)).state());
            assertThat(captured.apply(in).toFloats()).isEqualTo(function(in).toFloats());
        }
    }

    @Test
    void onlyTheLastShapesAreRemembered() {
        try (CapturedFunction captured = new CapturedFunction(this::function)) {
            for (int round = 0; round < 2; round++) {
                for (int rows = 1; rows <= 10; rows++) {
                    List<@Nullable Tensor> in = Arrays.asList(input(rows, rows), null);
                    for (int call = 0; call < 3; call++) {
                        assertThat(captured.apply(in).toFloats())
                                .isEqualTo(function(in).toFloats());
                    }
                }
            }
        }
    }

    @Test
    void whatWasForgottenIsComputedKernelByKernelAgain() {
        try (CapturedFunction captured = new CapturedFunction(this::function)) {
            for (int rows = 1; rows <= 9; rows++) { // one more than is remembered
                captured.apply(Arrays.asList(input(rows, rows), null));
                captured.apply(Arrays.asList(input(rows, rows), null));
            }
            assertThat(launches(captured, 9)).isEqualTo(2); // input and result
            assertThat(launches(captured, 2)).isEqualTo(2);
            assertThat(launches(captured, 1)).isGreaterThan(2);
        }
    }

    private static long launches(CapturedFunction captured, int rows) {
        List<@Nullable Tensor> in = Arrays.asList(input(rows, rows), null);
        long before = Emulator.hostLaunches();
        captured.apply(in);
        return Emulator.hostLaunches() - before;
    }

    @Test
    void closingFreesItsMemory() {
        CapturedFunction captured = new CapturedFunction(this::function);
        List<@Nullable Tensor> in = Arrays.asList(input(0, 4), null);
        captured.apply(in);
        captured.apply(in);
        long open = card.arena().usedBytes();
        captured.close();
        assertThat(open - card.arena().usedBytes()).isGreaterThanOrEqualTo(4 * (4 * 6 + 4 * 3)); // input and result
    }

    @Test
    void randomNumbersAreRefused() {
        Rng rng = Rng.of(3);
        try (CapturedFunction captured =
                new CapturedFunction(in -> Objects.requireNonNull(in.get(0)).add(rng.normal(Shape.of(4, 6))))) {
            captured.apply(List.of(input(0, 4)));
            assertThatThrownBy(() -> captured.apply(List.of(input(0, 4))))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("CapturedFunction: the function must not draw random numbers, got a draw of key 3");
        }
    }

    @Test
    void readingResultsInsideIsRefused() {
        try (CapturedFunction captured = new CapturedFunction(
                in -> Tensor.scalar(Objects.requireNonNull(in.get(0)).sum().item()))) {
            captured.apply(List.of(input(0, 4)));
            assertThatThrownBy(() -> captured.apply(List.of(input(0, 4))))
                    .hasMessageContaining("must not read results");
            assertThat(function(Arrays.asList(input(0, 4), null)).toFloats())
                    .doesNotContain(Float.NaN); // the card is well
        }
    }

    @Test
    void onTheHostItIsTheFunction() {
        Tensor x = Rng.of(2).normal(Shape.of(4, 6)).to(Device.cpu());
        try (CapturedFunction captured =
                new CapturedFunction(in -> Objects.requireNonNull(in.get(0)).square())) {
            for (int call = 0; call < 3; call++) {
                TensorAssert.assertThat(captured.apply(List.of(x))).isIdenticalTo(x.square());
            }
        }
    }

    @Test
    void aClosedOneIsRefused() {
        CapturedFunction captured = new CapturedFunction(this::function);
        captured.close();
        assertThatThrownBy(() -> captured.apply(List.of(input(0, 4))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("CapturedFunction: must be open to be applied, was closed");
    }
}
