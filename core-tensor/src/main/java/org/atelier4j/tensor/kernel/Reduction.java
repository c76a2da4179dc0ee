package org.atelier4j.tensor.kernel;

import java.util.Locale;

/** How many numbers become one. */
public enum Reduction {
    /** Sum; 0 of nothing. */
    SUM,
    /** Arithmetic mean; NaN of nothing. */
    MEAN,
    /** Product; 1 of nothing. */
    PROD,
    /** Largest, NaN if any is; −∞ of nothing. */
    MAX,
    /** Smallest, NaN if any is; +∞ of nothing. */
    MIN;

    private final String word = name().toLowerCase(Locale.ROOT);

    /** Returns the name as messages have it, in small letters. */
    public String word() {
        return word;
    }
}
