package org.atelier4j.vqvae;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/**
 * A choice of one in K that has a gradient: Jang, Gu, Poole 2017, "Categorical Reparameterization with Gumbel-Softmax"
 * (arXiv:1611.01144); Maddison, Mnih, Teh 2017 (arXiv:1611.00712) found the same law.
 */
public final class GumbelSoftmax {
    private static final double TINY = 1e-9; // the logarithm of a class that nobody takes is finite

    private GumbelSoftmax() {}

    /**
     * Returns {@code softmax((log π + g)/τ)} (eq. 2): weights (…, K) that are the drawn class in the limit τ → 0. What training
     * draws is {@link Rng#gumbelSoftmax}, the same without the noise in memory.
     *
     * @param logits log π up to a constant (…, K)
     * @param noise g, of the standard Gumbel law, of the same shape
     * @param temperature τ &gt; 0
     */
    public static Tensor soft(Tensor logits, Tensor noise, double temperature) {
        Check.that(temperature > 0, "GumbelSoftmax: temperature must be > 0, got %s", temperature);
        Check.shape(
                logits.shape().equals(noise.shape()),
                "GumbelSoftmax: noise must have the logits' shape %s, got %s",
                logits.shape(),
                noise.shape());
        return logits.add(noise).div(temperature).softmax(-1); // (…, K)
    }

    /**
     * Returns the one-hot vector of the largest of the weights, with the gradient of the weights themselves: the
     * straight-through Gumbel estimator (sec. 2.2).
     *
     * @param weights what {@link #soft} returned (…, K)
     */
    public static Tensor hard(Tensor weights) {
        Tensor classes = Tensor.arange(weights.dim(-1)).to(weights.device()); // (K)
        Tensor oneHot = weights.detach().argMax(-1).equal(classes).to(weights.dtype()); // (…, K)
        return oneHot.add(weights.sub(weights.detach())); // exactly one-hot, as y − y is 0
    }

    /** Returns the mean of the rows of a table (K, D) under the weights of a choice (…, K), (…, D). */
    static Tensor softLookup(Rng.Choice choice, Tensor table) {
        Tensor weights = choice.weights();
        Tensor mean = weights.reshape(-1, table.dim(0)).matmul(table); // (N, D)
        return mean.reshape(weights.shape().with(weights.rank() - 1, table.dim(1)));
    }

    /**
     * Returns the row of the drawn class, with the gradients of {@code hard(weights)·table} and without its one-hot matrix:
     * that of the weights is the mean's, that of the table is the row's.
     */
    static Tensor hardLookup(Rng.Choice choice, Tensor table) {
        Tensor mean = softLookup(choice, table.detach()); // (…, D)
        return table.gatherRows(choice.largest()).add(mean.sub(mean.detach())); // the row itself, as y − y is 0
    }

    /**
     * Returns {@code KL(p̄ ‖ uniform) = log K − H(p̄)} in nats, p̄ being the mean of {@code softmax(logits)} over all rows of
     * (…, K): 0 if all classes together are taken equally often, however sure each row is of its own (the diversity loss of
     * Baevski et al. 2020, "wav2vec 2.0", arXiv:2006.11477, eq. 4, but for its constants).
     */
    public static Tensor imbalance(Tensor logits) {
        int classes = logits.dim(-1);
        Tensor mean = logits.softmax(-1).reshape(-1, classes).mean(0); // (1, K)
        return mean.mul(mean.add(TINY).log()).sum().add(Math.log(classes));
    }

    /** Returns {@code KL(softmax(logits) ‖ uniform) = log K − H} in nats, the mean over all rows of (…, K). */
    public static Tensor divergenceFromUniform(Tensor logits) {
        Tensor logs = logits.logSoftmax(-1); // (…, K)
        return logs.exp().mul(logs).sum(-1).mean().add(Math.log(logits.dim(-1)));
    }
}
