package org.atelier4j.vqvae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.autograd.GradientCheck;
import org.junit.jupiter.api.Test;

class LookupFreeTest {
    private static final double LOG2 = Math.log(2);
    private static final LookupFree.Config CONFIG = new LookupFree.Config(5, 0.25, 0.1, 0.7, 1.3);

    private final LookupFree codebook = new LookupFree(CONFIG);

    @Test
    void theSignsAreTheBitsOfTheCode() {
        Tensor z = Tensor.of(new float[] {0.1f, -3, 2, -0.01f, 5}, 1, 1, 1, 5);

        assertThat(codebook.codes(z).toInts()).containsExactly(0b10101);
        TensorAssert.assertThat(codebook.lookup(codebook.codes(z))).hasValues(1, -1, 1, -1, 1);
    }

    @Test
    void everyCodeComesBackFromItsVector() {
        Tensor all = Tensor.arange(32).reshape(1, 4, 8);

        TensorAssert.assertThat(codebook.codes(codebook.lookup(all))).isIdenticalTo(all);
    }

    @Test
    void entropiesAreThoseOfTheLawOverAllCodes() {
        Tensor z = Rng.of(1).normal(Shape.of(1, 3, 4, 5));
        double[] latents = z.toDoubles();
        double[] mean = new double[32];
        double choice = 0;
        for (int n = 0; n < 12; n++) {
            double[] p = law(latents, n);
            for (int k = 0; k < 32; k++) {
                choice -= p[k] * Math.log(p[k]) / 12;
                mean[k] += p[k] / 12;
            }
        }
        double usage = 0;
        for (double p : mean) {
            usage -= p * Math.log(p);
        }

        assertThat(codebook.choiceEntropy(z).item()).isCloseTo(choice, within(1e-5));
        assertThat(codebook.usageEntropy(z).item()).isCloseTo(usage, within(1e-5));
        Quantization chosen = codebook.quantize(z, 0, Rng.of(1));
        assertThat(chosen.terms().get(1).name()).isEqualTo("entropy");
        assertThat(chosen.terms().get(1).value().item()).isCloseTo(choice - 0.7 * usage, within(1e-5));
    }

    /** p(k|z) ∝ exp(−‖z − c_k‖²/T), written out. */
    private static double[] law(double[] latents, int n) {
        double[] p = new double[32];
        double sum = 0;
        for (int k = 0; k < 32; k++) {
            double distance = 0;
            for (int i = 0; i < 5; i++) {
                distance += Math.pow(latents[n * 5 + i] - ((k >> i & 1) == 1 ? 1 : -1), 2);
            }
            p[k] = Math.exp(-distance / 1.3);
            sum += p[k];
        }
        for (int k = 0; k < 32; k++) {
            p[k] /= sum;
        }
        return p;
    }

    @Test
    void entropiesHaveTheirClosedFormsAtTheExtremes() {
        Tensor undecided = Tensor.zeros(1, 2, 2, 5);
        Tensor sureAndOne = Tensor.full(100, DType.FLOAT32, Shape.of(1, 2, 2, 5));
        Tensor sureAndEven = codebook.lookup(Tensor.arange(32).reshape(1, 4, 8)).mul(100);

        assertThat(codebook.choiceEntropy(undecided).item()).isCloseTo(5 * LOG2, within(1e-5));
        assertThat(codebook.usageEntropy(undecided).item()).isCloseTo(5 * LOG2, within(1e-5));
        assertThat(codebook.choiceEntropy(sureAndOne).item()).isCloseTo(0, within(1e-5));
        assertThat(codebook.usageEntropy(sureAndOne).item()).isCloseTo(0, within(1e-5));
        assertThat(codebook.choiceEntropy(sureAndEven).item()).isCloseTo(0, within(1e-5));
        assertThat(codebook.usageEntropy(sureAndEven).item()).isCloseTo(5 * LOG2, within(1e-5));
    }

    @Test
    void gradientsAreRightAndTheChoicePassesThem() {
        Tensor z = Rng.of(2).normal(Shape.of(1, 2, 3, 5)).to(DType.FLOAT64);

        GradientCheck.of(x -> codebook.choiceEntropy(x[0])).at(z);
        GradientCheck.of(x -> codebook.usageEntropy(x[0])).at(z);
        Tensor leaf = z.requireGradient();
        Tensor slope = codebook.quantize(leaf, 0, Rng.of(1))
                .quantized()
                .sum()
                .backward()
                .get(leaf);
        TensorAssert.assertThat(slope).isCloseTo(Tensor.onesLike(z), 0, 1e-12);
    }

    @Test
    void withoutAnEntropyCostTheLawOverAllCodesIsNotComputed() {
        LookupFree plain = new LookupFree(new LookupFree.Config(5, 0.25, 0, 1, 1));

        assertThat(plain.quantize(Tensor.zeros(1, 2, 2, 5), 0, Rng.of(1)).terms())
                .extracting(Quantization.Term::name)
                .containsExactly("commitment");
    }

    @Test
    void messagesSayWhatMustHold() {
        assertThatThrownBy(() -> LookupFree.Config.standard(17))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("LookupFree: width must lie in [1, 16], got 17");
        assertThatThrownBy(() -> new LookupFree.Config(4, 0.25, -1, 1, 1))
                .hasMessage("LookupFree: costs and diversity must be >= 0, got 0.25, -1.0 and 1.0");
        assertThatThrownBy(() -> new LookupFree.Config(4, 0.25, 1, 1, 0))
                .hasMessage("LookupFree: temperature must be > 0, got 0.0");
    }
}
