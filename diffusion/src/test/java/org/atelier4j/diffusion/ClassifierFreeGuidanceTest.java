package org.atelier4j.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;

class ClassifierFreeGuidanceTest {
    private int calls;

    /** Says x + 100·label for each image. */
    private Tensor network(Tensor x, Tensor time, Condition condition) {
        calls++;
        Tensor labels = condition.checkedFor(x.dim(0)).labels();
        return x.add(labels.to(x.dtype()).mul(100).reshape(-1, 1)).add(time.reshape(-1, 1));
    }

    @Test
    void theFormulaIsThePapersOnNumbers() {
        Tensor x = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
        Tensor time = Tensor.of(new float[] {0, 0}, 2);

        Tensor guided = new ClassifierFreeGuidance(this::network, 9, 2).denoise(x, time, Condition.labels(4, 5));

        // (1 + 2)·(x + 100 c) − 2·(x + 900) = x + 300 c − 1800
        assertThat(guided.toFloats()).containsExactly(-599, -598, -297, -296);
        assertThat(calls).isEqualTo(1);
    }

    @Test
    void scaleZeroIsTheConditionalNetworkToTheBit() {
        Tensor x = Rng.of(1).normal(Shape.of(3, 5));
        Tensor time = Tensor.of(new float[] {7, 7, 7}, 3);
        Condition condition = Condition.labels(1, 2, 3);

        TensorAssert.assertThat(new ClassifierFreeGuidance(this::network, 9, 0).denoise(x, time, condition))
                .isIdenticalTo(network(x, time, condition));
    }

    @Test
    void bothHalvesSeeTheSameImageAndTime() {
        Tensor x = Rng.of(1).normal(Shape.of(3, 5));
        Tensor time = Tensor.of(new float[] {7, 8, 9}, 3);
        Tensor[] seen = new Tensor[2];
        Denoiser spy = (both, t, c) -> {
            seen[0] = both;
            seen[1] = t;
            return both;
        };

        Tensor guided = new ClassifierFreeGuidance(spy, 9, 1.5).denoise(x, time, Condition.labels(1, 2, 3));

        TensorAssert.assertThat(seen[0].slice(0, 0, 3)).isIdenticalTo(x);
        TensorAssert.assertThat(seen[0].slice(0, 3, 3)).isIdenticalTo(x);
        assertThat(seen[1].toFloats()).containsExactly(7, 8, 9, 7, 8, 9);
        TensorAssert.assertThat(guided).isCloseTo(x, 1e-6, 1e-6); // (1 + w) x − w x
    }

    @Test
    void errorsNameTheNumbers() {
        assertThatThrownBy(() -> new ClassifierFreeGuidance(this::network, 9, -0.5))
                .hasMessage("ClassifierFreeGuidance: scale must be >= 0 and finite, got -0.5");
        assertThatThrownBy(() -> new ClassifierFreeGuidance(this::network, Condition.none(), 1))
                .hasMessage("ClassifierFreeGuidance: the unconditional input must be given, got none");
        assertThatThrownBy(() -> new ClassifierFreeGuidance(this::network, 9, 1)
                        .denoise(Tensor.zeros(2, 2), Tensor.zeros(2), Condition.labels(1)))
                .hasMessage("Condition: must be for 2 images, got 1");
    }
}
