package org.atelier4j.tensor;

/** Element type of a {@link Tensor}. */
public enum DType {
    /** IEEE 754 binary32, the default of all models. */
    FLOAT32(4, true),
    /** IEEE 754 binary64, for gradient checks and statistics. */
    FLOAT64(8, true),
    /** The upper 16 bits of a {@link #FLOAT32}, rounded to nearest even. */
    BFLOAT16(2, true),
    /** 32-bit signed integer: indices, labels, tokens. */
    INT32(4, false),
    /** 64-bit signed integer: found in published files. */
    INT64(8, false),
    /** Unsigned byte: image pixels. */
    UINT8(1, false),
    /** A byte that is 0 or 1: masks and comparisons. */
    BOOL(1, false);

    private final int bytes;
    private final boolean floating;

    DType(int bytes, boolean floating) {
        this.bytes = bytes;
        this.floating = floating;
    }

    /** Returns the size of one element in bytes. */
    public int bytes() {
        return bytes;
    }

    /** Returns whether elements are real numbers, so that gradients exist. */
    public boolean isFloating() {
        return floating;
    }

    /** Returns the bfloat16 bits nearest to {@code value}, ties to even; NaN stays NaN. */
    public static short toBfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if ((bits & 0x7fffffff) > 0x7f800000) {
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }

    /** Returns the exact value of the given bfloat16 bits. */
    public static float fromBfloat16(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }
}
