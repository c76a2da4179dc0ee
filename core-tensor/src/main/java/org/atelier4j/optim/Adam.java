package org.atelier4j.optim;

import java.util.List;
import java.util.Map;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.UpdateRule;

/**
 * Kingma, Ba 2014, "Adam: A Method for Stochastic Optimization" (arXiv:1412.6980), alg. 1:
 * {@code m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; p ← p − η·m̂/(√v̂ + ε)}, where {@code m̂ = m/(1 − β₁ᵗ)} and
 * {@code v̂ = v/(1 − β₂ᵗ)}. State: {@code exp_avg}, m, and {@code exp_avg_sq}, v. For weight decay see {@link AdamW}.
 */
public final class Adam extends Optimizer {

    /**
     * Settings.
     *
     * @param rate η
     * @param beta1 β₁, memory of the mean, in [0, 1)
     * @param beta2 β₂, memory of the mean square, in [0, 1)
     * @param eps ε &gt; 0
     */
    public record Config(LearningRate rate, double beta1, double beta2, double eps) {

        /** Checks the ranges. */
        public Config {
            checkMemories("Adam", beta1, beta2, eps);
        }

        /** Returns the paper's settings: β₁ 0.9, β₂ 0.999, ε 1e-8. */
        public static Config of(double rate) {
            return new Config(LearningRate.constant(rate), 0.9, 0.999, 1e-8);
        }

        /** Returns what trained the GANs of Miyato et al. 2018 (arXiv:1802.05957, tab. 1, setting C): β₁ 0.5, β₂ 0.999. */
        public static Config gan() {
            return new Config(LearningRate.constant(2e-4), 0.5, 0.999, 1e-8);
        }

        /** Returns the same with another learning rate. */
        public Config withRate(LearningRate other) {
            return new Config(other, beta1, beta2, eps);
        }

        /** Returns the same with other memories. */
        public Config withBetas(double first, double second) {
            return new Config(rate, first, second, eps);
        }
    }

    private final Config config;

    /** Makes an optimizer of the given parameters. */
    public Adam(Map<String, Tensor> parameters, Config config) {
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
                0,
                false,
                1 - Math.pow(config.beta1(), step),
                1 - Math.pow(config.beta2(), step));
    }

    static void checkMemories(String optimizer, double beta1, double beta2, double eps) {
        Check.that(
                beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && eps > 0,
                "%s: beta1 and beta2 must lie in [0, 1) and eps be > 0, got %s, %s and %s",
                optimizer,
                beta1,
                beta2,
                eps);
    }
}
