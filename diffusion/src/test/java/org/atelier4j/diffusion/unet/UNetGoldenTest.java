package org.atelier4j.diffusion.unet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.DenoisingLoss;
import org.atelier4j.diffusion.GaussianDiffusion;
import org.atelier4j.diffusion.LossWeighting;
import org.atelier4j.diffusion.NoiseSchedule;
import org.atelier4j.diffusion.Prediction;
import org.atelier4j.optim.AdamW;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.optim.LearningRate;
import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.autograd.Gradients;
import org.junit.jupiter.api.Test;

/** One whole training step against PyTorch: {@code golden/unet.md} says how the numbers were made. */
class UNetGoldenTest {
    private static final UNetConfig TINY = new UNetConfig(
            new UNetConfig.Images(8, 8, 2, 2),
            new UNetConfig.Channels(8, List.of(1, 2), 1, 4),
            new UNetConfig.Attention(List.of(4), 2),
            new UNetConfig.Conditions(3, 5),
            0);

    private final GoldenFile golden = GoldenFile.load("golden/unet.safetensors");
    private final UNet unet = loaded();
    private final Condition condition =
            new Condition(golden.tensor("labels"), golden.tensor("context"), golden.tensor("mask"));

    private UNet loaded() {
        UNet network = new UNet(TINY, Rng.of(1));
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        golden.names().stream()
                .filter(name -> name.startsWith("p."))
                .forEach(name -> parameters.put(name.substring(2), golden.tensor(name)));
        network.load(parameters); // strict: names and shapes are the reference's
        return network;
    }

    private Tensor loss() {
        GaussianDiffusion diffusion = new GaussianDiffusion(NoiseSchedule.cosine(1000), Prediction.V);
        return new DenoisingLoss(diffusion, LossWeighting.minSnr())
                .at(unet::forward, golden.tensor("x0"), condition, golden.tensor("t"), golden.tensor("eps"));
    }

    @Test
    void lossAndAllGradientsAreThoseOfPyTorch() {
        Tensor loss = loss();
        Gradients gradients = loss.backward();

        assertThat(loss.item()).isCloseTo(golden.tensor("loss").item(), within(1e-5));
        unet.parameters().forEach((path, parameter) -> {
            Tensor expected = golden.tensor("g." + path);
            double error = gradients.get(parameter).sub(expected).norm().item();
            assertThat(error / Math.max(1e-4, expected.norm().item()))
                    .as("relative error of the gradient of %s", path)
                    .isLessThan(1e-4);
        });
    }

    @Test
    void oneStepOfAdamWLeadsToTheSameParameters() {
        AdamW.Config config = new AdamW.Config(LearningRate.constant(1e-3), 0.9, 0.99, 1e-8, 0.02);
        AdamW optimizer = new AdamW(unet.parameters(), config);

        double norm = optimizer.step(loss().backward(), new GradientClip(0.05)).item();

        assertThat(norm).isCloseTo(golden.tensor("norm").item(), within(1e-4 * norm));
        // Adam's first step has the size of the rate whatever the gradient: one near 0 may point the other way
        unet.parameters().forEach((path, parameter) -> {
            double[] got = parameter.toDoubles();
            double[] expected = golden.tensor("a." + path).toDoubles();
            double[] slope = golden.tensor("g." + path).toDoubles();
            for (int i = 0; i < got.length; i++) {
                if (Math.abs(slope[i]) > 1e-5) {
                    assertThat(got[i]).as("%s[%d]", path, i).isCloseTo(expected[i], within(2e-6));
                }
            }
        });
    }

    @Test
    void thePredictionIsThatOfPyTorch() {
        GaussianDiffusion diffusion = new GaussianDiffusion(NoiseSchedule.cosine(1000), Prediction.V);
        Tensor t = golden.tensor("t");
        Tensor xt = diffusion.qSample(golden.tensor("x0"), t, golden.tensor("eps"));

        TensorAssert.assertThat(
                        unet.forward(xt, diffusion.times(t, xt), condition).detach())
                .isCloseTo(golden.tensor("y"), 1e-4, 1e-5);
    }
}
