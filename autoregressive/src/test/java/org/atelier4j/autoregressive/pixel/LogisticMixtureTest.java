package org.atelier4j.autoregressive.pixel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.autograd.GradientCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The discretized mixture of logistics as a law. */
class LogisticMixtureTest {
    private static final GoldenFile GOLDEN = GoldenFile.load("golden/pixelcnn.safetensors");

    /** Returns all pixels of three channels with K levels: (1, K², K, 3). */
    private static Tensor all(int k) {
        int[] values = new int[k * k * k * 3];
        for (int i = 0; i < k * k * k; i++) {
            values[3 * i] = i / k / k;
            values[3 * i + 1] = i / k % k;
            values[3 * i + 2] = i % k;
        }
        return Tensor.of(values, 1, k * k, k, 3);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.3, 1, 4})
    void probabilitiesOfAllPixelsSumToOne(double spread) {
        PixelHead head = PixelHead.mixture(3, 8, 4);
        Tensor one = Rng.of(9).normal(Shape.of(1, 1, 1, head.outputs())).mul(spread);
        Tensor nats = head.nats(one.broadcastTo(Shape.of(1, 64, 8, head.outputs())), all(8));

        assertThat(nats.neg().exp().sum().item()).isCloseTo(1, within(1e-5));
    }

    @Test
    void aWideGridOfLevelsSumsToOne() {
        PixelHead head = PixelHead.mixture(1, 256, 5);
        Tensor one = Rng.of(9).normal(Shape.of(1, 1, 1, head.outputs())).mul(2);
        Tensor nats = head.nats(
                one.broadcastTo(Shape.of(1, 1, 256, head.outputs())),
                Tensor.arange(256).reshape(1, 1, 256, 1));

        assertThat(nats.neg().exp().sum().item()).isCloseTo(1, within(1e-5));
    }

    @Test
    void theProductOfConditionalLawsIsTheJointOne() {
        PixelHead head = PixelHead.mixture(3, 16, 4);
        int n = 50;
        Tensor parameters = Rng.of(3).normal(Shape.of(n, head.outputs()));
        Tensor values = Rng.of(4).integers(16, Shape.of(n, 3));
        Tensor joint = head.nats(parameters.reshape(n, 1, 1, -1), values.reshape(n, 1, 1, 3));
        Tensor product = Tensor.zeros(n, 1);
        for (int c = 0; c < 3; c++) {
            Tensor logs = head.logits(parameters, values, c).logSoftmax(-1);
            product = product.sub(logs.gather(1, values.slice(1, c, 1)));
        }

        TensorAssert.assertThat(product.reshape(n)).isCloseTo(joint.reshape(n), 1e-4, 1e-4);
    }

    @Test
    void aChannelsLawKnowsNothingOfItselfAndThoseBehindIt() {
        PixelHead head = PixelHead.mixture(3, 16, 4);
        Tensor parameters = Rng.of(3).normal(Shape.of(1, head.outputs()));
        Tensor low = Tensor.of(new int[] {3, 1, 0}, 1, 3);
        Tensor high = Tensor.of(new int[] {3, 14, 9}, 1, 3);

        TensorAssert.assertThat(head.logits(parameters, low, 1)).isEqualTo(head.logits(parameters, high, 1));
        assertThat(head.logits(parameters, low, 2).toFloats())
                .isNotEqualTo(head.logits(parameters, high, 2).toFloats());
    }

    @Test
    void logarithmsAndTheirGradientsAreThoseOfTheReference() {
        PixelHead head = PixelHead.mixture(2, 7, 3);
        Tensor p = GOLDEN.tensor("logistic.p").requireGradient();
        Tensor nats = head.nats(p, GOLDEN.tensor("logistic.values"));

        TensorAssert.assertThat(nats.detach()).isCloseTo(GOLDEN.tensor("logistic.nats"), 1e-4, 1e-5);
        Tensor g = nats.mul(GOLDEN.tensor("logistic.dy")).sum().backward().get(p);
        TensorAssert.assertThat(g).isCloseTo(GOLDEN.tensor("logistic.g"), 1e-3, 1e-4);
    }

    @Test
    void gradientsAreThoseOfDifferences() {
        PixelHead head = PixelHead.mixture(3, 8, 2);
        Tensor values = Rng.of(6).integers(8, Shape.of(1, 2, 3, 3));
        Tensor p = Rng.of(7).normal(Shape.of(1, 2, 3, head.outputs())).to(DType.FLOAT64);

        GradientCheck.of(x -> head.nats(x[0], values)).at(p);
    }

    /** Where float sigmoids differ by nothing, the logarithm of their difference is still right. */
    @Test
    void aValueFarFromEveryMeanHasAFiniteLossWithAGradient() {
        PixelHead head = PixelHead.mixture(1, 256, 1);
        Tensor p = Tensor.of(new float[] {0, -0.8f, -6}, 1, 1, 1, 3).requireGradient();
        Tensor nats = head.nats(p, Tensor.of(new int[] {200}, 1, 1, 1, 1));
        // x − μ = 1.3686, s = e⁻⁶: ((x − 1/255) − μ)/s minus log(1 − e^(−2/255/s))
        double expected =
                (200 / 127.5 - 1 - 1 / 255.0 + 0.8) * Math.exp(6) - Math.log(-Math.expm1(-2 / 255.0 * Math.exp(6)));

        assertThat(nats.item()).isCloseTo(expected, within(1e-3));
        assertThat(nats.sum().backward().get(p).toFloats()[1]).isCloseTo((float) -Math.exp(6), within(0.1f));
    }

    @Test
    void saysWhatItTakes() {
        assertThatThrownBy(() -> PixelHead.mixture(1, 1, 5))
                .hasMessage("DiscretizedLogisticMixture: channels and components must be >= 1 and levels >= 2, got 1, 5"
                        + " and 1");
        assertThatThrownBy(() -> PixelHead.mixture(1, 8, 2).nats(Tensor.zeros(1, 2, 2, 5), all(2)))
                .hasMessage(
                        "PixelHead: parameters and values must be (B, H, W, 6) and (B, H, W, 1), got [1, 2, 2, 5] and"
                                + " [1, 4, 2, 3]");
    }
}
