package org.atelier4j.vqvae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EstimatorTest {
    private final Tensor z = Rng.of(1).normal(Shape.of(7, 4)).requireGradient();
    private final Tensor q = Rng.of(2).normal(Shape.of(7, 4));

    private Tensor gradient(Estimator estimator, Tensor dy) {
        return estimator.pass(z, q).mul(dy).sum().backward().get(z);
    }

    @ParameterizedTest
    @EnumSource
    void theValueIsTheChosenVector(Estimator estimator) {
        TensorAssert.assertThat(estimator.pass(z, q).detach()).isCloseTo(q, 1e-5, 1e-5);
    }

    @Test
    void straightThroughIsTheIdentityForGradients() {
        TensorAssert.assertThat(gradient(Estimator.STRAIGHT_THROUGH, q)).isIdenticalTo(q);
    }

    @Test
    void rotationTurnsAGradientAlongTheVectorToOneAlongTheLatent() {
        // (λR)ᵀq = λ²z, as Rᵀ turns q̂ to ẑ
        Tensor lambda = q.norm(-1).div(z.detach().norm(-1)); // (7, 1)

        TensorAssert.assertThat(gradient(Estimator.ROTATION, q))
                .isCloseTo(z.detach().mul(lambda.square()), 1e-4, 1e-5);
    }

    @Test
    void rotationKeepsTheAnglesBetweenGradients() {
        Tensor a = Rng.of(3).normal(Shape.of(7, 4));
        Tensor lambda = q.norm(-1).div(z.detach().norm(-1)); // (7, 1)

        Tensor turned = gradient(Estimator.ROTATION, a);

        TensorAssert.assertThat(turned.norm(-1)).isCloseTo(a.norm(-1).mul(lambda), 1e-4, 1e-6);
        double before = a.mul(q).sum().item();
        double after = turned.mul(gradient(Estimator.ROTATION, q))
                .div(lambda.square())
                .sum()
                .item();
        assertThat(after).isCloseTo(before, within(1e-4));
    }

    @Test
    void rotationOfALatentThatIsItsVectorChangesNothing() {
        Tensor a = Rng.of(3).normal(Shape.of(7, 4));

        Tensor g =
                Estimator.ROTATION.pass(z, z.detach()).mul(a).sum().backward().get(z);

        TensorAssert.assertThat(g).isCloseTo(a, 1e-5, 1e-5);
    }
}
