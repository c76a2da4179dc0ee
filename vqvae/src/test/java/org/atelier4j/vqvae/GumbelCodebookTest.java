package org.atelier4j.vqvae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.autograd.Gradients;
import org.junit.jupiter.api.Test;

class GumbelCodebookTest {
    private static final GumbelCodebook.Config CONFIG = new GumbelCodebook.Config(
            16,
            4,
            new Annealing(Annealing.Curve.COSINE, 1, 1e-6, 100),
            Annealing.constant(1),
            GumbelCodebook.Sample.HARD,
            5e-4,
            0);

    private final GumbelCodebook hard = new GumbelCodebook(CONFIG, Rng.of(1));
    private final GumbelCodebook soft = new GumbelCodebook(CONFIG.withSample(GumbelCodebook.Sample.SOFT), Rng.of(1));
    private final Tensor latents = Rng.of(2).normal(Shape.of(2, 3, 5, 4)); // (B, h, w, D)

    @Test
    void hardSamplesAreTheVectorsOfTheCodesThatAreReported() {
        Quantization chosen = hard.quantize(latents, 0, Rng.of(3));

        TensorAssert.assertThat(chosen.codes()).hasShape(2, 3, 5);
        TensorAssert.assertThat(chosen.quantized().detach()).isCloseTo(hard.lookup(chosen.codes()), 1e-6, 1e-7);
    }

    @Test
    void softSamplesAreMeansOfVectorsAndBecomeOneVectorAsTheTemperatureFalls() {
        Quantization early = soft.quantize(latents, 0, Rng.of(3));
        Quantization late = soft.quantize(latents, 100, Rng.of(3));

        double apart =
                early.quantized().sub(soft.lookup(early.codes())).abs().max().item();
        assertThat(apart).isGreaterThan(0.1);
        TensorAssert.assertThat(late.quantized().detach()).isCloseTo(soft.lookup(late.codes()), 1e-3, 1e-3);
        TensorAssert.assertThat(late.codes()).isIdenticalTo(early.codes()); // same noise, same largest
    }

    @Test
    void inEvaluationTheLikeliestCodeIsTakenWithoutChance() {
        Tensor codes = hard.codes(latents);

        TensorAssert.assertThat(codes)
                .isIdenticalTo(hard.logits(latents).argMax(-1).reshape(2, 3, 5));
        TensorAssert.assertThat(hard.codes(latents)).isIdenticalTo(codes);
        Tensor drawn = hard.quantize(latents, 0, Rng.of(3)).codes();
        assertThat(drawn.equal(codes).not().to(DType.FLOAT32).sum().item()).isGreaterThan(3); // training does draw
    }

    /** Noise counts by its factor, {@code softmax((l + s·g)/τ)}; with little of it the likeliest code is drawn. */
    @Test
    void noiseFallsUntilTheLikeliestCodeIsDrawn() {
        Annealing fall = new Annealing(Annealing.Curve.COSINE, 1, 1e-3, 100);
        GumbelCodebook calm = new GumbelCodebook(
                CONFIG.withSample(GumbelCodebook.Sample.SOFT)
                        .withTemperature(Annealing.constant(0.7))
                        .withNoise(fall),
                Rng.of(1));
        Tensor logits = calm.logits(latents);
        Tensor noise = Rng.of(3).gumbel(logits.shape()).mul(fall.at(50));
        Tensor weights = logits.add(noise).div(0.7).softmax(-1).reshape(-1, 16);

        TensorAssert.assertThat(
                        calm.quantize(latents, 50, Rng.of(3)).quantized().detach())
                .isCloseTo(weights.matmul(calm.parameters().get("embed.weight")).reshape(latents.shape()), 1e-5, 1e-6);
        TensorAssert.assertThat(calm.quantize(latents, 100, Rng.of(3)).codes()).isIdenticalTo(calm.codes(latents));
        assertThat(calm.quantize(latents, 0, Rng.of(3)).codes().toInts())
                .isNotEqualTo(calm.codes(latents).toInts());
    }

    @Test
    void temperatureAndNoiseFallOverTheLengthOfTheRun() {
        GumbelCodebook.Config longer = GumbelCodebook.Config.lively(16, 4, 10).annealedOver(1000);

        assertThat(longer).isEqualTo(GumbelCodebook.Config.lively(16, 4, 1000));
    }

    /** Why codes do not die here: the control is a nearest codebook, where vectors that are not chosen learn nothing. */
    @Test
    void everyCodeLearnsInEveryStep() {
        Tensor one = latents.slice(0, 0, 1).slice(1, 0, 1).slice(2, 0, 1); // a single latent
        NearestCodebook nearest = new NearestCodebook(NearestCodebook.Config.paper(16, 4), Rng.of(1));

        assertThat(rowsWithGradient(soft, "embed.weight", one)).isEqualTo(16);
        assertThat(rowsWithGradient(soft, "proj.weight", one)).isEqualTo(16);
        assertThat(rowsWithGradient(hard, "proj.weight", one)).isEqualTo(16);
        assertThat(rowsWithGradient(nearest, "embedding.weight", one)).isEqualTo(1);
    }

