package org.atelier4j.nn;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.autograd.GradientCheck;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.kernel.Distribution;
import org.junit.jupiter.api.Test;

/** Identities, second derivatives and refusals of resampling and functional convolutions; values are golden. */
class ResamplingTest {
    private final Tensor x = Rng.of(4).draw(Distribution.NORMAL, Shape.of(2, 4, 6, 3), DType.FLOAT64, Device.cpu());

    @Test
    void unshufflingIsTheInverseOfShuffling() {
        Tensor apart = Resampling.pixelUnshuffle(x, 2);
        TensorAssert.assertThat(apart).hasShape(2, 2, 3, 12);
        TensorAssert.assertThat(Resampling.pixelShuffle(apart, 2)).isIdenticalTo(x);
    }

    @Test
    void adaptivePoolingToDividingSizesIsPooling() {
        Tensor square = x.slice(2, 0, 4);
        TensorAssert.assertThat(Resampling.adaptiveAveragePool(square, 2, 2))
                .isCloseTo(square.averagePool(2, 2, 0), 1e-13, 1e-15);
        TensorAssert.assertThat(Resampling.adaptiveMaxPool(square, 2, 2)).isIdenticalTo(square.maxPool(2, 2, 0));
        TensorAssert.assertThat(Resampling.adaptiveAveragePool(x, 1, 1)).isCloseTo(x.mean(1, 2), 1e-13, 1e-15);
        TensorAssert.assertThat(Resampling.adaptiveMaxPool(x, 4, 6)).isIdenticalTo(x);
    }

    @Test
    void secondDerivativesExist() {
        Tensor small = x.slice(0, 0, 1).slice(3, 0, 1);
        GradientCheck.of(in -> Resampling.adaptiveAveragePool(in[0], 3, 4).square())
                .secondOrder()
                .at(small);
        GradientCheck.of(in -> Resampling.adaptiveMaxPool(in[0], 3, 4).square())
                .secondOrder()
                .at(small);
        GradientCheck.of(in -> Resampling.pixelUnshuffle(in[0], 2).square())
                .secondOrder()
                .at(small);
        GradientCheck.of(in -> in[0].padReflect(1, 2).square()).secondOrder().at(small);
    }

    @Test
    void whatIsRefused() {
        assertThatThrownBy(() -> Resampling.pixelShuffle(x, 2))
                .isInstanceOf(ShapeException.class)
                .hasMessage("pixelShuffle: r² must divide the channels, got r 2, shape [2, 4, 6, 3]");
        assertThatThrownBy(() -> Resampling.pixelUnshuffle(x, 4))
                .isInstanceOf(ShapeException.class)
                .hasMessage("pixelUnshuffle: r must divide height and width, got r 4, shape [2, 4, 6, 3]");
        assertThatThrownBy(() -> Resampling.adaptiveAveragePool(x, 0, 2))
                .isInstanceOf(ShapeException.class)
                .hasMessage("adaptiveAveragePool: sizes must be > 0, got 0 and 2 for shape [2, 4, 6, 3]");
        Tensor w = Tensor.zeros(3, 2, 3, 3).to(DType.FLOAT64);
        assertThatThrownBy(() -> Convolutions.transposed(x, w, null, Convolution.of2d(2, 1), 2))
                .hasMessage("convTranspose: outputPadding must lie in [0, 2), got 2");
        assertThatThrownBy(() -> Convolutions.transposed(x.slice(3, 0, 2), w, null, Convolution.of2d(2, 1), 0))
                .isInstanceOf(ShapeException.class)
                .hasMessage("convTranspose: x must be (B, 2 spatial axes, C) and weight (C, O/groups, kernel), got"
                        + " [2, 4, 6, 2] and [3, 2, 3, 3]");
        assertThatThrownBy(() -> Convolutions.conv(x, Tensor.zeros(3, 3, 3, 3), null, Convolution.of2d(1, 1)))
                .hasMessage("conv: dtypes must be equal, got FLOAT64 and FLOAT32");
    }
}
