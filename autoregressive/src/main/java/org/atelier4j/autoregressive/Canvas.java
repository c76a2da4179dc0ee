package org.atelier4j.autoregressive;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * What B grids shall become: their classes, and the codes that are given. The rest is for a prior to draw.
 *
 * @param labels INT32 (B), one class for each image, or the number of classes for none
 * @param codes INT32 (B, h, w); counts only where {@code known}
 * @param known BOOL (B, h, w), true where the code is given
 */
public record Canvas(Tensor labels, Tensor codes, Tensor known) {

    /** Checks types and shapes, and that each image leaves something to draw. */
    public Canvas {
        Check.dtype("Canvas: labels", DType.INT32, labels);
        Check.dtype("Canvas: codes", DType.INT32, codes);
        Check.dtype("Canvas: known", DType.BOOL, known);
        Check.rank("Canvas: codes", 3, "(B, h, w)", codes);
        Check.shape(
                known.shape().equals(codes.shape()),
                "Canvas: known must have the shape of the codes %s, got %s",
                codes.shape(),
                known.shape());
        Check.shape(
                labels.shape().equals(Shape.of(codes.dim(0))),
                "Canvas: labels must be (B) = [%d], got %s",
                codes.dim(0),
                labels.shape());
        boolean[] given = flags(known);
        int n = codes.dim(1) * codes.dim(2);
        for (int i = 0; i < codes.dim(0); i++) {
            int from = i * n;
            boolean all = true;
            for (int j = from; j < from + n; j++) {
                all &= given[j];
            }
            Check.that(!all, "Canvas: at least one code of each image must be left to draw, image %d has none", i);
        }
    }

    /** Returns empty grids {@code height × width}, one for each label. */
    public static Canvas blank(int height, int width, int... labels) {
        Shape shape = Shape.of(labels.length, height, width);
        return new Canvas(
                Tensor.of(labels, labels.length),
                Tensor.full(0, DType.INT32, shape),
                Tensor.of(new boolean[Math.toIntExact(shape.size())], shape.dims()));
    }

    /** Returns the number of images. */
    public int images() {
        return codes.dim(0);
    }

    /** Returns h. */
    public int height() {
        return codes.dim(1);
    }

    /** Returns w. */
    public int width() {
        return codes.dim(2);
    }

    /** Returns whether each code is given, in the order of {@code codes}. */
    public boolean[] given() {
        return flags(known);
    }

    /** Returns images {@code [first, first + count)}. */
    public Canvas slice(int first, int count) {
        return new Canvas(labels.slice(0, first, count), codes.slice(0, first, count), known.slice(0, first, count));
    }

    /**
     * Checks that classes and given codes exist, and returns this.
     *
     * @param who begins the message
     */
    public Canvas checked(String who, CodeSpace space) {
        space.checkedLabels(who, labels, images());
        int[] values = codes.toInts();
        boolean[] given = given();
        for (int i = 0; i < values.length; i++) {
            Check.that(
                    !given[i] || values[i] >= 0 && values[i] < space.size(),
                    "%s: given codes must lie in [0, %d), got %d",
                    who,
                    space.size(),
                    values[i]);
        }
        return this;
    }

    private static boolean[] flags(Tensor known) {
        float[] values = known.to(DType.FLOAT32).toFloats();
        boolean[] flags = new boolean[values.length];
        for (int i = 0; i < flags.length; i++) {
            flags[i] = values[i] != 0;
        }
        return flags;
    }
}
