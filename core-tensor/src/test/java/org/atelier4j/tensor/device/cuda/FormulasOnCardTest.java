package org.atelier4j.tensor.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Device;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Expressions on the card: one kernel each, as wide as memory allows, compiled once, recordable. */
class FormulasOnCardTest {
    private final Device card = Emulator.device();
    private TensorScope scope;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /** {@code ab − (x + b) t, tanh'd}, with a factor per image. */
    private static Expression formula(Tensor x, Tensor perImage, double a, double t) {
        Expression e = Expression.of(x);
        Expression f = Expression.of(perImage);
        return f.mul(a).sub(e.add(f).mul(t)).tanh();
    }

    private static Tensor images(int width) {
        return Rng.of(1).normal(Shape.of(3, 4, width));
    }

    private static final Tensor FACTORS = Rng.of(2).normal(Shape.of(3, 1, 1));

    @Test
    void wholeGroupsOfSixteenBytesAreReadAndWrittenAtOnce() {
        for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16)) {
            for (int width : new int[] {4, 5}) {
                boolean whole = 12 * width % (16 / dtype.bytes()) == 0;
                long wide = Emulator.launches("evaluateWide");
                long single = Emulator.launches("evaluate");
                Tensor x = images(width).to(dtype);
                Tensor f = FACTORS.to(dtype);

                Tensor y = formula(x.to(card), f.to(card), 2, 0.5).tensor();

                double tolerance = dtype == DType.FLOAT64 ? 1e-12 : dtype == DType.FLOAT32 ? 1e-6 : 0x1p-7;
                TensorAssert.assertThat(y.to(Device.cpu()))
                        .isCloseTo(formula(x, f, 2, 0.5).tensor(), tolerance, tolerance);
                assertThat(Emulator.launches("evaluateWide") - wide).isEqualTo(whole ? 1 : 0);
                assertThat(Emulator.launches("evaluate") - single).isEqualTo(whole ? 0 : 1);
            }
        }
    }

    @Test
    void viewsThatBeginBetweenGroupsAreReadOneByOne() {
        Tensor all = Rng.of(4).normal(Shape.of(9, 4));
        Tensor x = all.to(card).reshape(36).slice(0, 1, 32);
        long wide = Emulator.launches("evaluateWide");

        Tensor y = Expression.of(x).mul(2).add(1).tensor();

        TensorAssert.assertThat(y.to(Device.cpu()))
                .isCloseTo(all.reshape(36).slice(0, 1, 32).affine(2, 1), 1e-6, 1e-6);
        assertThat(Emulator.launches("evaluateWide")).isEqualTo(wide);
    }

    @Test
    void otherNumbersNeedNoOtherKernel() {
        Tensor x = images(4).to(card);
        Tensor f = FACTORS.to(card);
        formula(x, f, 1, 2).tensor();
        long compiled = Emulator.hooks().standinCalls("nvrtcCreateProgram");

        Tensor y = formula(x, f, -1, 0).tensor();

        TensorAssert.assertThat(y.to(Device.cpu()))
                .isCloseTo(formula(images(4), FACTORS, -1, 0).tensor(), 1e-6, 1e-6);
        assertThat(Emulator.hooks().standinCalls("nvrtcCreateProgram")).isEqualTo(compiled);
    }

    @Test
    void gradientsAreOneKernelToo() {
        Tensor x = images(4).to(card).requireGradient();
        Tensor y = formula(x, FACTORS.to(card), 1.5, 0.5).tensor();
        Tensor cotangent = images(4).square().to(card);
        long before = Emulator.hostLaunches();
        long evaluated = Emulator.launches("evaluateWide");
        Tensor loss = y.mul(cotangent).sum();
        Tensor dx = loss.backward().get(x);
        assertThat(Emulator.launches("evaluateWide") - evaluated).isEqualTo(1);
        assertThat(Emulator.hostLaunches() - before).isLessThan(12); // among them product, sum and their gradients

        Tensor there = images(4).requireGradient();
        Tensor expected = formula(there, FACTORS, 1.5, 0.5)
                .tensor()
                .mul(images(4).square())
                .sum()
                .backward()
                .get(there);
        TensorAssert.assertThat(dx.to(Device.cpu())).isCloseTo(expected, 1e-5, 1e-6);
    }

    /** A replay sees new inputs, also where a coefficient is an input. */
    @Test
    void graphsReplayFormulas() {
        Tensor x = images(4).to(card);
        Tensor f = FACTORS.to(card);
        Tensor[] y = new Tensor[1];
        Runnable step = () -> y[0] = formula(x, f, 2, 0.5).tensor();
        step.run(); // compiles
        CudaGraph graph = ((CudaDevice) card).capture(step);
        x.assign(images(4).mul(3).to(card));
        f.assign(FACTORS.neg().to(card));

        graph.replay();

        TensorAssert.assertThat(y[0].to(Device.cpu()))
                .isCloseTo(formula(images(4).mul(3), FACTORS.neg(), 2, 0.5).tensor(), 1e-6, 1e-6);
    }
}
