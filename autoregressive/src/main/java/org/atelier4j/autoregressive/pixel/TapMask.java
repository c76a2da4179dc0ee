package org.atelier4j.autoregressive.pixel;

import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/** Ones and zeros that say which taps of a convolution may see: those before its center in the order of rows. */
final class TapMask {

    /**
     * What is seen of the pixel itself.
     *
     * @param mask whether a color sees itself
     * @param colors number of parts of the channels
     * @param halves how many times the colors follow one another among the outputs: 2 where a gate comes after, 1 elsewhere
     */
    record Center(MaskedConv2d.Mask mask, int colors, int halves) {

        /** Returns whether any connection within the pixel is cut. */
        boolean cuts() {
            return colors > 1 || mask == MaskedConv2d.Mask.A;
        }
    }

    private TapMask() {}

    /**
     * Returns the mask of a weight (out, in, kH, kW).
     *
     * @param row row of the tap that lies on the pixel itself
     * @param column its column
     */
    static Tensor of(Shape weight, int row, int column, Center center) {
        int out = weight.dim(0);
        int in = weight.dim(1);
        int each = out / center.halves();
        float[] mask = new float[Math.toIntExact(weight.size())];
        int at = 0;
        for (int o = 0; o < out; o++) {
            int to = o % each * center.colors() / each;
            for (int i = 0; i < in; i++) {
                int from = i * center.colors() / in;
                for (int y = 0; y < weight.dim(2); y++) {
                    for (int x = 0; x < weight.dim(3); x++) {
                        boolean before = y < row || y == row && x < column;
                        boolean self = y == row && x == column && center.mask().shows(from, to);
                        mask[at++] = before || self ? 1 : 0;
                    }
                }
            }
        }
        return Tensor.of(mask, weight.dims());
    }
}
