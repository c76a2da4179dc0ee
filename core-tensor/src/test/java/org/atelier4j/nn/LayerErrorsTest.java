package org.atelier4j.nn;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Wrong sizes are named at the door of each layer, with what was given. */
class LayerErrorsTest {
    private static final Rng RNG = Rng.of(0);

    @Test
    void inputsOfTheWrongShape() {
        says(() -> new Linear(5, 2, RNG).forward(Tensor.zeros(3, 4)), "Linear: x must have shape (…, 5), got [3, 4]");
        says(
                () -> new Conv2d(3, 4, 3, 1, 1, RNG).forward(Tensor.zeros(1, 3, 8, 8)),
                "Conv2d: x must have shape (B, H, W, 3), got [1, 3, 8, 8]");
        says(
                () -> new Conv1d(3, 4, 3, 1, 1, RNG).forward(Tensor.zeros(8, 3)),
                "Conv1d: x must have shape (B, T, 3), got [8, 3]");
        says(
                () -> new Conv3d(3, 4, 3, 1, 1, RNG).forward(Tensor.zeros(1, 4, 4, 3)),
                "Conv3d: x must have shape (B, D, H, W, 3), got [1, 4, 4, 3]");
        says(
                () -> new ConvTranspose2d(3, 4, 4, 2, 1, RNG).forward(Tensor.zeros(1, 8, 8, 4)),
                "ConvTranspose2d: x must have shape (B, H, W, 3), got [1, 8, 8, 4]");
        says(
                () -> new GroupNorm(2, 4).forward(Tensor.zeros(2, 5)),
                "GroupNorm: x must have shape (B, …, 4), got [2, 5]");
        says(() -> new LayerNorm(4).forward(Tensor.zeros(2, 5)), "LayerNorm: x must have shape (…, 4), got [2, 5]");
        says(
                () -> new BatchNorm2d(4).forward(Tensor.zeros(2, 4)),
                "BatchNorm2d: x must have shape (B, H, W, 4), got [2, 4]");
        says(
                () -> new PositionEmbedding(4, 3, RNG).forward(Tensor.zeros(1, 5, 3)),
                "PositionEmbedding: x must have shape (B, T <= 4, 3), got [1, 5, 3]");
    }

    @Test
    void numbersThatAreNotFloating() {
        says(
                () -> new Linear(2, 2, RNG).forward(Tensor.of(new int[] {1, 2}, 1, 2)),
                "layer: input must be floating, got INT32 for shape [1, 2]");
    }

    @Test
    void sizesThatMakeNoLayer() {
        says(() -> new Linear(0, 2, RNG), "Linear: in and out must be >= 1, got 0 and 2");
        says(() -> new GroupNorm(3, 4), "GroupNorm: groups must divide the channels, got 3 and 4");
        says(
                () -> ConvConfig.of2d(3, 4, 3).withGroups(2),
                "ConvConfig: in and out must be >= 1 and multiples of the 2 groups, got 3 and 4");
        says(() -> ConvConfig.of(3, 4, Shape.of(0, 3)), "ConvConfig: kernel must have 2 lengths >= 1, got [0, 3]");
        says(() -> new Conv2d(ConvConfig.of1d(3, 4, 3), RNG), "Conv2d: kernel must have 2 lengths, got [3]");
        says(
                () -> new ConvTranspose2d(ConvConfig.of2d(3, 4, 3).withStride(2), 2, RNG),
                "ConvTranspose2d: outputPadding must lie in [0, stride), got 2 for stride [2, 2]");
        says(
                () -> MultiHeadAttention.Config.self(6, 4),
                "MultiHeadAttention: heads must divide the width and contextWidth be >= 1, got 4, 6 and 6");
    }

    private static void says(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }
}
