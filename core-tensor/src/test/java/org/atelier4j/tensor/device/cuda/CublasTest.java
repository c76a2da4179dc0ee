package org.atelier4j.tensor.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Precision;
import org.atelier4j.tensor.device.PrecisionScope;
import org.atelier4j.tensor.kernel.Epilogue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Large plain products are asked of cuBLAS in its own terms; without the library nothing is missing. */
class CublasTest {
    private static final String CALL = "cublasGemmStridedBatchedEx";

    private TensorScope scope;
    private CudaDevice card;

    @BeforeEach
    void open() {
        Emulator.hooks();
        card = (CudaDevice) Emulator.device();
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        if (scope != null) {
            scope.close();
        }
    }

    private static Tensor normal(long stream, int... shape) {
        return Rng.of(stream).normal(Shape.of(shape));
    }

    /** Multiplies on the card and compares with the host. */
    private void multiply(Tensor a, boolean ta, Tensor b, boolean tb, double tolerance) {
        Tensor expected = a.to(DType.FLOAT64).matmul(b.to(DType.FLOAT64), ta, tb);
        double[] actual = a.to(card).matmul(b.to(card), ta, tb).toDoubles();
        double[] wanted = expected.toDoubles();
        for (int i = 0; i < wanted.length; i++) {
            assertThat(Math.abs(actual[i] - wanted[i])).as("element %d", i).isLessThan(tolerance);
        }
    }

    @Test
    void rowsAreGivenAsColumnsInReverseOrder() {
        long before = Emulator.hooks().standinCalls(CALL);
        multiply(normal(1, 64, 65536), false, normal(2, 65536, 33), false, 0.05);
        assertThat(Emulator.hooks().standinCalls(CALL)).isEqualTo(before + 1);
        assertThat(Emulator.hooks().standinLastProduct())
                .isEqualTo("NN 33 64 65536, leads 33 65536 33, steps 0 0 2112, count 1, type 0 0 0, compute 68,"
                        + " algorithm -1, 1 0");
    }

    @Test
    void transposedMatricesKeepTheirLeadsAndBatchesTheirSteps() {
        multiply(normal(1, 2, 4096, 128), true, normal(2, 129, 4096), true, 0.01);
        assertThat(Emulator.hooks().standinLastProduct())
                .isEqualTo("TT 129 128 4096, leads 4096 128 129, steps 0 524288 16512, count 2, type 0 0 0, compute 68,"
                        + " algorithm -1, 1 0");
    }

    @Test
    void precisionAndTypeChooseTheArithmetic() {
        Tensor a = normal(1, 256, 2048).to(card);
        Tensor b = normal(2, 2048, 256).to(card);
        for (Precision precision : Precision.values()) {
            try (PrecisionScope chosen = PrecisionScope.open(precision)) {
                a.matmul(b);
            }
            String compute = switch (precision) {
                case FLOAT32 -> "compute 68,";
                case TF32 -> "compute 77,";
                case BF16 -> "compute 75,";
            };
            assertThat(Emulator.hooks().standinLastProduct()).contains("type 0 0 0, " + compute);
        }
        a.to(DType.BFLOAT16).matmul(b.to(DType.BFLOAT16));
        assertThat(Emulator.hooks().standinLastProduct()).contains("type 14 14 14, compute 68,");
        multiply(
                normal(1, 256, 2048).to(DType.FLOAT64),
                false,
                normal(2, 2048, 256).to(DType.FLOAT64),
                false,
                1e-9);
        assertThat(Emulator.hooks().standinLastProduct())
                .contains("type 1 1 1, compute 70,")
                .endsWith("1 0");
    }

    @Test
    void smallProductsAndThoseWithSomethingBehindStayWithOurKernels() {
        long before = Emulator.hooks().standinCalls(CALL);
        Tensor a = normal(1, 64, 64).to(card);
        a.matmul(a);
        assertThat(Emulator.hooks().standinCalls(CALL)).isEqualTo(before);
        Tensor large = normal(2, 512, 512).to(card);
        Tensor bias = normal(4, 512).to(card);
        Tensor out = Tensor.zerosLike(large);
        Emulator.hooks().standinFail("cuLaunchKernel", 46, 0); // enough to know who would have computed it
        assertThatThrownBy(() -> card.kernels().matmul(large, false, large, false, new Epilogue(bias, null, null), out))
                .hasMessageContaining("kernel ");
        assertThat(Emulator.hooks().standinCalls(CALL)).isEqualTo(before);
    }

    @Test
    void aRecordedStepReplaysItsProducts() {
        Tensor a = normal(1, 64, 32768).to(card);
        Tensor b = normal(2, 32768, 65).to(card);
        Tensor y = Tensor.empty(Shape.of(64, 65), DType.FLOAT32, card);
        Runnable step = () -> card.kernels().matmul(a, false, b, false, Epilogue.NONE, y);
        step.run();
        float[] expected = y.toFloats();
        try (CudaGraph graph = card.capture(step)) {
            y.assign(Tensor.zeros(64, 65));
            graph.replay();
            assertThat(y.toFloats()).isEqualTo(expected);
        }
    }

    @Test
    void anErrorNamesFunctionAndStatus() {
        Tensor a = normal(1, 512, 512).to(card);
        a.matmul(a);
        Emulator.hooks().standinFail(CALL, 13, 0);
        assertThatThrownBy(() -> a.matmul(a))
                .isInstanceOf(CudaException.class)
                .hasMessage("cublasGemmStridedBatchedEx: cuBLAS status 13");
    }

    @Test
    void anAbsentLibraryIsSaidOnceAndNothingElse() {
        List<String> said = new ArrayList<>();
        String library = System.getProperty(Cublas.PROPERTY);
        try {
            System.setProperty(Cublas.PROPERTY, "/nowhere/libcublas.so.13");
            assertThat(Cublas.open(card, 13000, said::add)).isNull();
            System.setProperty(Cublas.PROPERTY, "off");
            assertThat(Cublas.open(card, 13000, said::add)).isNull();
        } finally {
            System.setProperty(Cublas.PROPERTY, library);
        }
        assertThat(said)
                .hasSize(2)
                .allMatch(line -> line.startsWith("cuda:0: without cuBLAS (it ")
                        && line.endsWith("), large matrix products go by our own kernels"));
        assertThat(said.get(0)).contains("cannot be opened: ").contains("/nowhere/libcublas.so.13");
        assertThat(said.get(1)).contains("is switched off by -Datelier.cuda.cublas");
    }

    /** The card asks once, whatever it finds. */
    @Test
    void theLibraryIsOpenedOnce() {
        Tensor a = normal(1, 512, 512).to(card);
        a.matmul(a);
        a.matmul(a);
        assertThat(Emulator.hooks().standinCalls("cublasCreate_v2")).isEqualTo(1);
    }
}
