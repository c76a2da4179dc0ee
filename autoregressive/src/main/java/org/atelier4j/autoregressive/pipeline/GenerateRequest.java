package org.atelier4j.autoregressive.pipeline;

import java.util.List;
import org.atelier4j.autoregressive.Decoding;
import org.atelier4j.tensor.Check;

/**
 * Which images are wanted.
 *
 * @param count number of images, ≥ 1
 * @param labels classes: one for each image, or one for all, or none for images of no particular class
 * @param decoding how codes are drawn
 * @param height rows of codes, 0 for as many as the prior was trained on; transformer priors take more, too
 * @param width columns of codes, likewise
 * @param seed of all randomness
 */
public record GenerateRequest(int count, List<Integer> labels, Decoding decoding, int height, int width, long seed) {

    /** Checks the ranges and copies the list. */
    public GenerateRequest {
        labels = List.copyOf(labels);
        checkLabels("GenerateRequest", count, labels, decoding);
        Check.that(
                height >= 0 && width >= 0,
                "GenerateRequest: height and width must be >= 0, got %d and %d",
                height,
                width);
    }

    /** Returns a request for images of no particular class, as the prior learned, with seed 0. */
    public static GenerateRequest of(int count) {
        return new GenerateRequest(count, List.of(), Decoding.standard(), 0, 0, 0);
    }

    /** Returns the same for the given classes. */
    public GenerateRequest withLabels(List<Integer> classes) {
        return new GenerateRequest(count, classes, decoding, height, width, seed);
    }

    /** Returns the same drawn in another way. */
    public GenerateRequest withDecoding(Decoding other) {
        return new GenerateRequest(count, labels, other, height, width, seed);
    }

    /** Returns the same for grids of {@code rows × columns} codes. */
    public GenerateRequest withGrid(int rows, int columns) {
        return new GenerateRequest(count, labels, decoding, rows, columns, seed);
    }

    /** Returns the same with another seed. */
    public GenerateRequest withSeed(long other) {
        return new GenerateRequest(count, labels, decoding, height, width, other);
    }

    /** Checks what all requests have in common. */
    static void checkLabels(String who, int count, List<Integer> labels, Decoding decoding) {
        Check.that(count >= 1, "%s: count must be >= 1, got %d", who, count);
        Check.that(
                labels.size() <= 1 || labels.size() == count,
                "%s: labels must be none, one, or one for each of the %d images, got %d",
                who,
                count,
                labels.size());
        Check.that(
                !decoding.sampler().isGuided() || !labels.isEmpty(),
                "%s: guidanceScale must be 0 without labels, got %s",
                who,
                decoding.sampler().guidanceScale());
    }
}
