package org.atelier4j.tensor.kernel;

import org.atelier4j.tensor.Shape;

/**
 * A copy of a region: element {@code (i, j, …)} of {@code size} goes from {@code sourceOffset + i·s₀ + j·s₁ + …} to
 * {@code targetOffset + i·t₀ + j·t₁ + …}. Permuting, slicing, padding, joining, flipping (negative strides) and
 * repeating (stride 0) are all of this form.
 *
 * @param source where to read
 * @param target where to write; no element twice
 */
public record StridedCopy(Shape size, Strides source, Strides target) {

    /** An offset and one stride per axis, in elements. */
    public static final class Strides {
        private final long offset;
        private final long[] steps;

        private Strides(long offset, long[] steps) {
            this.offset = offset;
            this.steps = steps;
        }

        /** Returns the strides given. */
        public static Strides of(long offset, long... steps) {
            return new Strides(offset, steps.clone());
        }

        /** Returns the strides of a whole contiguous tensor. */
        public static Strides contiguous(Shape shape) {
            return new Strides(0, shape.strides());
        }

        /** Returns the index of the first element. */
        public long offset() {
            return offset;
        }

        /** Returns the distance between neighbours along an axis. */
        public long step(int axis) {
            return steps[axis];
        }
    }
}
