package org.atelier4j.nn;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * What training minimizes. Methods named after a loss return its mean as a scalar; those named in the plural return it for
 * each element or item, for weighting. Entropies and divergences are in nats.
 */
public final class Losses {

    private Losses() {}

    /** Returns the mean of {@code (prediction − target)²}. */
    public static Tensor mse(Tensor prediction, Tensor target) {
        return difference("mse", prediction, target).square().mean();
    }

    /** Returns the mean of {@code |prediction − target|}. */
    public static Tensor l1(Tensor prediction, Tensor target) {
        return difference("l1", prediction, target).abs().mean();
    }

    /**
     * Returns the mean of {@code |d| ≤ δ ? ½d² : δ(|d| − ½δ)} (Huber 1964) for {@code d = prediction − target}.
     *
     * @param delta δ &gt; 0, from where on the loss is linear
     */
    public static Tensor huber(Tensor prediction, Tensor target, double delta) {
        Check.that(delta > 0, "huber: delta must be > 0, got %s", delta);
        Tensor distance = difference("huber", prediction, target).abs();
        Tensor limited = distance.clamp(0, delta);
        return limited.mul(distance.sub(limited.mul(0.5))).mean();
    }

    /** Returns {@link #huber} divided by its δ: slope 1 far from 0 (Girshick 2015, arXiv:1504.08083, eq. 3, for β = 1). */
    public static Tensor smoothL1(Tensor prediction, Tensor target, double beta) {
        return huber(prediction, target, beta).div(beta);
    }

    /** Returns the mean of {@link #binaryCrossEntropies}. */
    public static Tensor binaryCrossEntropy(Tensor logits, Tensor targets) {
        return binaryCrossEntropies(logits, targets).mean();
    }

    /**
     * Returns {@code −t·log σ(x) − (1 − t)·log(1 − σ(x))} for logits x and targets t in [0, 1], as
     * {@code t·softplus(−x) + (1 − t)·softplus(x)}: exact to rounding for logits of any size.
     */
    public static Tensor binaryCrossEntropies(Tensor logits, Tensor targets) {
        checkShapes("binaryCrossEntropy", logits, targets);
        return targets.mul(logits.neg().softplus()).add(targets.neg().add(1).mul(logits.softplus()));
    }

    /**
     * How classes are compared.
     *
     * @param smoothing part of the target spread evenly over all K classes, in [0, 1) (Szegedy et al. 2016,
     *     arXiv:1512.00567, sec. 7)
     * @param ignoredLabel label of items that do not count; any number
     */
    public record ClassTargets(double smoothing, int ignoredLabel) {
        /** No smoothing; label −100, as in PyTorch, is ignored. */
        public static final ClassTargets PLAIN = new ClassTargets(0, -100);

        /** Checks the range. */
        public ClassTargets {
            Check.that(
                    smoothing >= 0 && smoothing < 1, "crossEntropy: smoothing must lie in [0, 1), got %s", smoothing);
        }
    }

    /** Returns the mean of {@code −log softmax(logits)[label]} over all items whose label is not −100. */
    public static Tensor crossEntropy(Tensor logits, Tensor labels) {
        return crossEntropy(logits, labels, ClassTargets.PLAIN);
    }

    /**
     * Returns the mean cross-entropy over all items that are not ignored, 0 if all are.
     *
     * @param logits (…, K)
     * @param labels INT32 (…), in [0, K) or the ignored one
     * @throws IllegalArgumentException if a label is neither
     */
    public static Tensor crossEntropy(Tensor logits, Tensor labels, ClassTargets targets) {
        Tensor counted = isCounted(labels, targets).to(logits.dtype()).sum();
        return crossEntropies(logits, labels, targets).sum().div(counted.clamp(1, Double.POSITIVE_INFINITY));
    }

