package org.atelier4j.vqvae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PatchDiscriminatorTest {

    private static PatchDiscriminator of(int halvings) {
        return new PatchDiscriminator(new PatchDiscriminator.Config(1, 8, halvings), Rng.of(1));
    }

    @ParameterizedTest
    @CsvSource({"1, 28, 12", "2, 28, 5", "3, 32, 2", "3, 24, 1"})
    void everyPatchGetsALogit(int halvings, int size, int patches) {
        TensorAssert.assertThat(of(halvings).forward(Tensor.zeros(3, size, size, 1)))
                .hasShape(3, patches, patches, 1);
    }

    /**
     * One logit and the pixels that move it. Group norms look at the whole image, so their statistics are held: a large
     * image on which a patch is a small part, and slopes below a thousandth of the largest do not count.
     */
    @Test
    void aLogitSeesAPatchAsWideAsTheConfigSays() {
        Tensor images = Rng.of(2).normal(Shape.of(1, 96, 96, 1)).requireGradient();
        Tensor logits = of(2).forward(images); // (1, 22, 22, 1)
        Tensor slope = logits.slice(1, 11, 1)
                .slice(2, 11, 1)
                .sum()
                .backward()
                .get(images)
                .abs();
        double[] rows = slope.max(2).toDoubles(); // one per row of pixels
        double largest = slope.max().item();
        int first = -1;
        int last = -1;
        for (int i = 0; i < rows.length; i++) {
            if (rows[i] > 0.05 * largest) {
                first = first < 0 ? i : first;
                last = i;
            }
        }

        assertThat(last - first + 1).isBetween(22, 34); // at the patch's rim slopes are small
    }

    @Test
    void anImageIsJudgedTheSameWhateverElseIsInTheBatch() {
        PatchDiscriminator discriminator = of(2);
        Tensor two = Rng.of(3).normal(Shape.of(2, 16, 16, 1));

        Tensor together = discriminator.forward(two).slice(0, 1, 1);

        TensorAssert.assertThat(discriminator.forward(two.slice(0, 1, 1)).detach())
                .isCloseTo(together.detach(), 1e-5, 1e-6);
    }

    @Test
    void messagesSayWhatMustHold() {
        assertThatThrownBy(() -> of(3).forward(Tensor.zeros(1, 23, 28, 1)))
                .isInstanceOf(ShapeException.class)
                .hasMessage(
                        "PatchDiscriminator: images must have shape (B, H, W, 1) with H and W >= 24, got [1, 23, 28,"
                                + " 1]");
        assertThatThrownBy(() -> of(3).forward(Tensor.zeros(1, 28, 28, 3)))
                .hasMessage(
                        "PatchDiscriminator: images must have shape (B, H, W, 1) with H and W >= 24, got [1, 28, 28,"
                                + " 3]");
        assertThatThrownBy(() -> new PatchDiscriminator.Config(1, 12, 1))
                .hasMessage("PatchDiscriminator: width must be a multiple of 8, got 12");
        assertThatThrownBy(() -> new PatchDiscriminator.Config(1, 8, 0))
                .hasMessage("PatchDiscriminator: halvings must be >= 1, got 0");
    }
}
