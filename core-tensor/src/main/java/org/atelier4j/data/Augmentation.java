package org.atelier4j.data;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;

/**
 * Changes to images that keep their meaning. What comes into view at the borders is black.
 *
 * @param flip whether half of the images are mirrored left to right
 * @param maxShift images move by a random number of pixels up to this along both axes: a random crop of the padded image
 * @param padding black pixels added at all four sides, as 2 to bring 28 × 28 to 32 × 32
 */
public record Augmentation(boolean flip, int maxShift, int padding) {
    /** Images as they are. */
    public static final Augmentation NONE = new Augmentation(false, 0, 0);

    /** Checks the numbers. */
    public Augmentation {
        Check.that(maxShift >= 0, "Augmentation: maxShift must be >= 0, got %d", maxShift);
        Check.that(padding >= 0, "Augmentation: padding must be >= 0, got %d", padding);
    }

    /** Returns the shape that images of shape (H, W, C) get. */
    Shape shape(Shape image) {
        return Shape.of(image.dim(0) + 2 * padding, image.dim(1) + 2 * padding, image.dim(2));
    }
}
