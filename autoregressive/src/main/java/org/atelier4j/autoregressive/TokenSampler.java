package org.atelier4j.autoregressive;

import java.util.Arrays;
import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/**
 * Draws tokens from logits: the one place where all priors turn scores into choices.
 *
 * <p>In this order: guidance {@code (1 + w) l_c − w l_∅}, temperature {@code l/τ}, softmax, the k most probable tokens
 * (Fan et al. 2018, arXiv:1805.04833, sec. 5.4), of those the fewest whose share reaches p (Holtzman et al. 2020,
 * arXiv:1904.09751, sec. 3.1), and the rest scaled to sum to one. Between tokens of equal probability the smaller number
 * goes first.
 *
 * @param temperature τ &gt; 0; below 1 prefers probable tokens, 1 is what the model learned
 * @param topK k ≥ 1, how many tokens may be drawn; {@link #ALL} for all
 * @param topP p in (0, 1], the share of probability that is kept; 1 for all
 * @param guidanceScale w ≥ 0 of classifier-free guidance (Ho, Salimans 2022, arXiv:2207.12598, eq. 6); 0 is none
 */
public record TokenSampler(double temperature, int topK, double topP, double guidanceScale) {
    /** Every token may be drawn. */
    public static final int ALL = Integer.MAX_VALUE;

    /** Checks the ranges. */
    public TokenSampler {
        Check.that(
                temperature > 0 && temperature < Double.POSITIVE_INFINITY,
                "TokenSampler: temperature must be > 0 and finite, got %s",
                temperature);
        Check.that(topK >= 1, "TokenSampler: topK must be >= 1, got %d", topK);
        Check.that(topP > 0 && topP <= 1, "TokenSampler: topP must lie in (0, 1], got %s", topP);
        Check.that(
                guidanceScale >= 0 && guidanceScale < Double.POSITIVE_INFINITY,
                "TokenSampler: guidanceScale must be >= 0 and finite, got %s",
                guidanceScale);
    }

    /** Returns a sampler that draws from what the model learned. */
    public static TokenSampler plain() {
        return new TokenSampler(1, ALL, 1, 0);
    }

    /** Returns the same with another temperature. */
    public TokenSampler withTemperature(double tau) {
        return new TokenSampler(tau, topK, topP, guidanceScale);
    }

    /** Returns the same that draws only from the k most probable tokens. */
    public TokenSampler withTopK(int k) {
        return new TokenSampler(temperature, k, topP, guidanceScale);
    }

    /** Returns the same that draws only from the most probable tokens whose share reaches p. */
    public TokenSampler withTopP(double p) {
        return new TokenSampler(temperature, topK, p, guidanceScale);
    }

    /** Returns the same with guidance. */
    public TokenSampler withGuidanceScale(double w) {
        return new TokenSampler(temperature, topK, topP, w);
    }

    /** Returns whether logits without the class are needed beside those with it. */
    public boolean isGuided() {
        return guidanceScale > 0;
    }

    /** Returns {@code (1 + w) l_c − w l_∅} of logits with and without the class, of equal shape. */
    public Tensor guided(Tensor conditional, Tensor unconditional) {
        return isGuided() ? conditional.mul(1 + guidanceScale).sub(unconditional.mul(guidanceScale)) : conditional;
    }

    /**
     * Returns one token for each row of logits (B, K), which are guided already. Row i draws one number from stream i, so
     * that its token depends on no other row.
     *
     * @throws IllegalArgumentException if a logit is NaN or no logit of a row is finite
     */
    public int[] draw(Tensor logits, List<Rng> streams) {
        Check.rank("TokenSampler: logits", 2, "(B, K)", logits);
        int rows = logits.dim(0);
        Check.that(
                streams.size() == rows,
                "TokenSampler: there must be one stream for each of %d rows, got %d",
                rows,
                streams.size());
        double[][] laws = laws(logits);
        int[] tokens = new int[rows];
        for (int i = 0; i < rows; i++) {
            tokens[i] = draw(laws[i], streams.get(i));
        }
        return tokens;
    }

    /**
     * Returns the laws from which tokens are drawn, one for each row of logits (B, K): each sums to one, and is zero where top-k
     * or top-p cut it.
     *
     * @throws IllegalArgumentException if a logit is NaN or none of a row is finite
     */
    public double[][] laws(Tensor logits) {
        Check.rank("TokenSampler: logits", 2, "(B, K)", logits);
        Tensor l = logits.detach().to(DType.FLOAT32);
        Tensor sharp = temperature == 1 ? l : l.sub(l.max(-1)).div(temperature);
        float[] shares = sharp.softmax(-1).toFloats();
        int size = logits.dim(1);
        double[][] laws = new double[logits.dim(0)][size];
        for (int i = 0; i < laws.length; i++) {
            double[] law = laws[i];
            for (int j = 0; j < size; j++) {
                law[j] = shares[i * size + j];
            }
            double sum = sum(law);
            if (!(sum > 0 && sum < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException(
                        "TokenSampler: logits must be numbers with a finite maximum, got " + l.slice(0, i, 1));
            }
            cut(law);
            scale(law);
        }
        return laws;
    }

    private void cut(double[] p) {
        if (topK < p.length) {
            keep(p, topK);
        }
        if (topP < 1) {
            keep(p, nucleus(p));
        }
    }

    private static void scale(double[] p) {
        double factor = 1 / sum(p);
        for (int i = 0; i < p.length; i++) {
            p[i] *= factor;
        }
    }

    private static double sum(double[] p) {
        double sum = 0;
        for (double each : p) {
            sum += each;
        }
        return sum;
    }

    /** Returns a token drawn from a law by one uniform number: the first whose cumulative probability exceeds it. */
    public static int draw(double[] law, Rng rng) {
        double left = rng.nextDouble();
        int last = -1;
        for (int i = 0; i < law.length; i++) {
            if (law[i] > 0) {
                last = i;
                left -= law[i];
                if (left < 0) {
                    return i;
                }
            }
        }
        Check.that(
                last >= 0, "TokenSampler: a law must have a token of positive probability, got none of %d", law.length);
        return last; // rounding: the law sums to a little less than the number drawn
    }

    /** Returns how many of the most probable tokens it takes until their share reaches p. */
    private int nucleus(double[] p) {
        double[] ascending = p.clone();
        Arrays.sort(ascending);
        double wanted = topP * sum(ascending);
        double sum = 0;
        int count = 0;
        while (count < p.length && sum < wanted) {
            count++;
            sum += ascending[p.length - count];
        }
        return count;
    }

    /** Sets all but the {@code count} largest entries to zero; of equal ones the first stay. */
    private static void keep(double[] p, int count) {
        double[] ascending = p.clone();
        Arrays.sort(ascending);
        double least = ascending[p.length - count];
        int ties = count;
        for (double value : p) {
            ties -= value > least ? 1 : 0;
        }
        for (int i = 0; i < p.length; i++) {
            if (p[i] < least || p[i] == least && ties-- <= 0) {
                p[i] = 0;
            }
        }
    }
}
