package org.atelier4j.metrics;

import org.atelier4j.model.ImageClassifier;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * How sure a classifier is of each image and how many classes it finds in all: Salimans et al. 2016, "Improved techniques
 * for training GANs" (arXiv:1606.03498), sec. 4, {@code exp(E_x KL(p(y given x) ‖ p(y)))}, in [1, K].
 *
 * <p>The images are cut into equal parts; mean and standard deviation over the parts are reported. Only with the Inception
 * network of 2015 is the number comparable with published ones. It never looks at real images: a model that repeats one
 * perfect image of each class gets the best score.
 *
 * @param splits number of parts, ≥ 1
 */
public record InceptionScore(int splits) {

    /** Checks the number of parts. */
    public InceptionScore {
        Check.that(splits >= 1, "InceptionScore: splits must be >= 1, got %d", splits);
    }

    /** Returns the paper's setting, 10 parts. */
    public static InceptionScore paper() {
        return new InceptionScore(10);
    }

    /**
     * Returns the score of images whose features were read with the classifier, in random order: parts of images sorted by
     * class would each score 1.
     */
    public Estimate measure(ImageClassifier classifier, FeatureBank images, Rng rng) {
        Rows.checkSameNetwork(
                "InceptionScore", classifier.name(), classifier.hash(), images.extractor(), images.hash());
        Rows.checkCount("InceptionScore", images.count(), splits);
        try (TensorScope scope = TensorScope.open();
                NoGrad off = NoGrad.open()) {
            int[] order = rng.permutation(images.count());
            Tensor logits = classifier.logits(images.rows()); // (N, K)
            return ofLogits(logits.gatherRows(Tensor.of(order, order.length)));
        }
    }

    /** Returns the score of logits (N, K), or of log-probabilities, in the order given. */
    public Estimate ofLogits(Tensor logits) {
        Check.rank("InceptionScore", 2, "(N, K)", logits);
        int n = logits.dim(0);
        Rows.checkCount("InceptionScore", n, splits);
        Rows.checkFinite("InceptionScore", logits, 0);
        double[] scores = new double[splits];
        for (int i = 0; i < splits; i++) {
            int from = (int) ((long) i * n / splits);
            int to = (int) ((long) (i + 1) * n / splits);
            try (TensorScope scope = TensorScope.open();
                    NoGrad off = NoGrad.open()) {
                scores[i] = score(logits.detach().slice(0, from, to - from).to(DType.FLOAT64));
            }
        }
        return Estimate.of(scores);
    }

    /** Returns the score of one part, logits (n, K). */
    private static double score(Tensor logits) {
        Tensor logP = logits.logSoftmax(1); // log p(y given x)
        Tensor logMarginal = logP.logSumExp(0).sub(Math.log(logits.dim(0))); // log p(y), (1, K)
        double kl = logP.exp().mul(logP.sub(logMarginal)).sum(1).mean().item();
        return Math.exp(Math.max(0, kl)); // rounding alone brings it below zero
    }
}
