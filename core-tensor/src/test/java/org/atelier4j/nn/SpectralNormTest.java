package org.atelier4j.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.autograd.Gradients;
import org.junit.jupiter.api.Test;

class SpectralNormTest {

    @Test
    void theLargestSingularValueOfTheUsedWeightBecomesOne() {
        Linear inner = new Linear(Linear.Config.of(12, 9).withoutBias(), Rng.of(1));
        SpectralNorm<Linear> layer = new SpectralNorm<>(inner, Rng.of(2));
        for (int i = 0; i < 60; i++) {
            layer.forward(Tensor.zeros(1, 12));
        }
        Tensor used; // (12, 9): the images of the unit vectors
        try (Layer.Mode mode = layer.evaluating()) {
            used = layer.forward(Tensor.eye(12)).detach();
        }
        assertThat(largestSingularValue(used)).isCloseTo(1, within(1e-4));
        assertThat(largestSingularValue(inner.weight().detach())).isNotCloseTo(1, within(0.05));
    }

    @Test
    void onlyTrainingMovesTheVectors() {
        SpectralNorm<Linear> layer = new SpectralNorm<>(new Linear(6, 5, Rng.of(1)), Rng.of(2));
        Tensor u = layer.state().get("u");
        Tensor before = u.add(0);
        try (Layer.Mode mode = layer.evaluating()) {
            layer.forward(Tensor.ones(1, 6));
        }
        TensorAssert.assertThat(u.add(0)).isIdenticalTo(before);
        layer.forward(Tensor.ones(1, 6));
        assertThat(u.toFloats()).isNotEqualTo(before.toFloats());
    }

    /** A discriminator sees real and fake images before one backward pass; u and v change in between. */
    @Test
    void twoForwardPassesShareOneBackwardPass() {
        SpectralNorm<Conv2d> layer = new SpectralNorm<>(new Conv2d(2, 3, 3, 1, 1, Rng.of(1)), Rng.of(2));
        Tensor real = Rng.of(3).normal(Shape.of(2, 4, 4, 2));
        Tensor fake = Rng.of(4).normal(Shape.of(2, 4, 4, 2));
        Tensor loss =
                layer.forward(real).square().mean().sub(layer.forward(fake).mean());
        Gradients g = loss.backward();
        TensorAssert.assertThat(g.get(layer.parameters().get("layer.weight"))).isFinite();
    }

    /** Returns √(largest eigenvalue of wᵀw) by many steps of power iteration in double precision. */
    private static double largestSingularValue(Tensor w) {
        int rows = w.dim(0);
        int columns = w.dim(1);
        double[] a = w.toDoubles();
        double[] v = new double[columns];
        java.util.Arrays.fill(v, 1);
        double sigma = 0;
        for (int step = 0; step < 500; step++) {
            double[] left = new double[rows];
            double[] next = new double[columns];
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < columns; j++) {
                    left[i] += a[i * columns + j] * v[j];
                }
            }
            double square = 0;
            for (int j = 0; j < columns; j++) {
                for (int i = 0; i < rows; i++) {
                    next[j] += a[i * columns + j] * left[i];
                }
                square += next[j] * next[j];
            }
            double norm = Math.sqrt(square);
            for (int j = 0; j < columns; j++) {
                v[j] = next[j] / norm;
            }
            sigma = Math.sqrt(norm);
        }
        return sigma;
    }
}
