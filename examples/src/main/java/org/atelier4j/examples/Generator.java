package org.atelier4j.examples;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.atelier4j.image.Image;
import org.atelier4j.tensor.Shape;

/**
 * A trained model that was told how to draw: images of wanted classes, whatever family it is of. Tables, films and
 * judgements all go through this, so that families are shown and measured alike.
 */
interface Generator extends AutoCloseable {
    /** So many images are drawn together, at most, by every family. */
    int BATCH = 64;

    /**
     * What was drawn.
     *
     * @param images one for each label
     * @param forwards how often the network ran for an image; guidance runs it twice. A run of a network that remembers what
     *     it read counts like one that reads everything
     */
    record Drawn(List<Image> images, int forwards) {}

    /** Returns the shape of an image, (H, W, C). */
    Shape imageShape();

    /** Returns a name for each class, in order of the labels; none for a model without classes, of which label 0 is wanted. */
    List<String> classNames();

    /** Returns all that decides how images are drawn, beside weights, classes and seed: for messages and JSON. */
    Map<String, Object> settings();

    /**
     * Draws; image i depends on the seed, i and its label alone.
     *
     * @param frames told after each step; what it is given returns the images at work, {@value #BATCH} at most, as they are
     */
    Drawn draw(List<Integer> labels, long seed, Consumer<Supplier<List<Image>>> frames);

    /** Draws, unwatched. */
    default Drawn draw(List<Integer> labels, long seed) {
        return draw(labels, seed, unfinished -> {});
    }

    /** Returns what kinds of images are called: the names of the classes, or one word where there are none. */
    default List<String> kinds() {
        return classNames().isEmpty() ? List.of("image") : classNames();
    }

    /** Returns all labels, in order. */
    default List<Integer> labels() {
        return IntStream.range(0, kinds().size()).boxed().toList();
    }

    @Override
    void close();
}
