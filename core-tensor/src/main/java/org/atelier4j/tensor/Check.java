package org.atelier4j.tensor;

import java.util.Locale;
import org.atelier4j.tensor.device.Device;
import org.jspecify.annotations.Nullable;

/** Preconditions at public doors: {@code <op or class>: <what must hold>, got <values>}. */
public final class Check {
    private Check() {}

    /**
     * Checks an argument.
     *
     * @param message a {@link String#format} pattern that says what must hold and what was given
     * @throws IllegalArgumentException if {@code condition} is false
     */
    @Contract("false, _, _ -> fail")
    public static void that(boolean condition, String message, @Nullable Object... values) {
        if (!condition) {
            throw new IllegalArgumentException(String.format(Locale.ROOT, message, values));
        }
    }

    /**
     * Checks a shape.
     *
     * @throws ShapeException if {@code condition} is false
     */
    @Contract("false, _, _ -> fail")
    public static void shape(boolean condition, String message, @Nullable Object... values) {
        if (!condition) {
            throw new ShapeException(String.format(Locale.ROOT, message, values));
        }
    }

    /**
     * Checks the order of calls.
     *
     * @throws IllegalStateException if {@code condition} is false
     */
    @Contract("false, _, _ -> fail")
    public static void state(boolean condition, String message, @Nullable Object... values) {
        if (!condition) {
            throw new IllegalStateException(String.format(Locale.ROOT, message, values));
        }
    }

    /**
     * Checks that integers that are to be indices lie in {@code [0, bound)}. Those on a card are not waited for: the kernels
     * that use them as indices find bad ones, and the exception comes when results are next read. Integers that no kernel
     * takes as indices go unchecked there.
     *
     * @param message a {@link String#format} pattern that says what must hold; what was given is added
     * @throws IllegalArgumentException if one does not
     */
    public static void indices(Tensor x, int bound, String message, @Nullable Object... values) {
        if (x.device() == Device.cpu()) {
            for (int index : x.toInts()) {
                if (index < 0 || index >= bound) {
                    throw new IllegalArgumentException(String.format(Locale.ROOT, message, values) + ", got " + index);
                }
            }
        }
    }

    /**
     * Returns {@code axis} counted from the front; a negative one counts from the back.
     *
     * @throws ShapeException if it lies outside {@code [-rank, rank)}
     */
    public static int axis(String op, int axis, Shape shape) {
        int rank = shape.rank();
        if (axis < -rank || axis >= rank) {
            throw new ShapeException(
                    op + ": axis must lie in [-" + rank + ", " + rank + "), got " + axis + " for shape " + shape);
        }
        return axis < 0 ? axis + rank : axis;
    }

    /**
     * Checks that a tensor has a rank.
     *
     * @param meaning the axes in words, as {@code (B, H, W, C)}
     * @throws ShapeException if it has another
     */
    public static void rank(String op, int rank, String meaning, Tensor x) {
        if (x.shape().rank() != rank) {
            throw new ShapeException(op + ": shape must be " + meaning + ", got " + x.shape());
        }
    }

    /**
     * Checks that a tensor has an element type.
     *
     * @throws IllegalArgumentException if it has another
     */
    public static void dtype(String op, DType dtype, Tensor x) {
        if (x.dtype() != dtype) {
            throw new IllegalArgumentException(
                    op + ": dtype must be " + dtype + ", got " + x.dtype() + " for shape " + x.shape());
        }
    }
}
