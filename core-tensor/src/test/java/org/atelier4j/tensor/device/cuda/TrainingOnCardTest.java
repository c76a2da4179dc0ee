package org.atelier4j.tensor.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Percentage;
import org.atelier4j.nn.Conv2d;
import org.atelier4j.nn.GroupNorm;
import org.atelier4j.nn.Layer;
import org.atelier4j.nn.Linear;
import org.atelier4j.nn.MultiHeadAttention;
import org.atelier4j.optim.Adam;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.DeviceScope;
import org.junit.jupiter.api.Test;

/** A model with a convolution, norm, attention and a linear layer trains on the card as it does on the host. */
class TrainingOnCardTest {

    /** (B, 4, 4, 3) → (B, 2). */
    private static final class Model extends Layer {
        private final Conv2d conv;
        private final GroupNorm norm;
        private final MultiHeadAttention attention;
        private final Linear head;

        Model(Rng rng) {
            conv = child("conv", new Conv2d(3, 8, 3, 1, 1, rng.split("conv")));
            norm = child("norm", new GroupNorm(2, 8));
            attention = child(
                    "attention", new MultiHeadAttention(MultiHeadAttention.Config.self(8, 2), rng.split("attention")));
            head = child("head", new Linear(8, 2, rng.split("head")));
        }

        Tensor forward(Tensor x) {
            Tensor h = norm.forward(conv.forward(x)).silu(); // (B, 4, 4, 8)
            Tensor tokens = h.reshape(x.dim(0), 16, 8);
            return head.forward(attention.forward(tokens).add(tokens).mean(1).reshape(x.dim(0), 8));
        }
    }

    private static List<Double> losses(Device device, int steps) {
        List<Double> losses = new ArrayList<>();
        try (DeviceScope on = DeviceScope.open(device)) {
            Model model = new Model(Rng.of(1));
            Adam adam = new Adam(model.parameters(), Adam.Config.of(1e-2));
            for (int step = 0; step < steps; step++) {
                try (TensorScope scope = TensorScope.open()) {
                    Rng rng = Rng.of(2).split(step);
                    Tensor x = rng.normal(Shape.of(4, 4, 4, 3));
                    Tensor target = x.mean(1, 2, 3).reshape(4, 1);
                    Tensor loss = model.forward(x).sub(target).square().mean();
                    adam.step(loss.backward());
                    losses.add(loss.item());
                }
            }
            assertThat(model.parameters().values()).allMatch(p -> p.device() == device);
        }
        return losses;
    }

    @Test
    void lossesOfACardAreThoseOfTheHost() {
        CudaDevice card = (CudaDevice) Emulator.device();
        List<Double> there = losses(card, 6);
        List<Double> here = losses(Device.cpu(), 6);
        for (int step = 0; step < here.size(); step++) {
            assertThat(there.get(step))
                    .as("loss of step %d", step)
                    .isCloseTo(here.get(step), Percentage.withPercentage(0.02));
        }
        assertThat(here.get(5)).isNotEqualTo(here.get(0));
    }

    /** Memory is flat, and nothing but the numbers asked for crosses to the host. */
    @Test
    void aStepStaysOnTheCard() {
        CudaDevice card = (CudaDevice) Emulator.device();
        try (DeviceScope on = DeviceScope.open(card)) {
            Model model = new Model(Rng.of(1));
            Adam adam = new Adam(model.parameters(), Adam.Config.of(1e-2));
            Tensor x = Rng.of(3).normal(Shape.of(4, 4, 4, 3));
            long downloads = 0;
            long used = 0;
            for (int step = 0; step < 3; step++) {
                try (TensorScope scope = TensorScope.open()) {
                    adam.step(model.forward(x).square().mean().backward());
                }
                if (step > 0) {
                    assertThat(Emulator.hooks().standinCalls("cuMemcpyDtoHAsync_v2"))
                            .isEqualTo(downloads);
                    assertThat(card.arena().usedBytes()).isEqualTo(used);
                }
                downloads = Emulator.hooks().standinCalls("cuMemcpyDtoHAsync_v2");
                used = card.arena().usedBytes();
            }
        }
    }
}
