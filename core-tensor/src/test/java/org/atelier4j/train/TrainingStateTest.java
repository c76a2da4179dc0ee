package org.atelier4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

class TrainingStateTest {
    private final Map<String, Tensor> model =
            new LinkedHashMap<>(Map.of("layer.weight", Tensor.of(new float[] {1, 2})));
    private final Map<String, Tensor> optimizer = new LinkedHashMap<>();
    private long position = 7;
    private final TrainingState state = new TrainingState()
            .tensors("model", () -> model, model::putAll)
            .tensors("optim", () -> optimizer, optimizer::putAll)
            .position("data", () -> position, p -> position = p);

    @Test
    void pathsBeginWithTheNameOfThePart() {
        optimizer.put("m", Tensor.of(new float[] {3}));

        assertThat(state.tensors()).containsOnlyKeys("model.layer.weight", "optim.m");
        assertThat(state.positions()).containsExactly(Map.entry("data", 7L));
    }

    @Test
    void restoreHandsEachPartItsOwn() {
        Tensor weight = Tensor.of(new float[] {5, 6});
        Tensor m = Tensor.of(new float[] {9});

        state.restore(Map.of("optim.m", m, "model.layer.weight", weight), Map.of("data", 3L));

        assertThat(model).containsExactly(Map.entry("layer.weight", weight));
        assertThat(optimizer).containsExactly(Map.entry("m", m));
        assertThat(position).isEqualTo(3);
    }

    @Test
    void whatNoPartOwnsIsRefused() {
        assertThatThrownBy(() -> state.restore(Map.of("ema.x", Tensor.of(new float[] {1})), Map.of("data", 3L)))
                .hasMessage("TrainingState: tensors must belong to [model, optim], got ema.x");
        assertThatThrownBy(() -> state.restore(Map.of(), Map.of("noise", 3L)))
                .hasMessage("TrainingState: positions must be [data], got [noise]");
    }

    @Test
    void namesAreUsedOnceAndHaveNoDot() {
        assertThatThrownBy(() -> state.position("model", () -> 0, p -> {}))
                .hasMessage("TrainingState: a name must have no dot and be used once, got model");
        assertThatThrownBy(() -> state.tensors("a.b", Map::of, t -> {})).hasMessageContaining("got a.b");
    }
}
