package org.atelier4j.image;

/**
 * Filters of resizing, as Pillow defines them: a pixel of the result is a weighted mean of the pixels around its center, by
 * their distance in pixels of the result where it shrinks and of the input where it grows. So nothing aliases.
 */
public enum ResizeFilter {
    /** All pixels within half a pixel count the same. */
    BOX(0.5) {
        @Override
        double weight(double x) {
            return x > -0.5 && x <= 0.5 ? 1 : 0;
        }
    },
    /** A triangle: {@code 1 − |x|}. */
    BILINEAR(1) {
        @Override
        double weight(double x) {
            return Math.max(0, 1 - Math.abs(x));
        }
    },
    /** The cubic convolution of Keys 1981, "Cubic convolution interpolation for digital image processing", a = −1/2. */
    BICUBIC(2) {
        @Override
        double weight(double x) {
            double d = Math.abs(x);
            if (d < 1) {
                return ((A + 2) * d - (A + 3)) * d * d + 1;
            }
            return d < 2 ? (((d - 5) * d + 8) * d - 4) * A : 0;
        }
    },
    /** Lanczos's window with three lobes: {@code sinc(x)·sinc(x/3)}. */
    LANCZOS(3) {
        @Override
        double weight(double x) {
            return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
        }
    };

    private static final double A = -0.5;

    private final double support;

    ResizeFilter(double support) {
        this.support = support;
    }

    /** Returns from which distance on pixels do not count. */
    double support() {
        return support;
    }

    /** Returns the weight at a distance. */
    abstract double weight(double x);

    private static double sinc(double x) {
        double angle = Math.PI * x;
        return x == 0 ? 1 : Math.sin(angle) / angle;
    }
}
