package org.atelier4j.tensor.kernel.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.kernel.Epilogue;
import org.atelier4j.tensor.kernel.nd4j.Nd4jKernels;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WinogradTest {
    private static final Convolution SAME = Convolution.of2d(1, 1);

    private final Nd4jKernels truth = new Nd4jKernels();
    private final Rng rng = Rng.of(7);

    /** Sizes: even, odd, narrower than a band, several bands, unequal channels. */
    @ParameterizedTest
    @CsvSource({"1,8,8,96,96", "2,7,9,96,128", "3,16,16,80,80", "5,4,5,128,64", "1,32,32,192,64"})
    void agreesWithTheDirectSum(int batch, int height, int width, int in, int out) {
        Tensor x = rng.normal(Shape.of(batch, height, width, in));
        Tensor w = rng.normal(Shape.of(out, in, 3, 3)).mul(0.05);
        Tensor bias = rng.normal(Shape.of(out));
        Tensor dy = rng.normal(Shape.of(batch, height, width, out));
        assertThat(Winograd.suits(SAME, x, w)).isTrue();

        Tensor y = empty(dy.shape());
        Winograd.forward(x, w, new Epilogue(bias, dy, null), y);
        Tensor expected = empty(dy.shape());
        truth.conv(SAME, x, w, new Epilogue(bias, dy, null), expected);
        TensorAssert.assertThat(y).isCloseTo(expected, 1e-5, 2e-5);

        Tensor dx = empty(x.shape());
        Winograd.backwardInput(dy, w, dx);
        Tensor expectedDx = empty(x.shape());
        truth.convBackwardInput(SAME, dy, w, expectedDx);
        TensorAssert.assertThat(dx).isCloseTo(expectedDx, 1e-5, 2e-5);
    }

    @Test
    void anAssignedWeightIsTransformedAgain() {
        Tensor w = rng.normal(Shape.of(96, 96, 3, 3));
        Tensor x = rng.normal(Shape.of(1, 8, 8, 96));
        Tensor before = empty(x.shape());
        Winograd.forward(x, w, Epilogue.NONE, before);
        w.assign(w.mul(2));
        Tensor after = empty(x.shape());
        Winograd.forward(x, w, Epilogue.NONE, after);
        TensorAssert.assertThat(after).isCloseTo(before.mul(2), 1e-6, 1e-5);
    }

    @Test
    void anImageIsTheSameInAnyBatch() {
        Tensor w = rng.normal(Shape.of(96, 96, 3, 3));
        Tensor x = rng.normal(Shape.of(5, 16, 16, 96));
        Tensor all = empty(x.shape());
        Winograd.forward(x, w, Epilogue.NONE, all);
        Tensor one = empty(Shape.of(1, 16, 16, 96));
        Winograd.forward(x.slice(0, 3, 1), w, Epilogue.NONE, one);
        TensorAssert.assertThat(one).isEqualTo(all.slice(0, 3, 1));
    }

    @Test
    void fewChannelsAndOtherGeometriesAreLeftToTheDirectCode() {
        Tensor x = rng.normal(Shape.of(1, 8, 8, 96));
        Tensor w = rng.normal(Shape.of(96, 96, 3, 3));
        assertThat(Winograd.suits(Convolution.of2d(2, 1), x, w)).isFalse();
        assertThat(Winograd.suits(Convolution.of2d(1, 0), x, w)).isFalse();
        assertThat(Winograd.suits(SAME, x, rng.normal(Shape.of(96, 96, 1, 1)))).isFalse();
        assertThat(Winograd.suits(SAME, rng.normal(Shape.of(1, 8, 8, 32)), rng.normal(Shape.of(96, 32, 3, 3))))
                .isFalse();
    }

    private static Tensor empty(Shape shape) {
        return Tensor.empty(shape, DType.FLOAT32, Device.cpu());
    }
}
