package org.atelier4j.tensor.kernel;

/**
 * The counter-based generator Philox-4×32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", sec.
 * 3.2): ten rounds of multiplication and exchange turn a 128-bit counter and a 64-bit key into 128 random bits.
 */
public final class Philox {
    /** Counter word that separates streams split by name from draws. */
    public static final long NAMED = 0x6e616d65L << 32;

    /** Counter word that separates streams split by number from draws. */
    public static final long NUMBERED = 0x6e756d62L << 32;

    private static final int MULTIPLIER_0 = 0xD2511F53;
    private static final int MULTIPLIER_1 = 0xCD9E8D57;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;

    private Philox() {}

    /**
     * Writes the four words of a block.
     *
     * @param low counter words 0 and 1
     * @param high counter words 2 and 3
     * @param out receives four words from {@code at} on
     */
    public static void block(long key, long low, long high, int[] out, int at) {
        int k0 = (int) key;
        int k1 = (int) (key >>> 32);
        int c0 = (int) low;
        int c1 = (int) (low >>> 32);
        int c2 = (int) high;
        int c3 = (int) (high >>> 32);
        for (int round = 0; round < 10; round++) {
            long p0 = (MULTIPLIER_0 & 0xffffffffL) * (c0 & 0xffffffffL);
            long p1 = (MULTIPLIER_1 & 0xffffffffL) * (c2 & 0xffffffffL);
            int n0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            int n2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c1 = (int) p1;
            c3 = (int) p0;
            c0 = n0;
            c2 = n2;
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        out[at] = c0;
        out[at + 1] = c1;
        out[at + 2] = c2;
        out[at + 3] = c3;
    }

    /** Returns 64 bits that depend on all three words: how keys of split streams are made. */
    public static long mix(long key, long low, long high) {
        int[] out = new int[4];
        block(key, low, high, out, 0);
        return out[0] & 0xffffffffL | (long) out[1] << 32;
    }
}
