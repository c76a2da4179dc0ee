package org.atelier4j.autoregressive;

import org.atelier4j.model.CodeGrid;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;

/**
 * What a prior was made for: grids of {@code height × width} codes out of K, each of one of some classes.
 *
 * @param size K, the number of codes that there are
 * @param height h, rows of a grid
 * @param width w, columns of a grid
 * @param classes number of classes; label {@code classes} stands for "no class"
 */
public record CodeSpace(int size, int height, int width, int classes) {

    /** Checks the ranges. */
    public CodeSpace {
        Check.that(
                size >= 1 && height >= 1 && width >= 1 && classes >= 0,
                "CodeSpace: size, height and width must be >= 1 and classes >= 0, got %d, %d, %d and %d",
                size,
                height,
                width,
                classes);
    }

    /** Returns n = h·w, the length of a grid read row by row. */
    public int length() {
        return height * width;
    }

    /** Returns the label that says nothing about the class, ∅. */
    public int noClass() {
        return classes;
    }

    /**
     * Checks that grids are of this size and all their codes exist, and returns them.
     *
     * @param who begins the message
     */
    public CodeGrid checked(String who, CodeGrid grid) {
        Tensor codes = grid.codes();
        Check.that(grid.size() == size, "%s: grids must be over %d codes, got %d", who, size, grid.size());
        Check.shape(
                codes.dim(1) == height && codes.dim(2) == width,
                "%s: grids must be %d x %d codes, as trained, got %d x %d",
                who,
                height,
                width,
                codes.dim(1),
                codes.dim(2));
        Check.indices(codes, size, "%s: codes must lie in [0, %d)", who, size);
        return grid;
    }

    /**
     * Checks that there is one label for each image and each names a class, or none, and returns them.
     *
     * @param who begins the message
     */
    public Tensor checkedLabels(String who, Tensor labels, int images) {
        Check.dtype(who + ": labels", DType.INT32, labels);
        Check.shape(
                labels.rank() == 1 && labels.dim(0) == images,
                "%s: labels must be (B) = [%d], got %s",
                who,
                images,
                labels.shape());
        Check.indices(
                labels, classes + 1, "%s: labels must lie in [0, %d], where %d is no class", who, classes, classes);
        return labels;
    }
}
