package org.atelier4j.tensor.kernel;

import org.atelier4j.tensor.Check;

/**
 * Square windows over the two spatial axes of an image.
 *
 * @param size side of a window, ≥ 1
 * @param stride distance between windows, ≥ 1
 * @param padding pixels added at both ends that never win and do not count, in {@code [0, size/2]}
 */
public record Pooling(int size, int stride, int padding) {

    /** Checks the ranges. */
    public Pooling {
        Check.that(
                size >= 1 && stride >= 1 && padding >= 0 && 2 * padding <= size,
                "pool: size and stride must be >= 1 and padding in [0, size/2], got %d, %d, %d",
                size,
                stride,
                padding);
    }

    /** Returns the length of a spatial axis after pooling. */
    public int outputLength(int length) {
        Check.shape(
                length + 2 * padding >= size,
                "pool: window of %d must fit, got length %d, padding %d",
                size,
                length,
                padding);
        return (length + 2 * padding - size) / stride + 1;
    }
}
