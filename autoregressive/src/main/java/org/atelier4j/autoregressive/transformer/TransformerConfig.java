package org.atelier4j.autoregressive.transformer;

import org.atelier4j.tensor.Check;

/**
 * Sizes of a stack of transformer blocks.
 *
 * @param width D, a multiple of the heads
 * @param depth number of blocks, ≥ 1
 * @param heads heads of each attention, ≥ 1; with rotary positions {@code width/heads} must be a multiple of 4
 * @param feedForward kind of the layers between the attentions
 * @param positions how tokens know where they stand
 * @param dropout probability of 0 in training, in [0, 1): after the embedding and at the end of each branch, as GPT-2
 * @param tied whether the output layer shares the table of code vectors (Press, Wolf 2017, arXiv:1608.05859)
 */
public record TransformerConfig(
        int width,
        int depth,
        int heads,
        FeedForward.Kind feedForward,
        Positions positions,
        double dropout,
        boolean tied) {

    /** How tokens know where they stand in the grid. */
    public enum Positions {
        /** A trained vector for each place, added to its token. */
        LEARNED,
        /** Queries and keys turned by angles that grow with row and column, see {@link RotaryPositions}. */
        ROTARY
    }

    /** Checks the sizes. */
    public TransformerConfig {
        Check.that(
                width >= 1 && depth >= 1 && heads >= 1 && width % heads == 0,
                "TransformerConfig: width and depth must be >= 1 and heads divide the width, got %d, %d and %d",
                width,
                depth,
                heads);
        Check.that(
                positions != Positions.ROTARY || width / heads % 4 == 0,
                "TransformerConfig: with rotary positions width/heads must be a multiple of 4, got %d/%d",
                width,
                heads);
        Check.that(dropout >= 0 && dropout < 1, "TransformerConfig: dropout must lie in [0, 1), got %s", dropout);
    }

    /** Returns GELU, learned positions, no dropout and a tied output. */
    public static TransformerConfig of(int width, int depth, int heads) {
        return new TransformerConfig(width, depth, heads, FeedForward.Kind.GELU, Positions.LEARNED, 0, true);
    }

    /** Returns the same with other feed-forward layers. */
    public TransformerConfig withFeedForward(FeedForward.Kind kind) {
        return new TransformerConfig(width, depth, heads, kind, positions, dropout, tied);
    }

    /** Returns the same with other positions. */
    public TransformerConfig withPositions(Positions kind) {
        return new TransformerConfig(width, depth, heads, feedForward, kind, dropout, tied);
    }

    /** Returns the same with dropout. */
    public TransformerConfig withDropout(double p) {
        return new TransformerConfig(width, depth, heads, feedForward, positions, p, tied);
    }

    /** Returns the same with an output layer of its own, or a shared one. */
    public TransformerConfig withTied(boolean shared) {
        return new TransformerConfig(width, depth, heads, feedForward, positions, dropout, shared);
    }
}
