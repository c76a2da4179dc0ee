package org.atelier4j.metrics.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.atelier4j.tensor.TensorAssert.assertThat;

import java.util.List;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.GradientCheck;
import org.junit.jupiter.api.Test;

/** {@link Ssim} and {@link MsSsim}. */
class SsimTest {
    private final GoldenFile golden = GoldenFile.load("golden/images.safetensors");
    private final Tensor a = golden.tensor("pairs.a");
    private final Tensor b = golden.tensor("pairs.b");

    @Test
    void equalsScikitImageInColor() {
        assertThat(Ssim.paper().similarity(a, b)).isCloseTo(golden.tensor("pairs.ssim"), 0, 1e-12);
    }

    @Test
    void equalsScikitImageInGray() {
        Tensor similarity = Ssim.paper().similarity(a.slice(3, 0, 1), b.slice(3, 0, 1));

        assertThat(similarity).isCloseTo(golden.tensor("pairs.ssim-gray"), 0, 1e-12);
    }

    @Test
    void singlePrecisionIsEnough() {
        Tensor similarity = Ssim.paper().similarity(a.to(DType.FLOAT32), b.to(DType.FLOAT32));

        assertThat(similarity).isCloseTo(golden.tensor("pairs.ssim").to(DType.FLOAT32), 0, 1e-6);
    }

    @Test
    void largeImagesEqualScikitImageAndPytorchMsssim() {
        Tensor x = large(false);
        Tensor y = large(true);

        assertThat(Ssim.paper().similarity(x, y).item())
                .isCloseTo(golden.tensor("large.ssim").item(), within(1e-9));
        assertThat(MsSsim.paper().similarity(x, y).item())
                .isCloseTo(golden.tensor("large.ms-ssim").item(), within(2e-6)); // its window and weights are floats
    }

    /** Returns the images of {@code images.py}, moved to [−1, 1]. */
    private static Tensor large(boolean other) {
        double[] v = new double[176 * 192];
        for (int i = 0; i < 176; i++) {
            for (int j = 0; j < 192; j++) {
                double x = 0.5 + 0.2 * Math.sin(0.31 * i) * Math.cos(0.17 * j) + 0.2 * Math.sin(0.013 * i * j);
                double y = 0.6 * x + 0.12 * Math.cos(0.7 * i + 0.2 * j) + 0.15;
                v[i * 192 + j] = 2 * (other ? y : x) - 1;
            }
        }
        return Tensor.of(v, 1, 176, 192, 1);
    }

    @Test
    void equalImagesAreOneEvenWhereNothingVaries() {
        assertThat(Ssim.paper().similarity(a, a)).isCloseTo(new double[] {1, 1}, 0, 1e-12);
        Tensor flat = Tensor.full(-1, DType.FLOAT32, Shape.of(1, 176, 176, 2));
        assertThat(Ssim.paper().similarity(flat, flat)).isCloseTo(new double[] {1}, 0, 1e-6);
        assertThat(MsSsim.paper().similarity(flat, flat)).isCloseTo(new double[] {1}, 0, 1e-6);
    }

    @Test
    void isSymmetricAndEachImageIsItsOwn() {
        Tensor forth = Ssim.paper().similarity(a, b);

        assertThat(Ssim.paper().similarity(b, a)).isCloseTo(forth, 0, 1e-14);
        assertThat(Ssim.paper().similarity(a.slice(0, 1, 1), b.slice(0, 1, 1)))
                .isCloseTo(forth.slice(0, 1, 1), 0, 1e-14);
    }

    @Test
    void theNegativeOfAnImageIsUnlikeIt() {
        Tensor gray = large(false);

        assertThat(Ssim.paper().similarity(gray, gray.neg()).item()).isNegative();
        assertThat(MsSsim.paper().similarity(gray, gray.neg()).item()).isBetween(0.0, 0.2);
    }

    @Test
    void gradientsPassThrough() {
        Tensor x =
                a.slice(0, 0, 1).slice(1, 0, 11).slice(2, 0, 12).slice(3, 0, 1).mul(0.5);
        Tensor y =
                b.slice(0, 0, 1).slice(1, 0, 11).slice(2, 0, 12).slice(3, 0, 1).mul(0.5);

        GradientCheck.of(in -> Ssim.paper().similarity(in[0], in[1])).at(x, y);
    }

    @Test
    void gradientsPassThroughSeveralSizes() {
        MsSsim two = new MsSsim(new Ssim(3, 1.5, 0.01, 0.03), List.of(0.4, 0.6));
        Tensor x = a.slice(0, 0, 1).slice(1, 0, 7).slice(2, 0, 6).slice(3, 0, 1).mul(0.5);
        Tensor y = x.mul(0.7)
                .add(b.slice(0, 0, 1)
                        .slice(1, 0, 7)
                        .slice(2, 0, 6)
                        .slice(3, 0, 1)
                        .mul(0.05));

        GradientCheck.of(in -> two.similarity(in[0], in[1])).at(x, y);
    }

    @Test
    void aNegativeFactorHasValueAndGradientZero() {
        MsSsim two = new MsSsim(new Ssim(3, 1.5, 0.01, 0.03), List.of(0.4, 0.6));
        Tensor x = Rng.of(1).uniform(Shape.of(1, 8, 8, 1)).affine(2, -1).requireGradient();
        Tensor value = two.similarity(x, x.detach().neg());

        assertThat(value.item()).isZero();
        assertThat(value.sum().backward().get(x)).isCloseTo(Tensor.zeros(1, 8, 8, 1), 0, 0);
    }

    @Test
    void smallImagesAreRefusedWithTheSizeThatIsNeeded() {
        assertThatThrownBy(() -> Ssim.paper().similarity(Tensor.zeros(1, 10, 30, 3), Tensor.zeros(1, 10, 30, 3)))
                .isInstanceOf(ShapeException.class)
                .hasMessage("Ssim: images must have at least 11 × 11 pixels, got [1, 10, 30, 3]");
        assertThatThrownBy(() -> MsSsim.paper().similarity(Tensor.zeros(1, 175, 200, 3), Tensor.zeros(1, 175, 200, 3)))
                .isInstanceOf(ShapeException.class)
                .hasMessage("MsSsim: images must have at least 176 × 176 pixels, got [1, 175, 200, 3]");
        assertThatThrownBy(() -> new Ssim(10, 1.5, 0.01, 0.03)).hasMessage("Ssim: window must be odd and >= 1, got 10");
        assertThatThrownBy(() -> new MsSsim(Ssim.paper(), List.of()))
                .hasMessage("MsSsim: at least one weight must be given, got none");
    }

    @Test
    void theSmallestImagesOfTheMessageAreAccepted() {
        Tensor smallest = Rng.of(1).uniform(Shape.of(1, 176, 176, 1));

        assertThat(MsSsim.paper().similarity(smallest, smallest).item()).isCloseTo(1, within(1e-6));
    }
}
