package org.atelier4j.tensor.kernel;

import java.util.Locale;

/** A function of two numbers, applied to every pair of elements. */
public enum Binary {
    /** {@code a + b}. */
    ADD,
    /** {@code a − b}. */
    SUB,
    /** {@code a · b}. */
    MUL,
    /** {@code a / b}; integers towards zero. */
    DIV,
    /** {@code aᵇ}. */
    POW,
    /** The larger one, NaN if either is. */
    MAX,
    /** The smaller one, NaN if either is. */
    MIN,
    /** {@code a == b}. */
    EQUAL,
    /** {@code a < b}. */
    LESS,
    /** {@code a ≤ b}. */
    LESS_EQUAL;

    private final String word = name().toLowerCase(Locale.ROOT);

    /** Returns the name as messages have it, in small letters. */
    public String word() {
        return word;
    }

    /** Returns whether the result is BOOL. */
    public boolean isComparison() {
        return this == EQUAL || this == LESS || this == LESS_EQUAL;
    }

    /** Returns the function's value; comparisons give 0 or 1. */
    public double value(double a, double b) {
        return switch (this) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case POW -> Math.pow(a, b);
            case MAX -> Math.max(a, b);
            case MIN -> Math.min(a, b);
            case EQUAL -> a == b ? 1 : 0;
            case LESS -> a < b ? 1 : 0;
            case LESS_EQUAL -> a <= b ? 1 : 0;
        };
    }
}
