package org.atelier4j.examples;

import org.atelier4j.autoregressive.Decoding;
import org.atelier4j.autoregressive.TokenSampler;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How priors draw codes: options that {@code sample}, {@code eval} and {@code edit} share. */
final class TokenOptions {
    @Option(
            names = "--temperature",
            paramLabel = "X",
            description = "of codes and pixels, below 1 for the more probable ones (1)")
    private @Nullable Double temperature;

    @Option(names = "--top-k", paramLabel = "N", description = "draw from the K most probable codes (all)")
    private @Nullable Integer topK;

    @Option(
            names = "--top-p",
            paramLabel = "X",
            description = "draw from the most probable codes whose share reaches P (1)")
    private @Nullable Double topP;

    @Option(
            names = "--confidence-noise",
            paramLabel = "X",
            description = "of masked priors: how much chance decides which codes stay (4.5)")
    private @Nullable Double confidenceNoise;

    @Option(
            names = "--codec",
            paramLabel = "NAME",
            description = "VQ-VAE of a prior (the one beside it, or that ships)")
    private @Nullable String codec;

    /** Returns whether any of these options was given. */
    boolean areGiven() {
        return temperature != null || topK != null || topP != null || confidenceNoise != null || codec != null;
    }

    /** Returns the sampler with guidance w. */
    TokenSampler sampler(double guidance) {
        TokenSampler plain = TokenSampler.plain();
        return new TokenSampler(
                temperature == null ? plain.temperature() : temperature,
                topK == null ? plain.topK() : topK,
                topP == null ? plain.topP() : topP,
                guidance);
    }

    /** Returns the whole way to draw. */
    Decoding decoding(double guidance, int steps) {
        double noise = confidenceNoise == null ? Decoding.standard().confidenceNoise() : confidenceNoise;
        return new Decoding(sampler(guidance), steps, noise);
    }

    /** Returns the VQ-VAE that was named, empty if none was. */
    String codec() {
        return codec == null ? "" : codec;
    }
}
