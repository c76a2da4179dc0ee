package org.atelier4j.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.autograd.NoGrad;
import org.junit.jupiter.api.Test;

class BatchNorm2dTest {
    private static final Tensor X = Rng.of(1).normal(Shape.of(4, 3, 5, 2)).affine(3, -1);

    @Test
    void statisticsAreTrackedWhetherOrNotTheGraphIsRecorded() {
        BatchNorm2d recorded = new BatchNorm2d(2);
        BatchNorm2d silent = new BatchNorm2d(2);
        recorded.forward(X);
        try (NoGrad off = NoGrad.open()) {
            silent.forward(X);
        }
        recorded.state()
                .forEach((path, t) -> TensorAssert.assertThat(silent.state().get(path))
                        .as(path)
                        .isIdenticalTo(t));
        assertThat(silent.state().get("num_batches_tracked").item()).isEqualTo(1);
    }

    @Test
    void averagesConvergeToMeanAndUnbiasedVarianceOfTheData() {
        BatchNorm2d norm = new BatchNorm2d(2);
        for (int i = 0; i < 150; i++) {
            norm.forward(X);
        }
        Tensor rows = X.reshape(-1, 2);
        double n = rows.dim(0);
        TensorAssert.assertThat(norm.state().get("running_mean"))
                .isCloseTo(rows.mean(0).reshape(-1), 1e-4, 1e-4);
        TensorAssert.assertThat(norm.state().get("running_var"))
                .isCloseTo(rows.variance(0).reshape(-1).mul(n / (n - 1)), 1e-4, 1e-4);
        try (Layer.Mode mode = norm.evaluating()) {
            Tensor y = norm.forward(X).detach().reshape(-1, 2);
            TensorAssert.assertThat(y.mean(0)).isCloseTo(Tensor.zeros(1, 2), 0, 1e-4);
        }
    }

    @Test
    void evaluationChangesNothing() {
        BatchNorm2d norm = new BatchNorm2d(2);
        try (Layer.Mode mode = norm.evaluating()) {
            norm.forward(X);
        }
        assertThat(norm.state().get("num_batches_tracked").item()).isZero();
        assertThat(norm.state().get("running_mean").toFloats()).containsOnly(0);
    }

    @Test
    void statisticsOfBfloat16InputsAreFloat32() {
        BatchNorm2d norm = new BatchNorm2d(2);
        assertThat(norm.forward(X.to(DType.BFLOAT16)).dtype()).isEqualTo(DType.BFLOAT16);
        assertThat(norm.state().get("running_mean").dtype()).isEqualTo(DType.FLOAT32);
        TensorAssert.assertThat(norm.state().get("running_mean"))
                .isCloseTo(X.reshape(-1, 2).mean(0).reshape(-1).mul(0.1), 1e-2, 1e-3);
    }

    @Test
    void aConstantChannelHasVarianceZeroAndNotLess() {
        BatchNorm2d norm = new BatchNorm2d(new BatchNorm2d.Config(1, 1e-5, 1, true));
        norm.forward(Tensor.full(3.7, DType.FLOAT32, Shape.of(2, 4, 4, 1)));
        assertThat(norm.state().get("running_var").item()).isBetween(0.0, 1e-9);
    }

    @Test
    void oneValuePerChannelHasNoVariance() {
        assertThatThrownBy(() -> new BatchNorm2d(2).forward(Tensor.zeros(1, 1, 1, 2)))
                .isInstanceOf(ShapeException.class)
                .hasMessage("BatchNorm2d: training needs more than one value per channel, got x of shape [1, 1, 1, 2]");
    }
}
