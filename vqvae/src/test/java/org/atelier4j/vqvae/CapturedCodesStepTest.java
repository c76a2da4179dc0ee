package org.atelier4j.vqvae;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.data.Batch;
import org.atelier4j.nn.Layer;
import org.atelier4j.optim.Adam;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.train.CapturedStep;
import org.atelier4j.train.Twins;
import org.atelier4j.train.Twins.Twin;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Training an autoencoder on an (emulated) card is one graph a step and gives the numbers of single kernels. */
class CapturedCodesStepTest {
    private static final AutoencoderConfig NETWORK = new AutoencoderConfig(1, 4, List.of(1, 2), 1, 4, false, 4);

    private enum Codes {
        NEAREST(NearestCodebook.Config.paper(16, 4)),
        LIVELY(NearestCodebook.Config.lively(16, 4).withCosine()),
        GUMBEL(GumbelCodebook.Config.lively(16, 4, 6)),
        FINITE_SCALAR(new FiniteScalar.Config(List.of(3, 2, 4, 2))),
        LOOKUP_FREE(LookupFree.Config.standard(4)),
        RESIDUAL(Residual.Config.of(NearestCodebook.Config.lively(8, 4), 2));

        private final CodebookConfig config;

        Codes(CodebookConfig config) {
            this.config = config;
        }
    }

    private static Batch images(long step) {
        return new Batch(
                Rng.of(7).split(step).normal(Shape.of(4, 8, 8, 1)).clamp(-1, 1),
                Tensor.zeros(4).to(DType.INT32));
    }

    private static Map<String, Tensor> state(Layer model, Map<String, Tensor> optimizer, CodebookUsage usage) {
        Map<String, Tensor> all = new LinkedHashMap<>(model.state());
        optimizer.forEach((path, t) -> all.put("optimizer " + path, t));
        usage.state().forEach((name, t) -> all.put("usage " + name, t));
        return all;
    }

    private static Twin<Batch> codec(CodebookConfig codes) {
        VqVae model = new VqVae(VqVaeConfig.of(NETWORK, codes), Rng.of(1));
        Adam adam = new Adam(model.parameters(), Adam.Config.of(3e-3));
        CodebookUsage usage = new CodebookUsage(codes.size(), 100);
        VqLoss loss = new VqLoss(VqLoss.Reconstruction.L2);
        var settings = new VqVaeStep.Settings(loss, usage, new GradientClip(1), Rng.of(4));
        return new Twin<>(new VqVaeStep(model, adam, settings), () -> state(model, adam.state(), usage));
    }

    @ParameterizedTest
    @EnumSource
    void replaysOfAVqVaesStepAreTheEagerSteps(Codes codes) {
        Twins.assertAlike(() -> codec(codes.config), CapturedCodesStepTest::images, CapturedStep::of);
    }

    /** From its fourth step on the discriminator learns, from the seventh on it counts, more and more until the ninth. */
    private static Twin<Batch> adversaries(boolean codes) {
        CodebookUsage usage = new CodebookUsage(16, 100);
        Layer model;
        Autoencoder autoencoder;
        if (codes) {
            VqVae vqVae = new VqVae(VqVaeConfig.of(NETWORK, NearestCodebook.Config.lively(16, 4)), Rng.of(1));
            model = vqVae;
            autoencoder = Autoencoder.of(vqVae, usage);
        } else {
            AutoencoderKl kl = new AutoencoderKl(AutoencoderKl.Config.of(NETWORK), Rng.of(1));
            model = kl;
            autoencoder = Autoencoder.of(kl, 1e-6);
        }
        PatchDiscriminator judge = new PatchDiscriminator(new PatchDiscriminator.Config(1, 8, 1), Rng.of(2));
        VqGanLoss.Config loss =
                VqGanLoss.Config.standard(1).withPerceptualWeight(0).withStart(new AdversarialStart(4, 7, 9));
        Adam generator = new Adam(model.parameters(), Adam.Config.of(3e-3));
        Adam discriminator = new Adam(judge.parameters(), Adam.Config.gan());
        AdversarialStep step = new AdversarialStep(
                autoencoder,
                new VqGanLoss(loss, null, judge),
                generator,
                discriminator,
                new AdversarialStep.Settings(new GradientClip(1), Rng.of(3)));
        return new Twin<>(step, () -> {
            Map<String, Tensor> all = state(model, generator.state(), usage);
            judge.state().forEach((path, t) -> all.put("discriminator " + path, t));
            discriminator.state().forEach((path, t) -> all.put("its optimizer " + path, t));
            return all;
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aStepIsRecordedAgainWhenTheDiscriminatorJoinsIn(boolean codes) {
        Twins.assertAlike(11, () -> adversaries(codes), CapturedCodesStepTest::images, CapturedStep::of);
    }
}
