package org.atelier4j.examples;

import java.nio.file.Path;
import org.atelier4j.autoregressive.pipeline.PriorKind;
import org.atelier4j.autoregressive.transformer.MaskedTransformer;
import org.atelier4j.data.Datasets;
import org.atelier4j.train.TrainingLength;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ./atelier train maskgit}: trains what draws all codes of a VQ-VAE in a few rounds. Under half an hour. */
@Command(
        name = "maskgit",
        description =
                "Trains a masked transformer that draws all codes of a VQ-VAE in a few rounds and fills in any part"
                        + " of an image. Stop it with Ctrl-C; the same command goes on.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  atelier train maskgit --minutes 25",
            "  atelier edit --model out/maskgit --half lower --class sneaker"
        })
public final class TrainMaskGit extends TrainCommand<PriorRunConfig> {

    @Mixin
    private PriorOptions options;

    @Option(
            names = "--smoothing",
            paramLabel = "X",
            defaultValue = "0",
            description = "label smoothing of the loss (${DEFAULT-VALUE})")
    private double smoothing;

    @Override
    Class<PriorRunConfig> settings() {
        return PriorRunConfig.class;
    }

    @Override
    PriorRunConfig fresh(Datasets.Resolved found, long seedOfRun) {
        return new PriorRunConfig(
                PriorKind.MASKGIT,
                new MaskedTransformer.Config(options.space(found), options.transformer(), smoothing),
                options.codec(),
                found.name(),
                TrainingLength.images(options.isSmoke() ? 16 : 300_000),
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
        return "Draw with it: ./atelier sample --model " + folder + " --steps 8";
    }
}
