package org.atelier4j.tensor.kernel;

/** Laws of random fills. */
public enum Distribution {
    /** Uniform on [0, 1): multiples of 2⁻²⁴ (FLOAT32) or 2⁻⁵³ (FLOAT64). */
    UNIFORM,
    /** Normal with mean 0 and variance 1, by Box and Muller 1958. */
    NORMAL,
    /** All bits random, for INT32. */
    BITS
}
