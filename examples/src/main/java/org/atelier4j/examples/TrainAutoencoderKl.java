package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.List;
import org.atelier4j.data.Datasets;
import org.atelier4j.tensor.Shape;
import org.atelier4j.train.TrainingLength;
import org.atelier4j.vqvae.AutoencoderConfig;
import org.atelier4j.vqvae.AutoencoderKl;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ./atelier train autoencoder-kl}: trains the autoencoder of latent diffusion. */
@Command(
        name = "autoencoder-kl",
        description = "Trains the autoencoder of latent diffusion: images become a few continuous numbers of unit"
                + " variance. Stop it with Ctrl-C; the same command goes on.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  atelier train autoencoder-kl --minutes 30",
            "  atelier train autoencoder-kl --adversarial-weight 0 --minutes 15"
        })
public final class TrainAutoencoderKl extends TrainCommand<AutoencoderKlRunConfig> {
    private static final double DIVERGENCE_COST = 1e-6; // Rombach et al. 2021
    private static final int GROUPS = 8;

    @Option(
            names = "--base",
            paramLabel = "N",
            defaultValue = "16",
            description = "channels at full resolution (${DEFAULT-VALUE})")
    private int base;

    @Option(
            names = "--multipliers",
            paramLabel = "N",
            split = ",",
            defaultValue = "1,2,3",
            description = "channels of each resolution over those of the first (${DEFAULT-VALUE})")
    private List<Integer> multipliers;

    @Option(
            names = "--latents",
            paramLabel = "N",
            defaultValue = "4",
            description = "channels of the latents (${DEFAULT-VALUE})")
    private int latents;

    @Mixin
    private AdversaryOptions adversary;

    @Option(names = "--smoke", hidden = true, description = "a network of seconds that learns nothing")
    private boolean smoke;

    @Override
    Class<AutoencoderKlRunConfig> settings() {
        return AutoencoderKlRunConfig.class;
    }

    @Override
    AutoencoderKlRunConfig fresh(Datasets.Resolved found, long seedOfRun) {
        Shape image = found.train().imageShape(); // (H, W, C)
        int channels = smoke ? GROUPS : base;
        var network = new AutoencoderConfig(image.dim(2), channels, multipliers, 1, GROUPS, false, latents);
        return new AutoencoderKlRunConfig(
                AutoencoderKl.Config.of(network),
                found.name(),
                TrainingLength.images(smoke ? 32 : 200_000),
                new Optimization(smoke ? 8 : 32, 2e-3, 200, 1, 0),
                adversary.settings(image.dim(2)),
                DIVERGENCE_COST,
                seedOfRun);
    }

    @Override
    AutoencoderKlRunConfig changed(AutoencoderKlRunConfig given) {
        return given;
    }

    @Override
    String whatNext(Path folder) {
        return "See what it does to images: " + folder.resolve("samples-*.png");
    }
}
