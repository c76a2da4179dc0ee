package org.atelier4j.optim;

import java.util.List;
import java.util.Map;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.UpdateRule;

/**
 * Stochastic gradient descent, where asked for with momentum, plain or Nesterov's, as Sutskever et al. 2013, "On the
 * importance of initialization and momentum in deep learning", but with η outside of the momentum, as PyTorch has it:
 * {@code u ← μu + g + λp; p ← p − ηu}. State: {@code momentum_buffer}, u.
 */
public final class Sgd extends Optimizer {

    /**
     * Settings.
     *
     * @param rate η
     * @param momentum μ in [0, 1); 0 for none
     * @param weightDecay λ ≥ 0, added to the gradient as λp
     * @param nesterov whether the step looks ahead: {@code p ← p − η(g + λp + μu)}
     */
    public record Config(LearningRate rate, double momentum, double weightDecay, boolean nesterov) {

        /** Checks the ranges. */
        public Config {
            Check.that(
                    momentum >= 0 && momentum < 1 && weightDecay >= 0,
                    "Sgd: momentum must lie in [0, 1) and weightDecay be >= 0, got %s and %s",
                    momentum,
                    weightDecay);
            Check.that(momentum > 0 || !nesterov, "Sgd: nesterov must come with momentum > 0, got %s", momentum);
        }

        /** Returns plain gradient descent. */
        public static Config plain(double rate) {
            return new Config(LearningRate.constant(rate), 0, 0, false);
        }

        /** Returns what trained ResNets (He et al. 2015, arXiv:1512.03385, sec. 3.4): η 0.1, μ 0.9, λ 1e-4. */
        public static Config resNet() {
            return new Config(LearningRate.constant(0.1), 0.9, 1e-4, false);
        }

        /** Returns the same with another learning rate. */
        public Config withRate(LearningRate other) {
            return new Config(other, momentum, weightDecay, nesterov);
        }
    }

    private final Config config;

    /** Makes an optimizer of the given parameters. */
    public Sgd(Map<String, Tensor> parameters, Config config) {
        super(parameters, config.rate(), config.momentum() == 0 ? List.of() : List.of("momentum_buffer"));
        this.config = config;
    }

    @Override
    protected UpdateRule rule(double rate, long step) {
        return new UpdateRule.Sgd(rate, config.momentum(), config.weightDecay(), config.nesterov());
    }
}
