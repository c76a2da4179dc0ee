package org.atelier4j.vqvae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.data.Batch;
import org.atelier4j.nn.Layer;
import org.atelier4j.optim.Adam;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.optim.LearningRate;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.train.StepReport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One whole training step against PyTorch: {@code golden/adversarial.md} says how the numbers were made. */
class AdversarialGoldenTest {
    private static final AutoencoderConfig NETWORK = new AutoencoderConfig(1, 4, List.of(1, 2), 1, 2, true, 4);
    private static final VqGanLoss.Config LOSS = VqGanLoss.Config.standard(100)
            .withPerceptualWeight(0.7)
            .withAdversarialWeight(0.8)
            .withStart(AdversarialStart.sudden(0));
    private static final Adam.Config ADAM = new Adam.Config(LearningRate.constant(1e-3), 0.5, 0.9, 1e-8);

    /** A model with the file's weights, and everything around it. */
    private static final class Setting {
        private final GoldenFile golden;
        private final Layer model;
        private final Autoencoder autoencoder;
        private final PatchDiscriminator discriminator =
                new PatchDiscriminator(new PatchDiscriminator.Config(1, 8, 1), Rng.of(1));
        private final VqGanLoss loss;

        Setting(String name) {
            golden = GoldenFile.load("golden/" + name + ".safetensors");
            if (name.equals("vqgan")) {
                VqVaeConfig config = VqVaeConfig.of(NETWORK, NearestCodebook.Config.paper(16, 6));
                VqVae codec = new VqVae(config, Rng.of(1));
                model = codec;
                autoencoder = Autoencoder.of(codec, new CodebookUsage(16, 1));
            } else {
                AutoencoderKl codec = new AutoencoderKl(AutoencoderKl.Config.of(NETWORK), Rng.of(1));
                model = codec;
                autoencoder = withNoise(codec, golden.tensor("eps"));
            }
            Map<String, Tensor> weights = new LinkedHashMap<>(model.state());
            weights.putAll(all("p.")); // beside them only how often codes were used
            assertThat(model.parameters().keySet()).isEqualTo(all("p.").keySet()); // names are those published
            model.load(weights);
            discriminator.load(all("d."));
            loss = new VqGanLoss(LOSS, new PerceptualLoss(new ToyExtractor(all("eye."))), discriminator);
        }

        private static Autoencoder withNoise(AutoencoderKl codec, Tensor eps) {
            return new Autoencoder() {
                @Override
                public Pass pass(Tensor images, long step, Rng rng) {
                    AutoencoderKl.Pass pass = codec.forward(images, eps);
                    Tensor divergence = pass.posterior().divergence().mean().div(144);
                    return new Pass(
                            pass.images(),
                            List.of(new Quantization.Term("divergence", 0.01, divergence)),
                            Map.of(),
                            () -> {});
                }

                @Override
                public Tensor lastWeight() {
                    return codec.lastWeight();
                }
            };
        }

        private Map<String, Tensor> all(String prefix) {
            Map<String, Tensor> found = new LinkedHashMap<>();
            golden.names().stream()
                    .filter(name -> name.startsWith(prefix))
                    .forEach(name -> found.put(name.substring(prefix.length()), golden.tensor(name)));
            return found;
        }

        private double number(String name) {
            return golden.tensor(name).item();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"vqgan", "autoencoder-kl"})
    void lossesTheAdaptiveWeightAndAllGradientsAreThoseOfPyTorch(String name) {
        Setting s = new Setting(name);
        Tensor x = s.golden.tensor("x");

        Autoencoder.Pass pass = s.autoencoder.pass(x, 1, Rng.of(1));
        VqGanLoss.Judgement judgement = s.loss.judge(pass.images(), x, s.autoencoder.lastWeight(), 1);
        Tensor terms = Tensor.scalar(0);
        for (Quantization.Term term : pass.terms()) {
            terms = terms.add(term.value().mul(term.weight()));
        }
        Gradients gradients = judgement.objective().add(terms).backward();
        Tensor hinge = s.loss.discriminatorLoss(pass.images(), x);

        TensorAssert.assertThat(pass.images().detach()).isCloseTo(s.golden.tensor("y"), 1e-4, 1e-5);
        assertThat(judgement.pixels().item()).isCloseTo(s.number("pixels"), within(1e-5));
        assertThat(judgement.perceptual().item()).isCloseTo(s.number("seen"), within(1e-5));
        assertThat(judgement.adversarial().item()).isCloseTo(s.number("gan"), within(1e-5));
        assertThat(judgement.weight().item()).isCloseTo(s.number("weight"), within(1e-4 * s.number("weight")));
        assertThat(terms.item()).isCloseTo(s.number("terms"), within(1e-5));
        assertThat(hinge.item()).isCloseTo(s.number("hinge"), within(1e-5));
        check(s, "g.", s.model, gradients);
        check(s, "gd.", s.discriminator, hinge.backward());
    }

    private static void check(Setting s, String prefix, Layer layer, Gradients gradients) {
        layer.parameters().forEach((path, parameter) -> {
            Tensor expected = s.golden.tensor(prefix + path);
            double error = gradients.get(parameter).sub(expected).norm().item();
            assertThat(error / Math.max(1e-3, expected.norm().item()))
                    .as("relative error of the gradient of %s", path)
                    .isLessThan(1e-4);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"vqgan", "autoencoder-kl"})
    void oneStepLeadsToTheSameParameters(String name) {
        Setting s = new Setting(name);
        AdversarialStep step = new AdversarialStep(
                s.autoencoder,
                s.loss,
                new Adam(s.model.parameters(), ADAM),
                new Adam(s.discriminator.parameters(), ADAM),
                new AdversarialStep.Settings(GradientClip.NONE, Rng.of(1)));

        StepReport report = step.run(batch(s.golden.tensor("x")), 1);

        assertThat(report.scalars().get("discriminator")).isCloseTo(s.number("hinge"), within(1e-5));
        checkSteps(s, "a.", "g.", s.model);
        checkSteps(s, "ad.", "gd.", s.discriminator);
    }

    private static void checkSteps(Setting s, String after, String slopes, Layer layer) {
        // Adam's first step has the size of the rate whatever the gradient: one near 0 may point the other way
        layer.parameters().forEach((path, parameter) -> {
            double[] got = parameter.toDoubles();
            double[] expected = s.golden.tensor(after + path).toDoubles();
            double[] slope = s.golden.tensor(slopes + path).toDoubles();
            for (int i = 0; i < got.length; i++) {
                if (Math.abs(slope[i]) > 1e-5) {
                    assertThat(got[i]).as("%s[%d]", path, i).isCloseTo(expected[i], within(5e-6));
                }
            }
        });
    }

    @Test
    void theCodesAreThoseOfPyTorch() {
        Setting s = new Setting("vqgan");

        assertThat(((VqVae) s.model).tokenize(s.golden.tensor("x")).codes().toInts())
                .isEqualTo(s.golden.tensor("codes").toInts());
    }

    private static Batch batch(Tensor images) {
        return new Batch(images, Tensor.zeros(images.dim(0)).to(DType.INT32));
    }
}
