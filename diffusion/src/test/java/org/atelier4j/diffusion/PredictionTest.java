package org.atelier4j.diffusion;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.atelier4j.tensor.TensorAssert.assertThat;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PredictionTest {
    private static final Shape SHAPE = Shape.of(3, 4, 5);
    private final Tensor x0 = Rng.of(1).normal(SHAPE).clamp(-1, 1).to(DType.FLOAT64);
    private final Tensor eps = Rng.of(2).normal(SHAPE).to(DType.FLOAT64);

    private Tensor xt(double alphaCumprod) {
        return x0.mul(Math.sqrt(alphaCumprod)).add(eps.mul(Math.sqrt(1 - alphaCumprod)));
    }

    private Tensor truth(Prediction p, double alphaCumprod) {
        return p.target(
                        Expression.of(x0),
                        Expression.of(eps),
                        Expression.constant(Math.sqrt(alphaCumprod)),
                        Expression.constant(Math.sqrt(1 - alphaCumprod)))
                .tensor();
    }

    /** The velocity is dx/dφ on the circle x = cos φ x0 + sin φ ε. */
    @Test
    void theVelocityIsTheDerivativeByTheAngle() {
        double phi = 0.7;
        double h = 1e-6;
        Tensor after = x0.mul(Math.cos(phi + h)).add(eps.mul(Math.sin(phi + h)));
        Tensor before = x0.mul(Math.cos(phi - h)).add(eps.mul(Math.sin(phi - h)));

        assertThat(truth(Prediction.V, Math.pow(Math.cos(phi), 2)))
                .isCloseTo(after.sub(before).div(2 * h), 1e-8, 1e-8);
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-8, 1e-3, 0.3, 0.5, 0.9, 1 - 1e-8})
    void everyPredictionConvertsIntoEveryOther(double alphaCumprod) {
        for (Prediction from : Prediction.values()) {
            for (Prediction to : Prediction.values()) {
                assertThat(from.to(to, truth(from, alphaCumprod), xt(alphaCumprod), alphaCumprod))
                        .isCloseTo(truth(to, alphaCumprod), 1e-6, 1e-6);
            }
        }
    }

    /** The way over another prediction divides by √ᾱ or √(1 − ᾱ), and float32 loses that much. */
    @ParameterizedTest
    @ValueSource(doubles = {1e-4, 0.1, 0.3, 0.5, 0.9, 1 - 1e-4})
    void conversionsThereAndBackAreExactInFloat32(double alphaCumprod) {
        Tensor xt = xt(alphaCumprod).to(DType.FLOAT32);
        Tensor said = Rng.of(5).normal(SHAPE);
        double loss = 1 / Math.sqrt(alphaCumprod * (1 - alphaCumprod));
        for (Prediction from : Prediction.values()) {
            for (Prediction over : Prediction.values()) {
                Tensor there = from.to(over, said, xt, alphaCumprod);
                assertThat(over.to(from, there, xt, alphaCumprod)).isCloseTo(said, 1e-6, 1e-6 * loss);
            }
        }
    }

    @Test
    void velocityTellsEverythingWhereNothingOrAllOfTheDataIsLeft() {
        assertThat(Prediction.V.to(Prediction.X0, truth(Prediction.V, 0), xt(0), 0))
                .isCloseTo(x0, 1e-12, 1e-12);
        assertThat(Prediction.V.to(Prediction.EPSILON, truth(Prediction.V, 0), xt(0), 0))
                .isCloseTo(eps, 1e-12, 1e-12);
        assertThat(Prediction.V.to(Prediction.X0, truth(Prediction.V, 1), xt(1), 1))
                .isCloseTo(x0, 1e-12, 1e-12);
        assertThat(Prediction.V.to(Prediction.EPSILON, truth(Prediction.V, 1), xt(1), 1))
                .isCloseTo(eps, 1e-12, 1e-12);
        assertThat(Prediction.X0.to(Prediction.V, x0, xt(0), 0)).isCloseTo(truth(Prediction.V, 0), 1e-12, 1e-12);
        assertThat(Prediction.EPSILON.to(Prediction.V, eps, xt(1), 1)).isCloseTo(truth(Prediction.V, 1), 1e-12, 1e-12);
    }

    @Test
    void whatCannotBeToldIsRefusedWithTheNumber() {
        assertThatThrownBy(() -> Prediction.EPSILON.to(Prediction.X0, eps, xt(0), 0))
                .hasMessage("Prediction: EPSILON tells x0 where alphaCumprod is > 0 only, got 0.0");
        assertThatThrownBy(() -> Prediction.X0.to(Prediction.EPSILON, x0, xt(1), 1))
                .hasMessage("Prediction: X0 tells eps where alphaCumprod is < 1 only, got 1.0");
    }
}
