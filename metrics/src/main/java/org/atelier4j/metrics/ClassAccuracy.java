package org.atelier4j.metrics;

import org.atelier4j.data.Batch;
import org.atelier4j.data.Batches;
import org.atelier4j.data.Dataset;
import org.atelier4j.model.ImageClassifier;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * How often a classifier sees in an image what its label says: its test accuracy on real images; for generated ones, the
 * classes asked for being the labels, how well the generator obeys.
 *
 * <p>It says nothing about how different the images of a class are: a generator that makes the same perfect sneaker again
 * and again gets 1. For that, see recall and {@link TrainOnSynthetic}.
 */
public final class ClassAccuracy {
    private static final int BATCH = 250;

    private ClassAccuracy() {}

    /** Returns the part of the images, in [0, 1], for which the classifier's largest logit is that of the label. */
    public static double of(ImageClassifier classifier, Dataset data) {
        return confusion(classifier, data).accuracy();
    }

    /** Returns how often each class was taken for each. */
    public static Confusion confusion(ImageClassifier classifier, Dataset data) {
        Check.that(
                classifier.classes() == data.classNames().size(),
                "ClassAccuracy: classifier and data must have the same classes, got %d and %d",
                classifier.classes(),
                data.classNames().size());
        int[] labels = new int[data.size()];
        int[] seen = new int[data.size()];
        int done = 0;
        try (Batches batches = new Batches(data, Batches.Config.evaluation(BATCH), Rng.of(0));
                NoGrad off = NoGrad.open()) {
            while (batches.hasNext()) {
                try (TensorScope scope = TensorScope.open()) {
                    Batch batch = batches.next();
                    int[] largest = classifier
                            .logits(classifier.features(batch.images()))
                            .argMax(1)
                            .toInts();
                    System.arraycopy(largest, 0, seen, done, largest.length);
                    System.arraycopy(batch.labels().toInts(), 0, labels, done, largest.length);
                    done += largest.length;
                }
            }
        }
        return Confusion.of(classifier.classes(), labels, seen);
    }

    /**
     * Returns {@link #confusion(ImageClassifier, Dataset)} for images whose features were read with the classifier.
     *
     * @param labels one for each image
     */
    public static Confusion confusion(ImageClassifier classifier, FeatureBank images, int[] labels) {
        Rows.checkSameNetwork("ClassAccuracy", classifier.name(), classifier.hash(), images.extractor(), images.hash());
        Check.that(
                labels.length == images.count() && labels.length > 0,
                "ClassAccuracy: there must be one label for each of the %d images and at least one, got %d",
                images.count(),
                labels.length);
        try (TensorScope scope = TensorScope.open();
                NoGrad off = NoGrad.open()) {
            int[] seen = classifier.logits(images.rows()).argMax(1).toInts();
            return Confusion.of(classifier.classes(), labels, seen);
        }
    }
}
