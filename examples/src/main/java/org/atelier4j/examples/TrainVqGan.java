package org.atelier4j.examples;

import java.nio.file.Path;
import org.atelier4j.data.Datasets;
import org.atelier4j.tensor.Shape;
import org.atelier4j.train.TrainingLength;
import org.atelier4j.vqvae.AutoencoderConfig;
import org.atelier4j.vqvae.VqVaeConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ./atelier train vqgan}: trains a VQ-VAE whose images must also convince a discriminator. */
@Command(
        name = "vqgan",
        description =
                "Trains a VQGAN: a VQ-VAE whose images must also convince a discriminator of patches. Stop it with"
                        + " Ctrl-C; the same command goes on.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  atelier train vqgan --minutes 30",
            "  atelier train vqgan --codebook gumbel --minutes 30 --out out/gumbel-vqgan"
        })
public final class TrainVqGan extends TrainCommand<VqGanRunConfig> {

    @Option(
            names = "--codebook",
            paramLabel = "NAME",
            defaultValue = "nearest",
            description = "${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
    private TrainVqVae.Kind codebook;

    @Option(
            names = "--codes",
            paramLabel = "N",
            defaultValue = "512",
            description = "K, the number of codes (${DEFAULT-VALUE})")
    private int codes;

    @Option(
            names = "--base",
            paramLabel = "N",
            defaultValue = "16",
            description = "channels at full resolution (${DEFAULT-VALUE})")
    private int base;

    @Mixin
    private AdversaryOptions adversary;

    @Option(names = "--smoke", hidden = true, description = "a network of seconds that learns nothing")
    private boolean smoke;

    @Override
    Class<VqGanRunConfig> settings() {
        return VqGanRunConfig.class;
    }

    @Override
    VqGanRunConfig fresh(Datasets.Resolved found, long seedOfRun) {
        Shape image = found.train().imageShape(); // (H, W, C)
        AutoencoderConfig network =
                AutoencoderConfig.fashionMnist().withImageChannels(image.dim(2)).withBase(smoke ? 8 : base);
        long images = smoke ? 32 : 300_000;
        Optimization optimization = new Optimization(smoke ? 8 : 32, 2e-3, 200, 1, 0);
        VqGanRunConfig config = new VqGanRunConfig(
                VqVaeConfig.of(network, codebook.config(codes, 1)), // a temperature follows the length, see below
                found.name(),
                TrainingLength.images(images),
                optimization,
                adversary.settings(image.dim(2)),
                seedOfRun);
        return config.withLength(config.length());
    }

    @Override
    VqGanRunConfig changed(VqGanRunConfig given) {
        return given;
    }

    @Override
    String whatNext(Path folder) {
        return "See what it does to images: " + folder.resolve("samples-*.png") + ", codebook.png";
    }
}