    /** Returns the cross-entropy of each item (…), 0 for ignored ones. */
    public static Tensor crossEntropies(Tensor logits, Tensor labels, ClassTargets targets) {
        Check.dtype("crossEntropy: labels", DType.INT32, labels);
        Check.shape(
                logits.rank() >= 1 && logits.shape().drop(-1).equals(labels.shape()),
                "crossEntropy: logits must be (…, K) and labels (…), got %s and %s",
                logits.shape(),
                labels.shape());
        Tensor counted = isCounted(labels, targets); // (…)
        Tensor known = Tensor.where(counted, labels, Tensor.zerosLike(labels));
        int classes = logits.dim(-1);
        Check.indices(
                known, classes, "crossEntropy: labels must lie in [0, %d) or be %d", classes, targets.ignoredLabel);
        Shape column = labels.shape().insert(labels.rank(), 1);
        Tensor logs = logits.logSoftmax(-1); // (…, K)
        Tensor loss = logs.gather(-1, known.reshape(column)).mul(targets.smoothing - 1); // (…, 1)
        if (targets.smoothing > 0) {
            loss = loss.sub(logs.mean(-1).mul(targets.smoothing));
        }
        return loss.reshape(labels.shape()).mul(counted.to(logits.dtype()));
    }

    private static Tensor isCounted(Tensor labels, ClassTargets targets) {
        return labels.equal(targets.ignoredLabel).not();
    }

    /**
     * Returns the divergence {@code KL(N(μ, e^λ) ‖ N(0, 1)) = ½(μ² + e^λ − 1 − λ)} of each element (Kingma, Welling 2013,
     * arXiv:1312.6114, app. B); sum it over the latent axes.
     *
     * @param logVariance λ = log σ²
     */
    public static Tensor standardNormalDivergences(Tensor mean, Tensor logVariance) {
        checkShapes("standardNormalDivergences", mean, logVariance);
        return mean.square().add(logVariance.exp()).sub(logVariance).sub(1).mul(0.5);
    }

    /**
     * Returns the divergence {@code KL(N(μ₁, e^λ₁) ‖ N(μ₂, e^λ₂)) = ½(λ₂ − λ₁ + e^(λ₁ − λ₂) + (μ₁ − μ₂)²e^(−λ₂) − 1)} of each
     * element, the shapes broadcast: the terms L_{t−1} of diffusion (Ho et al. 2020, arXiv:2006.11239, eq. 5).
     */
    public static Tensor normalDivergences(Tensor mean1, Tensor logVariance1, Tensor mean2, Tensor logVariance2) {
        Tensor ratio = logVariance1.sub(logVariance2);
        Tensor distance = mean1.sub(mean2).square().mul(logVariance2.neg().exp());
        return ratio.exp().sub(ratio).add(distance).sub(1).mul(0.5);
    }

    /** Returns {@code KL(softmax(p) ‖ softmax(q))} for logits p and q (…, K), per item (…). */
    public static Tensor categoricalDivergences(Tensor logitsP, Tensor logitsQ) {
        checkShapes("categoricalDivergences", logitsP, logitsQ);
        Tensor logP = logitsP.logSoftmax(-1);
        Tensor p = logP.exp();
        Tensor zero = Tensor.full(0, p.dtype(), Shape.scalar()).to(p.device());
        Tensor difference = Tensor.where(p.equal(0), zero, logP.sub(logitsQ.logSoftmax(-1))); // 0·log 0 is 0
        return p.mul(difference).sum(-1).reshape(logitsP.shape().drop(-1));
    }

    /** Returns {@code mean(max(0, 1 − real)) + mean(max(0, 1 + fake))}: the discriminator's hinge loss (Lim, Ye 2017, arXiv:1705.02894). */
    public static Tensor discriminatorHinge(Tensor realLogits, Tensor fakeLogits) {
        return realLogits
                .neg()
                .add(1)
                .relu()
                .mean()
                .add(fakeLogits.add(1).relu().mean());
    }

    /** Returns {@code −mean(fake)}: what the generator minimizes beside the discriminator's hinge loss. */
    public static Tensor generatorHinge(Tensor fakeLogits) {
        return fakeLogits.mean().neg();
    }

    private static Tensor difference(String op, Tensor prediction, Tensor target) {
        checkShapes(op, prediction, target);
        return prediction.sub(target);
    }

    private static void checkShapes(String op, Tensor a, Tensor b) {
        Check.shape(a.shape().equals(b.shape()), "%s: shapes must be equal, got %s and %s", op, a.shape(), b.shape());
    }
}
