package org.atelier4j.autoregressive;

import org.atelier4j.tensor.Check;

/**
 * How grids are drawn.
 *
 * @param sampler turns logits into codes
 * @param steps rounds in which a masked prior fills a grid, ≥ 1; priors that draw one code after the other take as many
 *     as there are codes, whatever this says
 * @param confidenceNoise how much chance has a say in which codes of a masked prior stay, ≥ 0: the factor on Gumbel noise
 *     in the first round, falling to 0 in the last
 */
public record Decoding(TokenSampler sampler, int steps, double confidenceNoise) {

    /** Checks the ranges. */
    public Decoding {
        Check.that(steps >= 1, "Decoding: steps must be >= 1, got %d", steps);
        Check.that(
                confidenceNoise >= 0 && confidenceNoise < Double.POSITIVE_INFINITY,
                "Decoding: confidenceNoise must be >= 0 and finite, got %s",
                confidenceNoise);
    }

    /** Returns 8 rounds with noise 4.5 (Chang et al. 2022, sec. 4.1 and app.), drawn from what the model learned. */
    public static Decoding standard() {
        return new Decoding(TokenSampler.plain(), 8, 4.5);
    }

    /** Returns the same with another sampler. */
    public Decoding withSampler(TokenSampler other) {
        return new Decoding(other, steps, confidenceNoise);
    }

    /** Returns the same with another number of rounds. */
    public Decoding withSteps(int rounds) {
        return new Decoding(sampler, rounds, confidenceNoise);
    }

    /** Returns the same with other noise. */
    public Decoding withConfidenceNoise(double factor) {
        return new Decoding(sampler, steps, factor);
    }
}
