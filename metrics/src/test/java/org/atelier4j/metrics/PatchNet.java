package org.atelier4j.metrics;

import java.util.List;
import org.atelier4j.model.ImageClassifier;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/** A network without training for images of 8 × 8 pixels: random directions in pixel space and their ramps. */
final class PatchNet implements ImageClassifier {
    private static final int SIZE = 8;

    private final int channels;
    private final Tensor directions;
    private final Tensor head;

    PatchNet(int channels, int width, int classes) {
        this.channels = channels;
        Rng rng = Rng.of(5);
        directions = rng.normal(Shape.of(width, SIZE * SIZE * channels)).mul(0.2);
        head = rng.normal(Shape.of(classes, width));
    }

    @Override
    public String name() {
        return "patch-net";
    }

    @Override
    public String hash() {
        return "0123456789abcdef";
    }

    @Override
    public int channels() {
        return channels;
    }

    @Override
    public int width() {
        return directions.dim(0);
    }

    @Override
    public Tensor features(Tensor images) {
        return images.reshape(images.dim(0), -1).matmul(directions, false, true).relu(); // (B, D)
    }

    @Override
    public List<Tensor> maps(Tensor images) {
        return List.of(images);
    }

    @Override
    public int classes() {
        return head.dim(0);
    }

    @Override
    public Tensor logits(Tensor features) {
        return features.matmul(head, false, true);
    }
}
