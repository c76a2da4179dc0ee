package org.atelier4j.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.atelier4j.nn.Linear;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.Gradients;
import org.junit.jupiter.api.Test;

class GradientSumTest {
    private static final Tensor X = Rng.of(1).normal(Shape.of(12, 4));

    private final Linear net = new Linear(4, 3, Rng.of(2));
    private final Map<String, Tensor> parameters = net.parameters();

    private Gradients gradients(Tensor x) {
        return net.forward(x).sub(1).square().mean().backward();
    }

    @Test
    void microBatchesGiveTheGradientOfTheWholeBatch() {
        GradientSum sum = new GradientSum(parameters);
        for (int round = 0; round < 2; round++) { // the second round starts from 0 again
            for (int i = 0; i < 3; i++) {
                try (TensorScope scope = TensorScope.open()) {
                    sum.add(gradients(X.slice(0, 4 * i, 4)), 1.0 / 3);
                }
            }
            Gradients total = sum.take();
            Gradients whole = gradients(X);
            parameters.forEach(
                    (path, p) -> TensorAssert.assertThat(total.get(p)).as(path).isCloseTo(whole.get(p), 1e-5, 1e-6));
        }
    }

    @Test
    void parametersThatAPartDoesNotReachKeepTheirSum() {
        Tensor a = Tensor.ones(2).requireGradient();
        Tensor b = Tensor.ones(2).requireGradient();
        GradientSum sum = new GradientSum(Map.of("a", a, "b", b));
        sum.add(a.mul(b).sum().backward(), 1);
        sum.add(a.sum().backward(), 3);
        Gradients total = sum.take();
        assertThat(total.get(a).toFloats()).containsExactly(4, 4);
        assertThat(total.get(b).toFloats()).containsExactly(1, 1);
    }

    @Test
    void anOptimizerTakesTheSumAndFrozenParametersAreLeftOut() {
        GradientSum sum = new GradientSum(parameters);
        sum.add(gradients(X), 1);
        parameters.get("bias").setFrozen(true);
        Gradients total = sum.take();
        assertThat(total.has(parameters.get("bias"))).isFalse();
        float[] bias = parameters.get("bias").toFloats();
        float[] weight = parameters.get("weight").toFloats();
        new Sgd(parameters, Sgd.Config.plain(0.1)).step(total);
        assertThat(parameters.get("bias").toFloats()).isEqualTo(bias);
        assertThat(parameters.get("weight").toFloats()).isNotEqualTo(weight);
    }

    @Test
    void thereMustBeSomethingToTake() {
        GradientSum sum = new GradientSum(parameters);
        assertThatThrownBy(sum::take)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("GradientSum.take: gradients must be added first, got none");
    }
}
