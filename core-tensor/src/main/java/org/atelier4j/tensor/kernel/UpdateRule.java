package org.atelier4j.tensor.kernel;

/**
 * The arithmetic of an optimizer for one element: parameter p, gradient g (already scaled by clipping), state in slots. All
 * numbers that depend on the step (learning rate, bias corrections) are given as constants.
 */
public sealed interface UpdateRule {

    /** Returns the number of state tensors per parameter. */
    int slots();

    /**
     * Gradient descent with momentum: {@code u ← μu + g + λp; p ← p − η·(nesterov ? g + λp + μu : u)}; with
     * {@code μ = 0} there is no state.
     */
    record Sgd(double rate, double momentum, double decay, boolean nesterov) implements UpdateRule {
        @Override
        public int slots() {
            return momentum == 0 ? 0 : 1;
        }
    }

    /**
     * Adam (Kingma, Ba 2014, alg. 1) and AdamW (Loshchilov, Hutter 2017, alg. 2):
     * {@code m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; p ← p − η(m/c₁/(√(v/c₂) + ε)) − ηλp} with {@code cᵢ = 1 − βᵢᵗ}.
     *
     * @param decoupled whether decay is applied to p (AdamW) or added to g (Adam with L2)
     */
    record Adam(
            double rate,
            double beta1,
            double beta2,
            double eps,
            double decay,
            boolean decoupled,
            double correction1,
            double correction2)
            implements UpdateRule {
        @Override
        public int slots() {
            return 2;
        }
    }

    /** RMSProp (Hinton 2012, as PyTorch states it): {@code v ← αv + (1−α)g²; u ← μu + g/(√v + ε); p ← p − ηu}. */
    record RmsProp(double rate, double alpha, double eps, double momentum, double decay) implements UpdateRule {
        @Override
        public int slots() {
            return momentum == 0 ? 1 : 2;
        }
    }

    /** Lion (Chen et al. 2023, alg. 2): {@code p ← p − η(sign(β₁m + (1−β₁)g) + λp); m ← β₂m + (1−β₂)g}. */
    record Lion(double rate, double beta1, double beta2, double decay) implements UpdateRule {
        @Override
        public int slots() {
            return 1;
        }
    }
}
