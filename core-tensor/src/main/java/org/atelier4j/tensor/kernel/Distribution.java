package org.atelier4j.tensor.kernel;

/** Laws of random fills, and what they make of the 32-bit words of {@link Philox} blocks, in order. */
public enum Distribution {
    /**
     * Uniform on [0, 1): multiples of 2⁻²⁴ from the upper bits of one word (FLOAT32), of 2⁻⁵³ from two words, the second
     * one higher (FLOAT64). BFLOAT16 is FLOAT32 rounded, so it can be 1.
     */
    UNIFORM,
    /**
     * Normal with mean 0 and variance 1, by {@link BoxMuller}: two words give two FLOAT32 numbers, the same bits on every
     * processor; a block gives two FLOAT64 numbers. BFLOAT16 is FLOAT32 rounded.
     */
    NORMAL,
    /** All bits random, one word each, for INT32. */
    BITS
}
