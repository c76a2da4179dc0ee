package org.atelier4j.data;

import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.TensorScope;

/**
 * Circles, squares and triangles, drawn in code: gray on black, each with its own place, size and brightness. The smallest
 * set on which a conditional model shows whether it learns.
 */
public final class ToyShapes {
    /** Names of the classes in order of the labels. */
    public static final List<String> CLASS_NAMES = List.of("circle", "square", "triangle");

    private static final int SAMPLES = 4; // per pixel and axis
    private static final double REACH = 1.2; // no shape of radius 1 has a point farther from its middle
    private static final int DRAWS = 4;
    private static final double MIN_RADIUS = 0.2; // of the image's side
    private static final double MAX_RADIUS = 0.35;
    private static final double MIN_BRIGHTNESS = 0.5;

    private ToyShapes() {}

    /**
     * Returns a set of {@code count} images; image i shows class i mod 3 and depends on {@code rng} and i only.
     *
     * @param side width and height in pixels, ≥ 8
     */
    public static Dataset draw(int count, int side, Rng rng) {
        Check.that(count >= 1 && side >= 8, "ToyShapes: count must be >= 1 and side >= 8, got %d and %d", count, side);
        byte[] pixels = new byte[Math.multiplyExact(count, side * side)];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = i % CLASS_NAMES.size();
            double[] u = numbers(DRAWS, rng.split(i));
            double radius = side * (MIN_RADIUS + (MAX_RADIUS - MIN_RADIUS) * u[0]);
            double x = radius + (side - 2 * radius) * u[1];
            double y = radius + (side - 2 * radius) * u[2];
            double brightness = MIN_BRIGHTNESS + (1 - MIN_BRIGHTNESS) * u[3];
            for (int p = 0; p < side * side; p++) {
                double covered = coverage(labels[i], p % side - x, p / side - y, radius);
                pixels[i * side * side + p] = (byte) Math.round(255 * brightness * covered);
            }
        }
        return Dataset.of(CLASS_NAMES, Shape.of(side, side, 1), pixels, labels);
    }

    /** Returns uniform numbers in [0, 1). */
    static double[] numbers(int count, Rng rng) {
        try (TensorScope scope = TensorScope.open()) {
            return rng.uniform(Shape.of(count)).toDoubles();
        }
    }

    /** Returns how much of the pixel at (x, y) from the middle of a shape lies inside of it, from 0 to 1, by sampling. */
    static double coverage(int shape, double x, double y, double radius) {
        double reach = radius * REACH + 1;
        if ((x + 0.5) * (x + 0.5) + (y + 0.5) * (y + 0.5) > reach * reach) {
            return 0;
        }
        int inside = 0;
        for (int s = 0; s < SAMPLES * SAMPLES; s++) {
            double dx = x + (s % SAMPLES + 0.5) / SAMPLES;
            double dy = y + (s / SAMPLES + 0.5) / SAMPLES;
            inside += isInside(shape, dx / radius, dy / radius) ? 1 : 0;
        }
        return inside / (double) (SAMPLES * SAMPLES);
    }

    /** Returns whether a point lies in the shape of radius 1 around the origin; y points down. */
    private static boolean isInside(int shape, double x, double y) {
        return switch (shape) {
            case 0 -> x * x + y * y <= 1;
            case 1 -> Math.max(Math.abs(x), Math.abs(y)) <= 0.8;
            default -> y <= 0.6 && Math.abs(x) <= (y + 1) * 0.6; // apex up
        };
    }
}
