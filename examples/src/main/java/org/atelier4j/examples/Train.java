package org.atelier4j.examples;

import picocli.CommandLine.Command;

/** {@code ./atelier train}: trains a model of some family, as long as wanted, resumable at any time; without a family's name a
 * diffusion model. */
@Command(
        name = "train",
        description = "Trains a model: of the family named, or else a class-conditional diffusion model. Stop it with"
                + " Ctrl-C; the same command goes on.",
        mixinStandardHelpOptions = true,
        subcommands = {
            TrainDiffusion.class,
            TrainVqVae.class,
            TrainVqGan.class,
            TrainAutoencoderKl.class,
            TrainPixelCnn.class,
            TrainPrior.class,
            TrainMaskGit.class,
            TrainClassifier.class
        },
        footer = {
            "",
            "Examples:",
            "  atelier train --minutes 60                    on all of Fashion-MNIST if it is installed",
            "  atelier train --model large --images 2000000 --out out/large",
            "  atelier train --resume --out out/large        goes on with the settings of that run",
            "  atelier train --config my.json --out out/my   settings from a file like a run's config.json",
            "  atelier train vqvae --minutes 15              images as grids of codes",
            "  atelier train prior --codec out/vqvae         draws the codes of those grids",
            "  atelier train classifier                      the network that judges images"
        })
public final class Train extends DiffusionCommand {}
