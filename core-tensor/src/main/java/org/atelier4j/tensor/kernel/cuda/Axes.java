package org.atelier4j.tensor.kernel.cuda;

import java.util.ArrayList;
import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;

/**
 * A walk over several operands at once: sizes, and for each operand the distance between neighbours. Axes of length 1 are
 * dropped and axes that all operands walk through without a gap are joined, so that kernels divide as little as possible.
 */
final class Axes {
    private static final int MOST = 8;

    /** How many numbers {@link #struct} has. */
    static final int FIELDS = 1 + 2 * MOST;

    private final List<Long> sizes = new ArrayList<>();
    private final List<long[]> steps = new ArrayList<>();
    private final int operands;

    private Axes(int operands) {
        this.operands = operands;
    }

    /**
     * Makes the walk.
     *
     * @param size length of each axis; the product must be below 2³¹
     * @param strides for each operand one step per axis, 0 where it repeats
     */
    static Axes of(long[] size, long[]... strides) {
        Axes axes = new Axes(strides.length);
        long count = 1;
        for (int a = 0; a < size.length; a++) {
            count *= size[a];
            if (size[a] != 1) {
                long[] step = new long[strides.length];
                for (int o = 0; o < strides.length; o++) {
                    step[o] = strides[o][a];
                }
                axes.append(size[a], step);
            }
        }
        Check.that(count <= Integer.MAX_VALUE, "CUDA: a tensor must have fewer than 2^31 elements, got %d", count);
        Check.that(axes.rank() <= MOST, "CUDA: at most %d axes can be walked through, got %d", MOST, axes.rank());
        return axes;
    }

    /** Returns the steps of a tensor that is broadcast to a shape. */
    static long[] broadcast(Shape operand, Shape result) {
        long[] own = operand.strides();
        long[] steps = new long[result.rank()];
        int shift = result.rank() - operand.rank();
        for (int a = 0; a < operand.rank(); a++) {
            steps[shift + a] = operand.dim(a) == 1 ? 0 : own[a];
        }
        return steps;
    }

    /** Returns the lengths of a shape's axes. */
    static long[] sizes(Shape shape) {
        long[] sizes = new long[shape.rank()];
        for (int a = 0; a < sizes.length; a++) {
            sizes[a] = shape.dim(a);
        }
        return sizes;
    }

    private void append(long size, long[] step) {
        int last = sizes.size() - 1;
        boolean joins = last >= 0;
        for (int o = 0; joins && o < operands; o++) {
            joins = steps.get(last)[o] == step[o] * size;
        }
        if (joins) {
            sizes.set(last, sizes.get(last) * size);
            steps.set(last, step);
        } else {
            sizes.add(size);
            steps.add(step);
        }
    }

    int rank() {
        return sizes.size();
    }

    long size(int axis) {
        return sizes.get(axis);
    }

    long step(int axis, int operand) {
        return steps.get(axis)[operand];
    }

    /** Returns the struct {@code Axes} of the kernels for one operand. */
    long[] struct(int operand) {
        long[] fields = new long[FIELDS];
        fields[0] = rank();
        for (int a = 0; a < rank(); a++) {
            fields[1 + a] = size(a);
            fields[1 + MOST + a] = step(a, operand);
        }
        return fields;
    }
}
