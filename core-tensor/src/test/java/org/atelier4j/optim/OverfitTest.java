package org.atelier4j.optim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;
import org.atelier4j.nn.Activation;
import org.atelier4j.nn.Conv2d;
import org.atelier4j.nn.Downsample;
import org.atelier4j.nn.GroupNorm;
import org.atelier4j.nn.Linear;
import org.atelier4j.nn.Sequential;
import org.atelier4j.nn.UnaryLayer;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every optimizer learns one small batch by heart, with a perceptron and with a convolution network. */
class OverfitTest {
    private static final int STEPS = 150;
    private static final double ENOUGH = 0.005; // of the loss at the start

    private static final Map<String, Function<Map<String, Tensor>, Optimizer>> OPTIMIZERS = Map.of(
            "sgd", p -> new Sgd(p, new Sgd.Config(LearningRate.constant(0.05), 0.9, 0, true)),
            "adam", p -> new Adam(p, Adam.Config.of(0.01)),
            "adamw", p -> new AdamW(p, AdamW.Config.of(0.01)),
            "rmsprop", p -> new RmsProp(p, RmsProp.Config.of(0.003)),
            "lion", p -> new Lion(p, Lion.Config.of(1).withRate(LearningRate.cosine(0.01, 0, STEPS))));

    @TestFactory
    Stream<DynamicTest> perceptron() {
        Tensor x = Rng.of(1).normal(Shape.of(16, 8));
        Tensor target = Rng.of(2).normal(Shape.of(16, 2));
        return each((name, make) -> {
            Rng rng = Rng.of(3);
            Sequential net =
                    new Sequential(new Linear(8, 32, rng.split(0)), Activation.silu(), new Linear(32, 2, rng.split(2)));
            return learned(net, make, x, target);
        });
    }

    @TestFactory
    Stream<DynamicTest> convolutionNetwork() {
        Tensor x = Rng.of(1).normal(Shape.of(4, 8, 8, 1));
        Tensor target = Rng.of(2).normal(Shape.of(4, 4, 4, 1));
        return each((name, make) -> {
            Rng rng = Rng.of(3);
            Sequential net = new Sequential(
                    new Conv2d(1, 16, 3, 1, 1, rng.split(0)),
                    new GroupNorm(GroupNorm.Config.of(4, 16).withSilu()),
                    Downsample.withConv(16, rng.split(2)),
                    Activation.silu(),
                    new Conv2d(16, 1, 1, 1, 0, rng.split(4)));
            return learned(net, make, x, target);
        });
    }

    private static Stream<DynamicTest> each(
            BiFunction<String, Function<Map<String, Tensor>, Optimizer>, Double> train) {
        return OPTIMIZERS.entrySet().stream()
                .map(e -> DynamicTest.dynamicTest(
                        e.getKey(),
                        () -> assertThat(train.apply(e.getKey(), e.getValue())).isLessThan(ENOUGH)));
    }

    /** Returns the loss after training as a part of the loss before. */
    private static double learned(
            UnaryLayer net, Function<Map<String, Tensor>, Optimizer> make, Tensor x, Tensor target) {
        Optimizer optimizer = make.apply(net.parameters());
        double first = Double.NaN;
        double last = Double.NaN;
        for (int i = 0; i < STEPS; i++) {
            try (TensorScope scope = TensorScope.open()) {
                Tensor loss = net.forward(x).sub(target).square().mean();
                optimizer.step(loss.backward(), new GradientClip(10));
                last = loss.item();
                first = i == 0 ? last : first;
            }
        }
        return last / first;
    }
}
