package org.atelier4j.vqvae;

import org.atelier4j.tensor.Tensor;

/** Pictures that a few codes can describe. */
final class ToyImages {
    private ToyImages() {}

    /** Returns black images (count, side, side, 1) with a white bar of two pixels at a place of its own in each. */
    static Tensor bars(int count, int side) {
        float[] pixels = new float[count * side * side];
        java.util.Arrays.fill(pixels, -1);
        for (int b = 0; b < count; b++) {
            int at = b / 2 * 2 % side;
            for (int i = 0; i < 2 * side; i++) {
                int row = b % 2 == 0 ? at + i % 2 : i / 2;
                int column = b % 2 == 0 ? i / 2 : at + i % 2;
                pixels[(b * side + row) * side + column] = 1;
            }
        }
        return Tensor.of(pixels, count, side, side, 1);
    }
}
