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

/** Against the portable kernels, which are held to float64 by the contract of all providers. */
class FewChannelsTest {
    private final Nd4jKernels truth = new Nd4jKernels();
    private final Rng rng = Rng.of(7);

    /** Sizes: gray and color, even and odd, unequal axes, no padding and more than half a kernel, dilation. */
    @ParameterizedTest
    @CsvSource({
        "2,8,8,1,16,3,3,1,1,1",
        "3,7,9,3,48,3,3,1,1,1",
        "1,9,6,2,40,5,3,1,0,1",
        "2,6,7,1,32,2,4,1,3,1",
        "2,9,9,3,64,3,3,1,2,2",
        "1,3,4,1,16,5,5,1,4,1"
    })
    void fewOutputChannelsAgreeWithTheDirectSum(
            int batch,
            int height,
            int width,
            int few,
            int many,
            int kh,
            int kw,
            int stride,
            int padding,
            int dilation) {
        Convolution conv = geometry(stride, padding, dilation);
        Tensor x = rng.normal(Shape.of(batch, height, width, many));
        Tensor w = rng.normal(Shape.of(few, many, kh, kw)).mul(0.2);
        Tensor bias = rng.normal(Shape.of(few));
        Tensor dy = rng.normal(Shape.of(batch, conv.outputLength(0, height, kh), conv.outputLength(1, width, kw), few));
        assertThat(FewChannels.suitsOutput(conv, x, w)).isTrue();
        for (Epilogue epilogue : new Epilogue[] {Epilogue.NONE, new Epilogue(bias, dy, null)}) {
            Tensor y = empty(dy.shape());
            FewChannels.forward(conv, x, w, epilogue, y);
            Tensor expected = empty(dy.shape());
            truth.conv(conv, x, w, epilogue, expected);
            TensorAssert.assertThat(y).isCloseTo(expected, 1e-5, 2e-5);
        }

        Tensor dw = empty(w.shape());
        Tensor db = empty(bias.shape());
        FewChannels.backwardWeight(conv, x, dy, dw, db);
        Tensor expectedDw = empty(w.shape());
        Tensor expectedDb = empty(bias.shape());
        truth.convBackwardWeight(conv, x, dy, expectedDw, expectedDb);
        TensorAssert.assertThat(dw).isCloseTo(expectedDw, 1e-5, 2e-5);
        TensorAssert.assertThat(db).isCloseTo(expectedDb, 1e-5, 2e-5);
    }

    /** Strides too, also such that the last inputs are never reached. */
    @ParameterizedTest
    @CsvSource({
        "2,8,8,1,16,3,3,1,1,1",
        "3,8,10,3,64,4,4,2,1,1",
        "2,9,11,1,32,3,3,2,1,1",
        "1,11,8,2,40,5,3,3,0,1",
        "2,9,9,3,64,3,2,2,2,2",
        "1,3,4,1,16,5,5,1,4,1"
    })
    void fewInputChannelsAgreeWithTheDirectSum(
            int batch,
            int height,
            int width,
            int few,
            int many,
            int kh,
            int kw,
            int stride,
            int padding,
            int dilation) {
        Convolution conv = geometry(stride, padding, dilation);
        Tensor w = rng.normal(Shape.of(many, few, kh, kw)).mul(0.2);
        Tensor dy =
                rng.normal(Shape.of(batch, conv.outputLength(0, height, kh), conv.outputLength(1, width, kw), many));
        assertThat(FewChannels.suitsInput(conv, dy, w)).isTrue();

        Tensor dx = empty(Shape.of(batch, height, width, few));
        FewChannels.backwardInput(conv, dy, w, dx);
        Tensor expected = empty(dx.shape());
        truth.convBackwardInput(conv, dy, w, expected);
        TensorAssert.assertThat(dx).isCloseTo(expected, 1e-5, 2e-5);
    }

    @Test
    void anImageIsTheSameInAnyBatch() {
        Convolution same = Convolution.of2d(1, 1);
        Tensor w = rng.normal(Shape.of(1, 64, 3, 3));
        Tensor x = rng.normal(Shape.of(5, 16, 16, 64));
        Tensor all = empty(Shape.of(5, 16, 16, 1));
        FewChannels.forward(same, x, w, Epilogue.NONE, all);
        Tensor one = empty(Shape.of(1, 16, 16, 1));
        FewChannels.forward(same, x.slice(0, 3, 1), w, Epilogue.NONE, one);
        TensorAssert.assertThat(one).isEqualTo(all.slice(0, 3, 1));
    }

    @Test
    void theRestIsLeftToTheDirectCode() {
        Convolution same = Convolution.of2d(1, 1);
        Tensor x = rng.normal(Shape.of(1, 8, 8, 64));

        assertThat(FewChannels.suitsOutput(same, x, rng.normal(Shape.of(5, 64, 3, 3))))
                .isFalse();
        assertThat(FewChannels.suitsOutput(Convolution.of2d(2, 1), x, rng.normal(Shape.of(1, 64, 3, 3))))
                .isFalse();
        assertThat(FewChannels.suitsOutput(same, x, rng.normal(Shape.of(1, 64, 1, 1))))
                .isFalse();
        assertThat(FewChannels.suitsInput(same, x, rng.normal(Shape.of(64, 5, 3, 3))))
                .isFalse();
        assertThat(FewChannels.suitsInput(same, x.to(DType.BFLOAT16), rng.normal(Shape.of(64, 1, 3, 3))))
                .isFalse();
    }

    private static Convolution geometry(int stride, int padding, int dilation) {
        return new Convolution(Shape.of(stride, stride), Shape.of(padding, padding), Shape.of(dilation, dilation), 1);
    }

    private static Tensor empty(Shape shape) {
        return Tensor.empty(shape, DType.FLOAT32, Device.cpu());
    }
}
