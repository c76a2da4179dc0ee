package org.atelier4j.examples;

import picocli.CommandLine.Command;

/** {@code ./atelier train diffusion}: trains a class-conditional diffusion model, resumable at any time. */
@Command(
        name = "diffusion",
        description = "Trains a class-conditional diffusion model. Stop it with Ctrl-C; the same command goes on.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  atelier train diffusion --minutes 60",
            "  atelier train diffusion --model large --images 2000000 --out out/large"
        })
public final class TrainDiffusion extends DiffusionCommand {}
