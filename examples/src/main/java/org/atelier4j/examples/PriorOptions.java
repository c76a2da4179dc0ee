package org.atelier4j.examples;

import org.atelier4j.autoregressive.CodeSpace;
import org.atelier4j.autoregressive.transformer.FeedForward;
import org.atelier4j.autoregressive.transformer.TransformerConfig;
import org.atelier4j.data.Datasets;
import org.atelier4j.tensor.Shape;
import org.atelier4j.vqvae.VqVae;
import picocli.CommandLine.Option;

/** Sizes of transformers: options that {@code train prior} and {@code train maskgit} share. */
final class PriorOptions {
    @Option(
            names = "--codec",
            paramLabel = "NAME",
            defaultValue = Models.VQVAE,
            description = "VQ-VAE whose codes are learned: file, run folder or name (${DEFAULT-VALUE})")
    private String codec;

    @Option(
            names = "--width",
            paramLabel = "N",
            defaultValue = "128",
            description = "length of a token's vector (${DEFAULT-VALUE})")
    private int width;

    @Option(
            names = "--depth",
            paramLabel = "N",
            defaultValue = "4",
            description = "blocks or layers (${DEFAULT-VALUE})")
    private int depth;

    @Option(
            names = "--heads",
            paramLabel = "N",
            defaultValue = "4",
            description = "heads of each attention (${DEFAULT-VALUE})")
    private int heads;

    @Option(
            names = "--positions",
            paramLabel = "NAME",
            defaultValue = "learned",
            description = "how places are told: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
    private TransformerConfig.Positions positions;

    @Option(
            names = "--feed-forward",
            paramLabel = "NAME",
            defaultValue = "gelu",
            description = "${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
    private FeedForward.Kind feedForward;

    @Option(
            names = "--dropout",
            paramLabel = "X",
            defaultValue = "0",
            description = "share of zeros in training (${DEFAULT-VALUE})")
    private double dropout;

    @Option(
            names = "--label-dropout",
            paramLabel = "X",
            defaultValue = "0.1",
            description = "part of the grids shown without their class (${DEFAULT-VALUE})")
    private double labelDropout;

    @Option(names = "--smoke", hidden = true, description = "a network of seconds that learns nothing")
    private boolean smoke;

    String codec() {
        return codec;
    }

    double labelDropout() {
        return labelDropout;
    }

    boolean isSmoke() {
        return smoke;
    }

    int width() {
        return smoke ? 8 : width;
    }

    int depth() {
        return smoke ? 1 : depth;
    }

    /** Returns the sizes of the blocks. */
    TransformerConfig transformer() {
        return new TransformerConfig(width(), depth(), smoke ? 2 : heads, feedForward, positions, dropout, true);
    }

    /** Returns what is learned: the grids that the VQ-VAE makes of a data set. */
    CodeSpace space(Datasets.Resolved found) {
        VqVae tokenizer = CodeModels.codec(codec);
        Shape grid = tokenizer.gridShape(found.train().imageShape());
        return new CodeSpace(
                tokenizer.size(),
                grid.dim(0),
                grid.dim(1),
                found.train().classNames().size());
    }
}