    private static int rowsWithGradient(Codebook codebook, String path, Tensor latents) {
        Tensor parameter = codebook.parameters().get(path);
        Quantization chosen = codebook.quantize(latents, 0, Rng.of(3));
        Tensor loss = chosen.quantized().square().sum().add(chosen.loss());
        Tensor slope = loss.backward().get(parameter).reshape(16, -1);
        int rows = 0;
        for (double norm : slope.norm(1).toDoubles()) {
            rows += norm > 0 ? 1 : 0;
        }
        return rows;
    }

    @Test
    void divergenceAndImbalanceAreTermsWithTheirWeights() {
        GumbelCodebook even = new GumbelCodebook(CONFIG.withDiversityCost(0.1), Rng.of(1));
        Tensor logits = even.logits(latents);

        List<Quantization.Term> terms = even.quantize(latents, 0, Rng.of(3)).terms();

        assertThat(terms).extracting(Quantization.Term::name).containsExactly("divergence", "imbalance");
        assertThat(terms).extracting(Quantization.Term::weight).containsExactly(5e-4, 0.1);
        assertThat(terms.get(0).value().item())
                .isCloseTo(GumbelSoftmax.divergenceFromUniform(logits).item(), within(1e-6));
        assertThat(terms.get(1).value().item())
                .isCloseTo(GumbelSoftmax.imbalance(logits).item(), within(1e-6));
    }

    /** The control is the composite: noise, softmax, one-hot vectors, product, each an operation of its own. */
    @Test
    void samplesAndGradientsAreThoseOfTheOperationsOneByOne() {
        Tensor z = latents.requireGradient();
        Tensor dy = Rng.of(5).normal(latents.shape());
        for (GumbelCodebook codebook : List.of(hard, soft)) {
            Tensor table = codebook.parameters().get("embed.weight");
            Tensor logits = codebook.logits(z);
            Tensor weights = GumbelSoftmax.soft(logits, Rng.of(3).gumbel(logits.shape()), 1)
                    .reshape(-1, 16);
            Tensor chosen = codebook == hard ? GumbelSoftmax.hard(weights) : weights;
            Tensor expected = chosen.matmul(table).reshape(latents.shape());

            Quantization drawn = codebook.quantize(z, 0, Rng.of(3));

            TensorAssert.assertThat(drawn.quantized().detach()).isIdenticalTo(expected.detach());
            TensorAssert.assertThat(drawn.codes())
                    .isIdenticalTo(weights.detach().argMax(-1).reshape(2, 3, 5));
            List<Tensor> leaves = List.of(z, table, codebook.parameters().get("proj.weight"));
            Gradients theirs = Gradients.ofProduct(expected, dy, leaves, false);
            Gradients ours = Gradients.ofProduct(drawn.quantized(), dy, leaves, false);
            for (Tensor leaf : leaves) {
                TensorAssert.assertThat(ours.get(leaf)).isCloseTo(theirs.get(leaf), 1e-5, 1e-6);
            }
        }
    }

    @Test
    void termsWithoutAWeightAreNotDifferentiated() {
        GumbelCodebook free = new GumbelCodebook(CONFIG.withDivergenceCost(0), Rng.of(1));

        List<Quantization.Term> terms =
                free.quantize(latents.requireGradient(), 0, Rng.of(3)).terms();

        assertThat(terms).extracting(Quantization.Term::name).containsExactly("divergence");
        assertThat(terms.get(0).value().node()).isNull();
        assertThat(terms.get(0).value().item()).isPositive();
    }

    @Test
    void chanceComesFromTheGivenStreamAlone() {
        Tensor first = hard.quantize(latents, 0, Rng.of(3)).codes();

        TensorAssert.assertThat(hard.quantize(latents, 0, Rng.of(3)).codes()).isIdenticalTo(first);
        Tensor other = hard.quantize(latents, 0, Rng.of(4)).codes();
        assertThat(other.toInts()).isNotEqualTo(first.toInts());
    }

    @Test
    void messagesSayWhatMustHold() {
        assertThatThrownBy(() -> hard.codes(Tensor.zeros(2, 3, 5, 7)))
                .isInstanceOf(ShapeException.class)
                .hasMessage("Codebook: latents must be (B, h, w, 4), got [2, 3, 5, 7]");
        assertThatThrownBy(() -> CONFIG.withDivergenceCost(-1))
                .hasMessage("GumbelCodebook: costs of divergence and diversity must be >= 0, got -1.0 and 0.0");
        assertThatThrownBy(() -> GumbelCodebook.Config.standard(0, 4, 10))
                .hasMessage("GumbelCodebook: size and width must be >= 1, got 0 and 4");
    }
}
