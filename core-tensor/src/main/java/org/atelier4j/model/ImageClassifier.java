package org.atelier4j.model;

import org.atelier4j.tensor.Tensor;

/** A feature network that also says what an image shows. */
public interface ImageClassifier extends FeatureExtractor {

    /** Returns K, the number of classes. */
    int classes();

    /** Returns logits (B, K) for what {@link #features} returned (B, D): its last layer, so that nothing is computed twice. */
    Tensor logits(Tensor features);
}
