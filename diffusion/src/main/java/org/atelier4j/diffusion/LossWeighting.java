package org.atelier4j.diffusion;

import org.atelier4j.tensor.Check;

/** How much the error at each noise level counts in a {@link DenoisingLoss}. */
public sealed interface LossWeighting {

    /**
     * Returns the factor on the squared error of a prediction.
     *
     * @param prediction what the error is measured in
     * @param snr signal-to-noise ratio ᾱ/(1 − ᾱ) ≥ 0
     */
    double weight(Prediction prediction, double snr);

    /** Returns equal weights: {@code L_simple} of Ho et al. 2020, eq. 14, for ε. */
    static LossWeighting simple() {
        return new Simple();
    }

    /** Returns min-SNR weights with the γ = 5 that the paper found best. */
    static LossWeighting minSnr() {
        return new MinSnr(5);
    }

    /** Every level counts alike. */
    record Simple() implements LossWeighting {
        @Override
        public double weight(Prediction prediction, double snr) {
            return 1;
        }
    }

    /**
     * Min-SNR-γ, Hang et al. 2023 (arXiv:2303.09556), section 3.4: {@code min(SNR, γ)} on the error in x0. The same error
     * is {@code SNR⁻¹} times smaller in ε and {@code (SNR + 1)⁻¹} times in v, so there the weights are
     * {@code min(SNR, γ)/SNR} and {@code min(SNR, γ)/(SNR + 1)}. At SNR = 0 the weight is 1 in ε, its limit, and 0 in v and
     * x0: the last step of a zero-terminal-SNR schedule is then learned from its neighbours.
     *
     * @param gamma γ &gt; 0, the SNR above which weights stop growing
     */
    record MinSnr(double gamma) implements LossWeighting {
        /** Checks the range. */
        public MinSnr {
            Check.that(gamma > 0, "MinSnr: gamma must be > 0, got %s", gamma);
        }

        @Override
        public double weight(Prediction prediction, double snr) {
            double clipped = Math.min(snr, gamma);
            return switch (prediction) {
                case EPSILON -> snr == 0 ? 1 : clipped / snr;
                case X0 -> clipped;
                case V -> clipped / (snr + 1);
            };
        }
    }
}
