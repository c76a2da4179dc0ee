package org.atelier4j.optim;

import java.util.List;
import java.util.Map;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.UpdateRule;

/**
 * Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms" (arXiv:2302.06675), alg. 2: steps of one size along
 * the sign of an average, {@code p ← p − η(sign(β₁m + (1 − β₁)g) + λp); m ← β₂m + (1 − β₂)g}. State: {@code exp_avg}, m.
 */
public final class Lion extends Optimizer {

    /**
     * Settings.
     *
     * @param rate η, 3 to 10 times smaller than Adam's
     * @param beta1 β₁, part of the average in the direction, in [0, 1)
     * @param beta2 β₂, memory of the average, in [0, 1)
     * @param weightDecay λ ≥ 0, 3 to 10 times larger than AdamW's
     */
    public record Config(LearningRate rate, double beta1, double beta2, double weightDecay) {

        /** Checks the ranges. */
        public Config {
            Check.that(
                    beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && weightDecay >= 0,
                    "Lion: beta1 and beta2 must lie in [0, 1) and weightDecay be >= 0, got %s, %s and %s",
                    beta1,
                    beta2,
                    weightDecay);
        }

        /** Returns the paper's settings: β₁ 0.9, β₂ 0.99, no decay. */
        public static Config of(double rate) {
            return new Config(LearningRate.constant(rate), 0.9, 0.99, 0);
        }

        /** Returns the same with another learning rate. */
        public Config withRate(LearningRate other) {
            return new Config(other, beta1, beta2, weightDecay);
        }

        /** Returns the same with another λ. */
        public Config withWeightDecay(double decay) {
            return new Config(rate, beta1, beta2, decay);
        }
    }

    private final Config config;

    /** Makes an optimizer of the given parameters. */
    public Lion(Map<String, Tensor> parameters, Config config) {
        super(parameters, config.rate(), List.of("exp_avg"));
        this.config = config;
    }

    @Override
    protected UpdateRule rule(double rate, long step) {
        return new UpdateRule.Lion(rate, config.beta1(), config.beta2(), config.weightDecay());
    }
}
