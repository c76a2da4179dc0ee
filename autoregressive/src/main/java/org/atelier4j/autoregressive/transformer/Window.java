package org.atelier4j.autoregressive.transformer;

import org.atelier4j.autoregressive.CodeSpace;
import org.atelier4j.tensor.Tensor;

/**
 * The part of a larger grid that a prior sees when it draws one code (Esser et al. 2021, sec. 3.3, fig. 3): a rectangle of the
 * size it was trained on, with the code in its middle, or as near to that as the borders let it.
 *
 * @param top first row
 * @param left first column
 * @param height rows
 * @param width columns
 */
record Window(int top, int left, int height, int width) {

    /** Returns the window of place {@code (row, column)} in a grid {@code rows × columns}, neither smaller than the space's. */
    static Window around(int row, int column, int rows, int columns, CodeSpace space) {
        int top = Math.max(0, Math.min(row - space.height() / 2, rows - space.height()));
        int left = Math.max(0, Math.min(column - space.width() / 2, columns - space.width()));
        return new Window(top, left, space.height(), space.width());
    }

    /** Returns the number within the window, row by row, of a place of the grid. */
    int number(int row, int column) {
        return (row - top) * width + column - left;
    }

    /**
     * Returns the first {@code count} codes of the window, INT32 (B, count).
     *
     * @param codes (B, h, w) of the whole grid, image after image
     * @param images B
     * @param rows h
     * @param columns w
     */
    Tensor first(int count, int[] codes, int images, int rows, int columns) {
        int[] seen = new int[images * count];
        for (int i = 0; i < seen.length; i++) {
            int image = i / count;
            int row = top + i % count / width;
            int column = left + i % count % width;
            seen[i] = codes[(image * rows + row) * columns + column];
        }
        return Tensor.of(seen, images, count);
    }
}
