package org.atelier4j.autoregressive.pixel;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * What B images shall become: their classes, and the pixels that are given. The rest is drawn, in the order of rows; a
 * drawn pixel knows of the given ones before it only, so what is given should be an upper part.
 *
 * @param labels INT32 (B), one class for each image, or the number of classes for none
 * @param values INT32 (B, H, W, C); counts only where {@code known}
 * @param known BOOL (B, H, W), true where the pixel is given
 */
public record PixelCanvas(Tensor labels, Tensor values, Tensor known) {

    /** Checks types and shapes. */
    public PixelCanvas {
        Check.dtype("PixelCanvas: labels", DType.INT32, labels);
        Check.dtype("PixelCanvas: values", DType.INT32, values);
        Check.dtype("PixelCanvas: known", DType.BOOL, known);
        Check.rank("PixelCanvas: values", 4, "(B, H, W, C)", values);
        Check.shape(
                known.shape().equals(values.shape().drop(3)),
                "PixelCanvas: known must have shape %s, got %s",
                values.shape().drop(3),
                known.shape());
        Check.shape(
                labels.shape().equals(Shape.of(values.dim(0))),
                "PixelCanvas: labels must have shape (%d), got %s",
                values.dim(0),
                labels.shape());
    }

    /** Returns empty images, one for each label. */
    public static PixelCanvas blank(PixelCnn.Grid grid, int... labels) {
        Tensor values = Tensor.full(0, DType.INT32, grid.batch(labels.length));
        return upper(values, 0, labels);
    }

    /**
     * Returns images of which the first rows are given.
     *
     * @param values INT32 (B, H, W, C)
     * @param rows how many rows stay, in [0, H]
     */
    public static PixelCanvas upper(Tensor values, int rows, int... labels) {
        Check.rank("PixelCanvas: values", 4, "(B, H, W, C)", values);
        Check.that(
                rows >= 0 && rows < values.dim(1),
                "PixelCanvas: rows that stay must lie in [0, %d), got %d",
                values.dim(1),
                rows);
        Shape flags = values.shape().drop(3);
        int each = values.dim(1) * values.dim(2);
        boolean[] known = new boolean[Math.toIntExact(flags.size())];
        for (int i = 0; i < known.length; i++) {
            known[i] = i % each < rows * values.dim(2);
        }
        return new PixelCanvas(Tensor.of(labels, labels.length), values, Tensor.of(known, flags.dims()));
    }

    /** Returns the number of images. */
    public int images() {
        return values.dim(0);
    }

    /** Returns whether each pixel is given, in the order of {@code values}. */
    boolean[] given() {
        float[] flags = known.to(DType.FLOAT32).toFloats();
        boolean[] given = new boolean[flags.length];
        for (int i = 0; i < given.length; i++) {
            given[i] = flags[i] != 0;
        }
        return given;
    }
}
