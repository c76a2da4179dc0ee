package org.atelier4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.DeviceScope;
import org.atelier4j.tensor.device.cuda.Emulator;

/** Two trainings that start alike on an (emulated) card: one runs kernel by kernel, the other as replays of its second step. */
public final class Twins {
    private static final int STEPS = 5;

    private Twins() {}

    /**
     * One training.
     *
     * @param state all that it changes, read at the end
     */
    public record Twin<B>(TrainStep<B> step, Supplier<Map<String, Tensor>> state) {}

    /** Checks that both report and become the same in five steps, bit for bit. */
    public static <B> void assertAlike(
            Supplier<Twin<B>> make, LongFunction<B> batch, Function<TrainStep<B>, CapturedStep<B>> captured) {
        assertAlike(STEPS, make, batch, captured);
    }

    /** Does the same for another number of steps. */
    public static <B> void assertAlike(
            int steps,
            Supplier<Twin<B>> make,
            LongFunction<B> batch,
            Function<TrainStep<B>, CapturedStep<B>> captured) {
        try (DeviceScope there = DeviceScope.open(Emulator.device());
                TensorScope scope = TensorScope.open()) {
            Twin<B> eager = make.get();
            List<Map<String, Double>> expected = train(steps, eager.step(), batch);
            Twin<B> replayed = make.get();
            try (CapturedStep<B> step = captured.apply(replayed.step())) {
                assertThat(train(steps, step, batch)).isEqualTo(expected).doesNotHaveDuplicates();
            }
            Map<String, Tensor> state = eager.state().get();
            replayed.state()
                    .get()
                    .forEach((path, t) -> TensorAssert.assertThat(t).as(path).isIdenticalTo(state.get(path)));
        }
    }

    private static <B> List<Map<String, Double>> train(int steps, TrainStep<B> step, LongFunction<B> batch) {
        List<StepReport> reports = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            reports.add(step.run(batch.apply(i), i));
        }
        return reports.stream().map(StepReport::scalars).toList();
    }
}
