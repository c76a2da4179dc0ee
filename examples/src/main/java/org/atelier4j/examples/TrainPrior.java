package org.atelier4j.examples;

import java.nio.file.Path;
import org.atelier4j.autoregressive.CodeSpace;
import org.atelier4j.autoregressive.pipeline.PriorKind;
import org.atelier4j.autoregressive.pixel.PixelCnn;
import org.atelier4j.autoregressive.pixel.PixelCnnPrior;
import org.atelier4j.autoregressive.transformer.CausalTransformer;
import org.atelier4j.data.Datasets;
import org.atelier4j.train.TrainingLength;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ./atelier train prior}: trains what draws the codes of a VQ-VAE one after the other. Under half an hour. */
@Command(
        name = "prior",
        description =
                "Trains a prior that draws the codes of a VQ-VAE one after the other: a transformer or a PixelCNN."
                        + " Stop it with Ctrl-C; the same command goes on.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  atelier train prior --minutes 25",
            "  atelier train prior --codec out/vqvae --positions rotary --feed-forward swiglu",
            "  atelier train prior --network pixelcnn --width 64 --out out/pixelcnn-prior"
        })
public final class TrainPrior extends TrainCommand<PriorRunConfig> {
    private static final int KERNEL = 3;

    @Option(
            names = "--network",
            paramLabel = "NAME",
            defaultValue = "transformer",
            description = "${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
    private Network network;

    @Mixin
    private PriorOptions options;

    /** Networks that draw one code after the other. */
    enum Network {
        TRANSFORMER,
        PIXELCNN;

        @Override
        public String toString() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    @Override
    Class<PriorRunConfig> settings() {
        return PriorRunConfig.class;
    }

    @Override
    PriorRunConfig fresh(Datasets.Resolved found, long seedOfRun) {
        CodeSpace space = options.space(found);
        boolean transformer = network == Network.TRANSFORMER;
        Record sizes = transformer
                ? new CausalTransformer.Config(space, options.transformer())
                : PixelCnnPrior.config(space, new PixelCnn.Size(options.width(), options.depth(), KERNEL));
        return new PriorRunConfig(
                transformer ? PriorKind.TRANSFORMER : PriorKind.PIXELCNN,
                sizes,
                options.codec(),
                found.name(),
                TrainingLength.images(options.isSmoke() ? 16 : 200_000),
                new Optimization(options.isSmoke() ? 4 : 64, 2e-3, 200, 1, 20_000),
                options.labelDropout(),
                seedOfRun);
    }

    @Override
    PriorRunConfig changed(PriorRunConfig given) {
        return given;
    }

    @Override
    String whatNext(Path folder) {
        return "Draw with it: ./atelier sample --model " + folder;
    }
}
