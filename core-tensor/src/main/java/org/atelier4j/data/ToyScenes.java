package org.atelier4j.data;

import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;

/**
 * One to three colored shapes before a background that fades from one color to another, drawn in code: the smallest colored
 * set in which things have places and hide each other. The class is the shape in front, which nothing hides.
 */
public final class ToyScenes {
    /** Names of the classes in order of the labels. */
    public static final List<String> CLASS_NAMES = ToyShapes.CLASS_NAMES;

    private static final int CHANNELS = 3;
    private static final int MOST = 3; // shapes in a scene
    private static final double MIN_RADIUS = 0.14; // of the image's side
    private static final double MAX_RADIUS = 0.3;
    private static final int[] PAINTS = {0xe6261a, 0x1ab333, 0x1a40e6, 0xf2d91a, 0xcc33cc, 0x1accd9}; // of the shapes
    private static final int DRAWS = 1 + 2 * CHANNELS + 5 * MOST; // uniform numbers that make a scene

    private ToyScenes() {}

    /**
     * Returns a set of {@code count} images; image i has class i mod 3 and depends on {@code rng} and i only.
     *
     * @param side width and height in pixels, ≥ 8
     */
    public static Dataset draw(int count, int side, Rng rng) {
        Check.that(count >= 1 && side >= 8, "ToyScenes: count must be >= 1 and side >= 8, got %d and %d", count, side);
        int size = side * side * CHANNELS;
        byte[] pixels = new byte[Math.multiplyExact(count, size)];
        int[] labels = new int[count];
        double[] scene = new double[size];
        for (int i = 0; i < count; i++) {
            labels[i] = i % CLASS_NAMES.size();
            paint(labels[i], ToyShapes.numbers(DRAWS, rng.split(i)), side, scene);
            for (int j = 0; j < size; j++) {
                pixels[i * size + j] = (byte) Math.round(255 * scene[j]);
            }
        }
        return Dataset.of(CLASS_NAMES, Shape.of(side, side, CHANNELS), pixels, labels);
    }

    /** Paints background and shapes, the one in front last, into {@code scene}, (H, W, C) in [0, 1]. */
    private static void paint(int front, double[] u, int side, double[] scene) {
        int shapes = 1 + (int) (MOST * u[0]);
        fade(u, side, scene);
        for (int shape = 0; shape < shapes; shape++) {
            int at = 1 + 2 * CHANNELS + 5 * shape;
            int kind = shape == shapes - 1 ? front : (int) (CLASS_NAMES.size() * u[at]);
            double radius = side * (MIN_RADIUS + (MAX_RADIUS - MIN_RADIUS) * u[at + 1]);
            double x = radius + (side - 2 * radius) * u[at + 2];
            double y = radius + (side - 2 * radius) * u[at + 3];
            int paint = PAINTS[(int) (PAINTS.length * u[at + 4])];
            for (int p = 0; p < side * side; p++) {
                double covered = ToyShapes.coverage(kind, p % side - x, p / side - y, radius);
                for (int c = 0; covered > 0 && c < CHANNELS; c++) {
                    double color = (paint >> 8 * (CHANNELS - 1 - c) & 0xff) / 255.0;
                    scene[p * CHANNELS + c] += covered * (color - scene[p * CHANNELS + c]);
                }
            }
        }
    }

    /** Paints the background: two muted colors, one above and one below. */
    private static void fade(double[] u, int side, double[] scene) {
        for (int j = 0; j < scene.length; j++) {
            int c = j % CHANNELS;
            double down = (j / (CHANNELS * side) + 0.5) / side;
            double above = u[1 + c];
            double below = u[1 + CHANNELS + c];
            scene[j] = 0.25 + 0.5 * (above + (below - above) * down);
        }
    }
}
