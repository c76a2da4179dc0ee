package org.atelier4j.metrics;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * How well images fit texts for a pair of encoders with a common space: Hessel et al. 2021, "CLIPScore: a reference-free
 * evaluation metric for image captioning" (arXiv:2104.08718), sec. 3, {@code w·max(cos(image, text), 0)}.
 *
 * <p>Comparable with published numbers only for the embeddings of the CLIP network they name (mostly ViT-B/32). A model that was
 * guided by the same encoders is not judged by them.
 *
 * @param weight w
 */
public record ClipScore(double weight) {

    /** Checks the weight. */
    public ClipScore {
        Check.that(weight > 0, "ClipScore: weight must be > 0, got %s", weight);
    }

    /** Returns the paper's setting, w = 2.5; others print 100·cos, {@code new ClipScore(100)}. */
    public static ClipScore paper() {
        return new ClipScore(2.5);
    }

    /**
     * Returns mean and deviation over the pairs.
     *
     * @param images embeddings (N, D) of images
     * @param texts embeddings (N, D), row i of the text of image i
     */
    public Estimate measure(Tensor images, Tensor texts) {
        Embeddings.checkPairs("ClipScore", images, texts);
        try (TensorScope scope = TensorScope.open();
                NoGrad off = NoGrad.open()) {
            Tensor cosines = Embeddings.normalized(images)
                    .mul(Embeddings.normalized(texts))
                    .sum(1); // (N, 1)
            return Estimate.of(cosines.relu().mul(weight).toDoubles());
        }
    }
}
