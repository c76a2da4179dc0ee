package org.atelier4j.optim;

import java.util.List;
import java.util.Map;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.UpdateRule;

/**
 * Hinton 2012, "Neural Networks for Machine Learning", lecture 6e, as PyTorch states it:
 * {@code v ← αv + (1 − α)g²; u ← μu + g/(√v + ε); p ← p − ηu}, where g includes the decay λp. State: {@code square_avg},
 * v, and with momentum {@code momentum_buffer}, u.
 */
public final class RmsProp extends Optimizer {

    /**
     * Settings.
     *
     * @param rate η
     * @param alpha α, memory of the mean square, in [0, 1)
     * @param eps ε &gt; 0
     * @param momentum μ in [0, 1); 0 for none
     * @param weightDecay λ ≥ 0
     */
    public record Config(LearningRate rate, double alpha, double eps, double momentum, double weightDecay) {

        /** Checks the ranges. */
        public Config {
            Check.that(
                    alpha >= 0 && alpha < 1 && momentum >= 0 && momentum < 1,
                    "RmsProp: alpha and momentum must lie in [0, 1), got %s and %s",
                    alpha,
                    momentum);
            Check.that(
                    eps > 0 && weightDecay >= 0,
                    "RmsProp: eps must be > 0 and weightDecay >= 0, got %s and %s",
                    eps,
                    weightDecay);
        }

        /** Returns PyTorch's settings: α 0.99, ε 1e-8, neither momentum nor decay. */
        public static Config of(double rate) {
            return new Config(LearningRate.constant(rate), 0.99, 1e-8, 0, 0);
        }

        /** Returns what trained the first Wasserstein GAN (Arjovsky et al. 2017, arXiv:1701.07875, alg. 1): η 5e-5. */
        public static Config wassersteinGan() {
            return of(5e-5);
        }

        /** Returns the same with another learning rate. */
        public Config withRate(LearningRate other) {
            return new Config(other, alpha, eps, momentum, weightDecay);
        }
    }

    private final Config config;

    /** Makes an optimizer of the given parameters. */
    public RmsProp(Map<String, Tensor> parameters, Config config) {
        super(
                parameters,
                config.rate(),
                config.momentum() == 0 ? List.of("square_avg") : List.of("square_avg", "momentum_buffer"));
        this.config = config;
    }

    @Override
    protected UpdateRule rule(double rate, long step) {
        return new UpdateRule.RmsProp(rate, config.alpha(), config.eps(), config.momentum(), config.weightDecay());
    }
}
