package org.atelier4j.diffusion;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.atelier4j.data.Batch;
import org.atelier4j.diffusion.pipeline.DiffusionPipeline;
import org.atelier4j.diffusion.pipeline.Objective;
import org.atelier4j.diffusion.pipeline.PipelineConfig;
import org.atelier4j.diffusion.pipeline.SamplerKind;
import org.atelier4j.diffusion.sampler.DdimSampler;
import org.atelier4j.diffusion.sampler.ImageNoise;
import org.atelier4j.diffusion.sampler.Sampler;
import org.atelier4j.diffusion.unet.UNet;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.atelier4j.model.LabelDropout;
import org.atelier4j.optim.AdamW;
import org.atelier4j.optim.Ema;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The code of {@code docs/diffusion.md}: the regions are the page's ({@link DiffusionDocTest}). */
class DiffusionGuideTest {
    private static final UNetConfig TINY = new UNetConfig(
            new UNetConfig.Images(8, 8, 1, 1),
            new UNetConfig.Channels(8, List.of(1, 2), 1, 4),
            new UNetConfig.Attention(List.of(4), 1),
            new UNetConfig.Conditions(10, 0),
            0);

    @TempDir
    private Path folder;

    @Test
    void trainingFromJavaMakesAModelThatDraws() {
        Path file = folder.resolve("model.safetensors");
        train(TINY, IntStream.range(0, 10).mapToObj(i -> "class " + i).toList(), file);

        List<BufferedImage> images = draw(file);

        assertThat(images).hasSize(16);
        assertThat(images.get(0).getWidth()).isEqualTo(8);
    }

    private static void train(UNetConfig sizes, List<String> classNames, Path file) {
        // region train
        PipelineConfig config =
                new PipelineConfig(sizes, Objective.Discrete.standard(), classNames, LabelDropout.USUAL);
        UNet network = new UNet(config.network(), Rng.of(1));
        AdamW optimizer = new AdamW(network.parameters(), AdamW.Config.of(1e-3));
        Ema ema = new Ema(network, Ema.Config.edm());
        DiffusionStep step = new DiffusionStep(
                network::forward,
                config.objective().loss(),
                optimizer,
                ema,
                DiffusionStep.Settings.classes(10, Rng.of(2)));
        for (int i = 0; i < 3; i++) {
            double loss = step.run(batch(i), i).scalars().get("loss");
        }
        DiffusionPipeline.save(file, config, ema.state(), Map.of("seed", "1"));
        // endregion
    }

    private static List<BufferedImage> draw(Path file) {
        // region draw
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(file)) {
            var request = DiffusionPipeline.Request.of(16)
                    .withLabels(List.of(7))
                    .withSampler(SamplerKind.DPM_SOLVER, 10)
                    .withGuidanceScale(1)
                    .withSeed(42);
            return pipeline.generate(request, progress -> true).images(); // false cancels
        }
        // endregion
    }

    @Test
    void thePartsFitTogetherByHand() {
        UNet network = new UNet(TINY, Rng.of(1));
        // region parts
        NoiseSchedule schedule = NoiseSchedule.linear(1000).zeroTerminalSnr();
        GaussianDiffusion diffusion = new GaussianDiffusion(schedule, Prediction.V);
        Denoiser guided = new ClassifierFreeGuidance(network::forward, 10, 1.5);
        Sampler sampler = new DdimSampler(diffusion.spaced(Spacing.TRAILING, 20), 0);
        Tensor images = sampler.sample(guided, Condition.labels(3, 7), ImageNoise.of(Shape.of(8, 8, 1), 2, 42));
        // endregion
        TensorAssert.assertThat(images).hasShape(2, 8, 8, 1).isFinite();
    }

    private static Batch batch(int step) {
        Tensor images = Rng.of(step).normal(Shape.of(4, 8, 8, 1)).clamp(-1, 1);
        return new Batch(images, Tensor.of(new int[] {0, 3, 7, 9}, 4));
    }
}
