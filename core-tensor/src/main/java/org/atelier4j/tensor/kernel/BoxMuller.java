package org.atelier4j.tensor.kernel;

/**
 * Two normal numbers from two uniform ones (Box, Muller 1958): {@code √(−2 log u)·(cos 2πv, sin 2πv)}.
 *
 * <p>The FLOAT32 form is written so that any processor computes the same bits: additions, multiplications and one square
 * root of IEEE 754 floats in a fixed order, never fused, and polynomials for logarithm, sine and cosine (Moshier 1989,
 * Cephes: {@code logf}, {@code sinf}, {@code cosf}), each within 2 ulp of the true value.
 */
public final class BoxMuller {
    private static final float SQRT_HALF = 0.70710677f;

    private BoxMuller() {}

    /**
     * Writes two normal numbers.
     *
     * @param a 32 random bits; the upper 31, centered, give {@code u} in (0, 1], so the tails reach 6.66
     * @param b 32 random bits, the angle in steps of 2π/2³²
     * @param at index of the first of the two in {@code out}
     */
    public static void transform(int a, int b, float[] out, int at) {
        float u = (a >>> 1) * 0x1p-31f + 0x1p-32f;
        float radius = (float) Math.sqrt(-2f * log(u));
        int quadrant = b + 0x20000000 >>> 30;
        int rest = b - (quadrant << 30); // in [−2²⁹, 2²⁹): an eighth of a turn to both sides of the quadrant's axis
        float angle = rest * 0x1p-30f * 1.5707964f;
        float s = sin(angle);
        float c = cos(angle);
        float x = (quadrant & 1) == 0 ? c : s;
        float y = (quadrant & 1) == 0 ? s : c;
        out[at] = radius * ((quadrant + 1 & 2) == 0 ? x : -x);
        out[at + 1] = radius * ((quadrant & 2) == 0 ? y : -y);
    }

    /**
     * Writes two normal numbers in double precision.
     *
     * @param u uniform on [0, 1), turned into (0, 1] inside
     * @param v uniform on [0, 1)
     * @param at index of the first of the two in {@code out}
     */
    public static void transform(double u, double v, double[] out, int at) {
        double radius = Math.sqrt(-2 * StrictMath.log(1 - u));
        double angle = 2 * Math.PI * v;
        out[at] = radius * StrictMath.cos(angle);
        out[at + 1] = radius * StrictMath.sin(angle);
    }

    /** Returns {@code log u} for normal u &gt; 0: {@code e·log 2 + log m} with m in [√½, √2). */
    static float log(float u) {
        int bits = Float.floatToRawIntBits(u);
        int exponent = (bits >>> 23) - 126;
        float m = Float.intBitsToFloat(bits & 0x7fffff | 0x3f000000); // in [½, 1)
        boolean low = m < SQRT_HALF;
        float e = low ? exponent - 1 : exponent;
        float x = low ? m + m - 1f : m - 1f;
        float z = x * x;
        float p = 7.0376836292e-2f;
        p = p * x - 1.1514610310e-1f;
        p = p * x + 1.1676998740e-1f;
        p = p * x - 1.2420140846e-1f;
        p = p * x + 1.4249322787e-1f;
        p = p * x - 1.6668057665e-1f;
        p = p * x + 2.0000714765e-1f;
        p = p * x - 2.4999993993e-1f;
        p = p * x + 3.3333331174e-1f;
        float y = x * z * p;
        y = y + e * -2.12194440e-4f; // log 2 is 0.693359375 less this
        y = y - 0.5f * z;
        return x + y + e * 0.693359375f;
    }

    /** Returns the sine of an angle in [−π/4, π/4]. */
    static float sin(float x) {
        float z = x * x;
        float p = -1.9515295891e-4f;
        p = p * z + 8.3321608736e-3f;
        p = p * z - 1.6666654611e-1f;
        return p * z * x + x;
    }

    /** Returns the cosine of an angle in [−π/4, π/4]. */
    static float cos(float x) {
        float z = x * x;
        float p = 2.443315711809948e-5f;
        p = p * z - 1.388731625493765e-3f;
        p = p * z + 4.166664568298827e-2f;
        return p * z * z - 0.5f * z + 1f;
    }
}
