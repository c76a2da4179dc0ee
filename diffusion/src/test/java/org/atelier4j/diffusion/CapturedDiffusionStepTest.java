package org.atelier4j.diffusion;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.data.Batch;
import org.atelier4j.diffusion.unet.UNet;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.atelier4j.optim.AdamW;
import org.atelier4j.optim.Ema;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.train.CapturedStep;
import org.atelier4j.train.Twins;
import org.atelier4j.train.Twins.Twin;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Training a U-Net on an (emulated) card is one graph a step, whatever the loss, and gives the numbers of single kernels. */
class CapturedDiffusionStepTest {
    private static final UNetConfig SIZES = new UNetConfig(
            new UNetConfig.Images(4, 4, 1, 1),
            new UNetConfig.Channels(8, List.of(1, 2), 1, 4),
            new UNetConfig.Attention(List.of(2), 1),
            new UNetConfig.Conditions(3, 0),
            0.1);

    static List<DiffusionLoss> losses() {
        GaussianDiffusion diffusion = new GaussianDiffusion(NoiseSchedule.cosine(1000), Prediction.V);
        return List.of(
                new DenoisingLoss(diffusion, LossWeighting.minSnr()),
                EdmPreconditioning.paper(),
                new RectifiedFlow(new RectifiedFlow.Times.LogitNormal(0, 1)));
    }

    /** A whole training: dropout, dropped labels, a norm that is clipped, a rate that warms up, an average. */
    private static Twin<Batch> training(DiffusionLoss loss) {
        UNet network = new UNet(SIZES, Rng.of(1));
        AdamW optimizer = new AdamW(
                network.parameters(), AdamW.Config.of(1).withRate(step -> 1e-2 * Math.min(1, (step + 1) / 5.0)));
        Ema ema = new Ema(network, new Ema.Config(100, 0.5));
        DiffusionStep.Settings settings = DiffusionStep.Settings.classes(3, Rng.of(5));
        return new Twin<>(new DiffusionStep(network::forward, loss, optimizer, ema, settings), () -> {
            Map<String, Tensor> all = new LinkedHashMap<>(network.state());
            optimizer.state().forEach((path, t) -> all.put("optimizer " + path, t));
            ema.state().forEach((path, t) -> all.put("average " + path, t));
            return all;
        });
    }

    private static Batch batch(long step) {
        Tensor images = Rng.of(7).split(step).normal(Shape.of(2, 4, 4, 1)).clamp(-1, 1);
        return new Batch(images, Rng.of(8).split(step).integers(3, Shape.of(2)));
    }

    @ParameterizedTest
    @MethodSource("losses")
    void replaysAreTheEagerSteps(DiffusionLoss loss) {
        Twins.assertAlike(() -> training(loss), CapturedDiffusionStepTest::batch, CapturedStep::of);
    }
}
