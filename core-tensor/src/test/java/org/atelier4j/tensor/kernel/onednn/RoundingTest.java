package org.atelier4j.tensor.kernel.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.function.Supplier;
import org.atelier4j.nn.Conv2d;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.Precision;
import org.atelier4j.tensor.device.PrecisionScope;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@link Precision#BF16} on processors that multiply bfloat16 numbers; on others the contract says that nothing is rounded. */
class RoundingTest {
    private final Tensor a = Rng.of(1).normal(Shape.of(48, 64));
    private final Tensor b = Rng.of(2).normal(Shape.of(64, 32));

    @BeforeEach
    void findInstructions() {
        assumeTrue(
                Device.cpu().kernels().multiplies(Precision.BF16),
                "skipped rounding to bfloat16: the processor does not multiply such numbers");
    }

    private static <T> T rounding(Supplier<T> work) {
        try (PrecisionScope chosen = PrecisionScope.open(Precision.BF16)) {
            return work.get();
        }
    }

    private static Tensor rounded(Tensor x) {
        return x.to(DType.BFLOAT16).to(DType.FLOAT32);
    }

    @Test
    void aProductIsThatOfItsFactorsRounded() {
        Tensor product = rounding(() -> a.matmul(b));
        assertThat(product.dtype()).isEqualTo(DType.FLOAT32);
        TensorAssert.assertThat(product).isCloseTo(rounded(a).matmul(rounded(b)), 1e-5, 2e-5);
        assertThat(distance(product, a.matmul(b))).isBetween(1e-3, 1e-2);
    }

    @Test
    void aWeightIsRoundedAgainWhenItWasAssigned() {
        Conv2d conv = new Conv2d(16, 32, 3, 1, 1, Rng.of(3));
        Tensor x = Rng.of(4).normal(Shape.of(2, 6, 6, 16));
        Tensor weight = conv.parameters().get("weight");
        Tensor bias = conv.parameters().get("bias");
        bias.assign(bias.mul(0));
        Tensor before = rounding(() -> conv.forward(x));
        Tensor exact = conv.forward(x); // the same weight in both types, side by side
        assertThat(distance(before, exact)).isBetween(1e-3, 1e-2);
        weight.assign(weight.mul(2));
        TensorAssert.assertThat(rounding(() -> conv.forward(x))).isCloseTo(before.mul(2), 1e-6, 1e-6);
        TensorAssert.assertThat(conv.forward(x)).isCloseTo(exact.mul(2), 1e-6, 1e-6);
    }

    /** Parameters and gradients stay FLOAT32; gradients err as products do, the bias's, which is a sum, does not. */
    @Test
    void gradientsAreOfRoundedProducts() {
        Conv2d conv = new Conv2d(16, 32, 3, 1, 1, Rng.of(3));
        Tensor x = Rng.of(4).normal(Shape.of(2, 6, 6, 16)).requireGradient();
        Tensor dy = Rng.of(5).normal(Shape.of(2, 6, 6, 32));
        Tensor weight = conv.parameters().get("weight");
        Tensor bias = conv.parameters().get("bias");
        Supplier<Gradients> backward = () -> Gradients.ofProduct(conv.forward(x), dy, List.of(x, weight, bias), false);
        Gradients fast = rounding(backward);
        Gradients exact = backward.get();
        for (Tensor target : List.of(x, weight)) {
            assertThat(fast.get(target).dtype()).isEqualTo(DType.FLOAT32);
            assertThat(distance(fast.get(target), exact.get(target))).isBetween(1e-3, 1e-2);
        }
        assertThat(distance(fast.get(bias), exact.get(bias))).isLessThan(1e-6);
    }

    @Test
    void theScopeEndsWhereItIsClosed() {
        Tensor before = a.matmul(b);
        rounding(() -> a.matmul(b));
        TensorAssert.assertThat(a.matmul(b)).isEqualTo(before);
    }

    private static double distance(Tensor x, Tensor y) {
        return Math.sqrt(x.sub(y).square().sum().item() / y.square().sum().item());
    }
}
