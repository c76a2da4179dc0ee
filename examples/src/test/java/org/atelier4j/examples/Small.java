package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.atelier4j.diffusion.pipeline.DiffusionPipeline;
import org.atelier4j.diffusion.pipeline.Objective;
import org.atelier4j.diffusion.pipeline.PipelineConfig;
import org.atelier4j.diffusion.unet.UNet;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.atelier4j.model.LabelDropout;
import org.atelier4j.tensor.Rng;

/** Files of diffusion models of 28 × 28 gray pixels that learned nothing. */
final class Small {
    private Small() {}

    static void save(Path file, List<String> classNames, LabelDropout dropout) {
        UNetConfig sizes = new UNetConfig(
                new UNetConfig.Images(28, 28, 1, 1),
                new UNetConfig.Channels(8, List.of(1, 1), 1, 4),
                new UNetConfig.Attention(List.of(14), 1),
                new UNetConfig.Conditions(classNames.size(), 0),
                0);
        PipelineConfig config = new PipelineConfig(sizes, Objective.Discrete.standard(), classNames, dropout);
        UNet network = new UNet(sizes, Rng.of(1));
        network.parameters()
                .forEach((path, p) -> p.assign(
                        Rng.of(2).split(path).normal(p.shape()).mul(0.2))); // layers that begin at zero see classes too
        DiffusionPipeline.save(file, config, network.state(), Map.of());
    }
}
