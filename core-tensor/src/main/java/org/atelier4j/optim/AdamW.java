package org.atelier4j.optim;

import java.util.List;
import java.util.Map;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.UpdateRule;

/**
 * Loshchilov, Hutter 2017, "Decoupled Weight Decay Regularization" (arXiv:1711.05101), alg. 2: {@link Adam}, whose step is
 * followed by {@code p ← p − ηλp}, so that decay does not pass through the averages. State as Adam's.
 *
 * <p>Differs from the paper: λ is multiplied by η, as PyTorch and all published recipes have it.
 */
public final class AdamW extends Optimizer {

    /**
     * Settings.
     *
     * @param rate η
     * @param beta1 β₁, memory of the mean, in [0, 1)
     * @param beta2 β₂, memory of the mean square, in [0, 1)
     * @param eps ε &gt; 0
     * @param weightDecay λ ≥ 0
     */
    public record Config(LearningRate rate, double beta1, double beta2, double eps, double weightDecay) {

        /** Checks the ranges. */
        public Config {
            Adam.checkMemories("AdamW", beta1, beta2, eps);
            Check.that(weightDecay >= 0, "AdamW: weightDecay must be >= 0, got %s", weightDecay);
        }

        /** Returns PyTorch's settings: β₁ 0.9, β₂ 0.999, ε 1e-8, λ 0.01. */
        public static Config of(double rate) {
            return new Config(LearningRate.constant(rate), 0.9, 0.999, 1e-8, 0.01);
        }

        /** Returns what trains language models (Brown et al. 2020, arXiv:2005.14165, app. B): β₂ 0.95, λ 0.1. */
        public static Config gpt(double rate) {
            return new Config(LearningRate.constant(rate), 0.9, 0.95, 1e-8, 0.1);
        }

        /** Returns the same with another learning rate. */
        public Config withRate(LearningRate other) {
            return new Config(other, beta1, beta2, eps, weightDecay);
        }

        /** Returns the same with other memories. */
        public Config withBetas(double first, double second) {
            return new Config(rate, first, second, eps, weightDecay);
        }

        /** Returns the same with another λ. */
        public Config withWeightDecay(double decay) {
            return new Config(rate, beta1, beta2, eps, decay);
        }
    }

    private final Config config;

    /** Makes an optimizer of the given parameters. */
    public AdamW(Map<String, Tensor> parameters, Config config) {
        super(parameters, config.rate(), List.of("exp_avg", "exp_avg_sq"));
        this.config = config;
    }

    @Override
    protected UpdateRule rule(double rate, long step) {
        return new UpdateRule.Adam(
                rate,
                config.beta1(),
                config.beta2(),
                config.eps(),
                config.weightDecay(),
                true,
                1 - Math.pow(config.beta1(), step),
                1 - Math.pow(config.beta2(), step));
    }
}
