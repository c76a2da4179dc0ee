package org.atelier4j.examples;

import org.atelier4j.autoregressive.Decoding;
import org.atelier4j.autoregressive.TokenSampler;
import picocli.CommandLine.Option;

/** How priors draw codes: options that {@code sample} and {@code edit} share. */
final class TokenOptions {
    @Option(
            names = "--temperature",
            defaultValue = "1",
            description = "of codes and pixels, below 1 for the more probable ones (${DEFAULT-VALUE})")
    private double temperature;

    @Option(names = "--top-k", defaultValue = "0", description = "draw from the K most probable codes (all)")
    private int topK;

    @Option(
            names = "--top-p",
            defaultValue = "1",
            description = "draw from the most probable codes whose share reaches P (${DEFAULT-VALUE})")
    private double topP;

    @Option(
            names = "--confidence-noise",
            defaultValue = "4.5",
            description = "of masked priors: how much chance decides which codes stay (${DEFAULT-VALUE})")
    private double confidenceNoise;

    @Option(names = "--codec", defaultValue = "", description = "VQ-VAE of a prior (the one beside it, or that ships)")
    private String codec;

    /** Returns the sampler with guidance w. */
    TokenSampler sampler(double guidance) {
        return new TokenSampler(temperature, topK == 0 ? TokenSampler.ALL : topK, topP, guidance);
    }

    /** Returns the whole way to draw. */
    Decoding decoding(double guidance, int steps) {
        return new Decoding(sampler(guidance), steps, confidenceNoise);
    }

    /** Returns the VQ-VAE that was named, empty if none was. */
    String codec() {
        return codec;
    }
}
