package org.atelier4j.vqvae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;

class ResidualTest {
    private static final CodebookConfig PART = NearestCodebook.Config.lively(16, 4);

    private final Tensor latents = Rng.of(1).normal(Shape.of(4, 8, 8, 4)); // (B, h, w, D)

    private Residual started(CodebookConfig part, int depth) {
        Residual codebook = new Residual(Residual.Config.of(part, depth), Rng.of(2));
        codebook.start(latents, Rng.of(3));
        return codebook;
    }

    private double error(Codebook codebook) {
        return codebook.lookup(codebook.codes(latents))
                .sub(latents)
                .square()
                .mean()
                .item();
    }

    @Test
    void theErrorFallsWithEveryDepth() {
        double one = error(started(PART, 1));
        double two = error(started(PART, 2));
        double four = error(started(PART, 4));

        assertThat(two).isLessThan(0.7 * one);
        assertThat(four).isLessThan(0.6 * two);
        assertThat(one).isLessThan(1); // of a variance of 1
    }

    @Test
    void withGainTwoSignsBecomeBinaryFractions() {
        Tensor within = Rng.of(4).uniform(Shape.of(1, 10, 10, 3)).affine(4, -2); // (−2, 2)
        CodebookConfig signs = new LookupFree.Config(3, 0, 0, 0, 1);

        for (int depth = 1; depth <= 6; depth++) {
            Residual codebook = new Residual(new Residual.Config(signs, depth, 2, 0), Rng.of(2));
            Tensor again = codebook.lookup(codebook.codes(within));
            double worst = again.sub(within).abs().max().item();
            assertThat(worst).as("depth %d", depth).isBetween(0.5 * Math.pow(2, 1 - depth), Math.pow(2, 1 - depth));
        }
    }

    @Test
    void codesOfALatentStandSideBySideAndLookUpWhatWasQuantized() {
        Residual codebook = started(PART, 3);
        Tensor some = latents.slice(1, 0, 2).slice(2, 0, 5);

        Quantization chosen = codebook.quantize(some, 0, Rng.of(5));

        assertThat(codebook.gridShape(2, 5)).isEqualTo(Shape.of(2, 15));
        TensorAssert.assertThat(chosen.codes()).hasShape(4, 2, 15);
        TensorAssert.assertThat(codebook.codes(some)).isIdenticalTo(chosen.codes());
        TensorAssert.assertThat(codebook.lookup(chosen.codes()))
                .isCloseTo(chosen.quantized().detach(), 1e-5, 1e-6);
        Residual first = started(PART, 1);
        Tensor everyThird = chosen.codes().reshape(4, 2, 5, 3).select(3, 0);
        TensorAssert.assertThat(everyThird).isIdenticalTo(first.codes(some));
    }

    @Test
    void straightThroughGradientsArriveOnceWhateverTheDepth() {
        Tensor leaf = latents.requireGradient();
        Tensor dy = Rng.of(6).normal(latents.shape());

        Tensor slope = started(PART, 3)
                .quantize(leaf, 0, Rng.of(5))
                .quantized()
                .mul(dy)
                .sum()
                .backward()
                .get(leaf);

        TensorAssert.assertThat(slope).isCloseTo(dy, 1e-5, 1e-6);
    }

    @Test
    void everyDepthHasItsTermsAndTheSumIsCommittedTo() {
        Quantization chosen = started(PART, 2).quantize(latents, 0, Rng.of(5));

        assertThat(chosen.terms())
                .extracting(Quantization.Term::name)
                .containsExactly("commitment.0", "commitment.1", "commitment");
        double all = chosen.quantized().sub(latents).square().mean().item();
        assertThat(chosen.terms().get(2).value().item()).isBetween(0.999 * all, 1.001 * all);
        assertThat(chosen.terms().get(1).value().item()).isBetween(0.999 * all, 1.001 * all); // what two codes leave
    }

    @Test
    void learningLowersTheErrorOfAllDepths() {
        Residual codebook = new Residual(Residual.Config.of(learning(), 2), Rng.of(2));
        double before = error(codebook);
        for (int i = 0; i < 30; i++) {
            codebook.learn(latents, codebook.quantize(latents, i, Rng.of(5)), Rng.of(6 + i));
        }
        Residual single = new Residual(Residual.Config.of(learning(), 1), Rng.of(2));
        for (int i = 0; i < 30; i++) {
            single.learn(latents, single.quantize(latents, i, Rng.of(5)), Rng.of(6 + i));
        }

        assertThat(error(codebook)).isLessThan(0.5 * before).isLessThan(0.8 * error(single));
    }

    private static CodebookConfig learning() {
        NearestCodebook.Learning how =
                new NearestCodebook.Learning(NearestCodebook.Rule.EMA, 0.8, NearestCodebook.Start.UNIFORM, 0.5);
        return NearestCodebook.Config.paper(16, 4).withLearning(how);
    }

    @Test
    void messagesSayWhatMustHold() {
        Residual codebook = started(PART, 3);
        assertThatThrownBy(() -> codebook.lookup(Tensor.arange(8).reshape(1, 2, 4)))
                .isInstanceOf(ShapeException.class)
                .hasMessage("Residual: codes must be (B, h, w·3), got [1, 2, 4]");
        assertThatThrownBy(() -> Residual.Config.of(PART, 0)).hasMessage("Residual: depth must be >= 1, got 0");
        assertThatThrownBy(() -> new Residual.Config(PART, 2, 0.5, 0))
                .hasMessage("Residual: gain must be >= 1, got 0.5");
        assertThatThrownBy(() -> Residual.Config.of(Residual.Config.of(PART, 2), 2))
                .hasMessageStartingWith("Residual: its codebooks must not be residual themselves, got Config[part=");
    }
}
