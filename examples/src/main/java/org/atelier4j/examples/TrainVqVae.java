package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.Locale;
import org.atelier4j.data.Datasets;
import org.atelier4j.tensor.Shape;
import org.atelier4j.train.TrainingLength;
import org.atelier4j.vqvae.AutoencoderConfig;
import org.atelier4j.vqvae.CodebookConfig;
import org.atelier4j.vqvae.FiniteScalar;
import org.atelier4j.vqvae.GumbelCodebook;
import org.atelier4j.vqvae.LookupFree;
import org.atelier4j.vqvae.NearestCodebook;
import org.atelier4j.vqvae.VqLoss;
import org.atelier4j.vqvae.VqVaeConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./atelier train vqvae}: trains a VQ-VAE, which turns images into grids of codes. A quarter of an hour. */
@Command(
        name = "vqvae",
        description = "Trains a VQ-VAE: images become grids of codes. Stop it with Ctrl-C; the same command goes on.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  atelier train vqvae --minutes 15",
            "  atelier train vqvae --codebook gumbel --minutes 15 --out out/gumbel",
            "  atelier train vqvae --codebook fsq --codes 1024 --minutes 15 --out out/fsq"
        })
public final class TrainVqVae extends TrainCommand<VqVaeRunConfig> {
    private static final int WIDTH = 32; // D

    @Option(
            names = "--codebook",
            paramLabel = "NAME",
            defaultValue = "nearest",
            description = "${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
    private Kind codebook;

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

    @Option(
            names = "--loss",
            paramLabel = "NAME",
            defaultValue = "l2",
            description = "how images are compared: l2 or l1 (${DEFAULT-VALUE})")
    private VqLoss.Reconstruction loss;

    @Option(names = "--smoke", hidden = true, description = "a network of seconds that learns nothing")
    private boolean smoke;

    /** Kinds of codebooks. */
    enum Kind {
        NEAREST,
        NAIVE,
        GUMBEL,
        FSQ,
        LFQ;

        /** Returns settings for about so many codes. */
        CodebookConfig config(int size, long steps) {
            return switch (this) {
                case NEAREST -> NearestCodebook.Config.lively(size, WIDTH);
                case NAIVE -> NearestCodebook.Config.paper(size, WIDTH);
                case GUMBEL -> GumbelCodebook.Config.lively(size, WIDTH, steps);
                case FSQ -> FiniteScalar.Config.paper(size);
                case LFQ -> LookupFree.Config.standard(log2(size));
            };
        }

        private static int log2(int size) {
            if (Integer.bitCount(size) != 1) {
                throw new RunException("--codes of an lfq codebook must be a power of two, got " + size);
            }
            return Integer.numberOfTrailingZeros(size);
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Override
    Class<VqVaeRunConfig> settings() {
        return VqVaeRunConfig.class;
    }

    @Override
    VqVaeRunConfig fresh(Datasets.Resolved found, long seedOfRun) {
        Shape image = found.train().imageShape(); // (H, W, C)
        AutoencoderConfig network =
                AutoencoderConfig.fashionMnist().withImageChannels(image.dim(2)).withBase(smoke ? 8 : base);
        long images = smoke ? 32 : 60_000;
        Optimization optimization = new Optimization(smoke ? 8 : 32, 2e-3, 200, 1, 0);
        VqVaeRunConfig config = new VqVaeRunConfig(
                VqVaeConfig.of(network, codebook.config(codes, 1)), // a temperature follows the length, see below
                found.name(),
                TrainingLength.images(images),
                optimization,
                new VqLoss(loss),
                seedOfRun);
        return config.withLength(config.length());
    }

    @Override
    VqVaeRunConfig changed(VqVaeRunConfig given) {
        return given;
    }

    @Override
    String whatNext(Path folder) {
        return "See what it does to images: " + folder.resolve("samples-*.png") + ", codebook.png";
    }
}
