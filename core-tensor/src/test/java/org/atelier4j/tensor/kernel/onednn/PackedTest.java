package org.atelier4j.tensor.kernel.onednn;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.kernel.Epilogue;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.nd4j.Nd4jKernels;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PackedTest {
    private final Kernels fast = new OneDnnKernels();
    private final Kernels portable = new Nd4jKernels();

    /** oneDNN chooses another layout of one weight for another batch size, sometimes with as many bytes. */
    @ParameterizedTest
    @ValueSource(ints = {4, 7, 8, 14})
    void aParameterServesBatchesOfAllSizesInTurn(int size) {
        Tensor weight = TensorScope.outside(() -> Rng.of(1).normal(Shape.of(64, 64, 3, 3)));
        for (int stride : new int[] {1, 2}) {
            Convolution conv = Convolution.of2d(stride, 1);
            int out = conv.outputLength(0, size, 3);
            for (int batch : new int[] {1, 2, 7, 64, 1}) {
                Tensor x = Rng.of(2).normal(Shape.of(batch, size, size, 64));
                Tensor dy = Rng.of(3).normal(Shape.of(batch, out, out, 64));
                Tensor y = empty(dy);
                Tensor wanted = empty(dy);
                fast.conv(conv, x, weight, Epilogue.NONE, y);
                portable.conv(conv, x, weight, Epilogue.NONE, wanted);
                TensorAssert.assertThat(y).isCloseTo(wanted, 1e-4, 1e-3);
                Tensor dx = empty(x);
                Tensor wantedDx = empty(x);
                fast.convBackwardInput(conv, dy, weight, dx);
                portable.convBackwardInput(conv, dy, weight, wantedDx);
                TensorAssert.assertThat(dx).isCloseTo(wantedDx, 1e-4, 1e-3);
            }
        }
    }

    private static Tensor empty(Tensor like) {
        return Tensor.empty(like.shape(), DType.FLOAT32, like.device());
    }
}
