package org.atelier4j.examples;

import java.nio.file.Files;
import java.nio.file.Path;
import org.atelier4j.autoregressive.CodePrior;
import org.atelier4j.autoregressive.pipeline.CodePipeline;
import org.atelier4j.vqvae.VqVae;

/** Priors of codes with the VQ-VAEs that they belong to. */
final class CodeModels {
    /** File of the VQ-VAE in the folder of a prior's run. */
    static final String CODEC = "codec.safetensors";

    private CodeModels() {}

    /** Returns whether a model is a prior of codes. */
    static boolean isPrior(String model) {
        return Models.isOf(CodePrior.class, model);
    }

    /** Loads a VQ-VAE: a name of one that ships, a file or a run folder. */
    static VqVae codec(String name) {
        if (!Models.isOf(VqVae.class, name)) {
            throw new RunException(name + " is no VQ-VAE");
        }
        return Models.open(name, VqVae::load);
    }

    /**
     * Loads a prior with its VQ-VAE.
     *
     * @param model name of a prior that ships, or else a file or a run folder
     * @param codec VQ-VAE likewise; empty for the one beside the prior, or else that which ships
     */
    static CodePipeline open(String model, String codec) {
        if (!isPrior(model)) {
            throw new RunException(model + " is no prior of codes; ./atelier train prior or maskgit makes one");
        }
        Path path = Path.of(model);
        Path beside = Files.isDirectory(path) ? path.resolve(CODEC) : path.resolveSibling(CODEC);
        String found = !codec.isEmpty() ? codec : Files.exists(beside) ? beside.toString() : Models.VQVAE;
        VqVae tokenizer = codec(found);
        return Models.open(model, file -> CodePipeline.load(tokenizer, file));
    }
}
