package org.atelier4j.tensor;

import java.util.Arrays;

/** The lengths of a tensor's axes, slowest first; immutable. A scalar has rank 0 and size 1. */
public final class Shape {
    private static final Shape SCALAR = new Shape(new int[0]);

    private final int[] dims;
    private final long size;

    private Shape(int[] dims) {
        this.dims = dims;
        long n = 1;
        for (int d : dims) {
            n *= d;
        }
        this.size = n;
    }

    /**
     * Returns the shape with the given axis lengths.
     *
     * @throws ShapeException if a length is negative
     */
    public static Shape of(int... dims) {
        for (int d : dims) {
            if (d < 0) {
                throw new ShapeException("Shape: lengths must be >= 0, got " + Arrays.toString(dims));
            }
        }
        return dims.length == 0 ? SCALAR : new Shape(dims.clone());
    }

    /** Returns the shape of rank 0. */
    public static Shape scalar() {
        return SCALAR;
    }

    /** Returns the number of axes. */
    public int rank() {
        return dims.length;
    }

    /** Returns the length of an axis; a negative one counts from the back. */
    public int dim(int axis) {
        return dims[Check.axis("Shape.dim", axis, this)];
    }

    /** Returns a copy of the axis lengths. */
    public int[] dims() {
        return dims.clone();
    }

    /** Returns the number of elements, the product of all lengths. */
    public long size() {
        return size;
    }

    /** Returns the product of the lengths of axes {@code from} (inclusive) to {@code to} (exclusive). */
    public long size(int from, int to) {
        long n = 1;
        for (int i = from; i < to; i++) {
            n *= dims[i];
        }
        return n;
    }

    /** Returns the distance in elements between neighbours along each axis of a contiguous tensor. */
    public long[] strides() {
        long[] strides = new long[dims.length];
        long step = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            strides[i] = step;
            step *= dims[i];
        }
        return strides;
    }

    /** Returns this shape with the length of one axis replaced. */
    public Shape with(int axis, int length) {
        int[] d = dims.clone();
        d[Check.axis("Shape.with", axis, this)] = length;
        return Shape.of(d);
    }

    /**
     * Returns this shape with one more axis of the given length.
     *
     * @param axis its place in the new shape, in {@code [-rank - 1, rank]}
     */
    public Shape insert(int axis, int length) {
        int rank = dims.length;
        Check.shape(
                axis >= -rank - 1 && axis <= rank,
                "insert: axis must lie in [%d, %d], got %d for shape %s",
                -rank - 1,
                rank,
                axis,
                this);
        int a = axis < 0 ? axis + rank + 1 : axis;
        int[] d = new int[rank + 1];
        System.arraycopy(dims, 0, d, 0, a);
        d[a] = length;
        System.arraycopy(dims, a, d, a + 1, dims.length - a);
        return Shape.of(d);
    }

    /** Returns this shape without one axis. */
    public Shape drop(int axis) {
        int a = Check.axis("Shape.drop", axis, this);
        int[] d = new int[dims.length - 1];
        System.arraycopy(dims, 0, d, 0, a);
        System.arraycopy(dims, a + 1, d, a, d.length - a);
        return Shape.of(d);
    }

    /**
     * Returns the shape to which {@code a} and {@code b} broadcast: aligned at the last axis, each pair of lengths equal
     * or one of them 1.
     *
     * @throws ShapeException if they do not
     */
    public static Shape broadcast(String op, Shape a, Shape b) {
        if (a.equals(b)) {
            return a;
        }
        int rank = Math.max(a.rank(), b.rank());
        int[] d = new int[rank];
        for (int i = 1; i <= rank; i++) {
            int x = i <= a.rank() ? a.dims[a.rank() - i] : 1;
            int y = i <= b.rank() ? b.dims[b.rank() - i] : 1;
            if (x != y && x != 1 && y != 1) {
                throw new ShapeException(
                        op + ": shapes must broadcast (equal lengths or 1, aligned at the last axis), got " + a
                                + " and " + b);
            }
            d[rank - i] = x == 1 ? y : x;
        }
        return Shape.of(d);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape s && Arrays.equals(dims, s.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    /** Returns the lengths in brackets, as {@code [64, 28, 28, 1]}. */
    @Override
    public String toString() {
        return Arrays.toString(dims);
    }
}
