package org.atelier4j.tensor.kernel;

/**
 * Arrays that a thread uses again and again, so that loops leave no garbage. An array lives until the same slot of the
 * same kind is asked for again on the same thread; its contents are arbitrary. Large ones are not kept.
 *
 * <p>Slots 0 to 7 belong to loops over tiles, slots from {@link #CALL} to {@link #CALL} + 7 to a kernel call as a whole,
 * whose own thread runs such loops in between.
 */
public final class Scratch {
    /** The first of the slots for what lasts as long as a kernel call. */
    public static final int CALL = 8;

    /** The slot that {@link Elements} uses for conversions. */
    static final int CONVERSION = 16;

    private static final int SLOTS = 17;
    private static final int KEPT = 1 << 18;

    private static final ThreadLocal<Scratch> LOCAL = ThreadLocal.withInitial(Scratch::new);

    private final float[][] floats = new float[SLOTS][0];
    private final double[][] doubles = new double[SLOTS][0];
    private final long[][] longs = new long[SLOTS][0];
    private final int[][] ints = new int[SLOTS][0];
    private final short[][] shorts = new short[1][0];
    private final byte[][] bytes = new byte[1][0];

    private Scratch() {}

    /** Returns an array of at least n floats. */
    public static float[] floats(int slot, int n) {
        float[][] kept = LOCAL.get().floats;
        float[] array = kept[slot].length >= n ? kept[slot] : new float[size(n)];
        if (n <= KEPT) {
            kept[slot] = array;
        }
        return array;
    }

    /** Returns an array of at least n doubles. */
    public static double[] doubles(int slot, int n) {
        double[][] kept = LOCAL.get().doubles;
        double[] array = kept[slot].length >= n ? kept[slot] : new double[size(n)];
        if (n <= KEPT) {
            kept[slot] = array;
        }
        return array;
    }

    /** Returns an array of at least n longs. */
    public static long[] longs(int slot, int n) {
        long[][] kept = LOCAL.get().longs;
        long[] array = kept[slot].length >= n ? kept[slot] : new long[size(n)];
        if (n <= KEPT) {
            kept[slot] = array;
        }
        return array;
    }

    /** Returns an array of at least n ints. */
    public static int[] ints(int slot, int n) {
        int[][] kept = LOCAL.get().ints;
        int[] array = kept[slot].length >= n ? kept[slot] : new int[size(n)];
        if (n <= KEPT) {
            kept[slot] = array;
        }
        return array;
    }

    /** Returns an array of at least n shorts; for {@link Elements}. */
    static short[] shorts(int n) {
        short[][] kept = LOCAL.get().shorts;
        short[] array = kept[0].length >= n ? kept[0] : new short[size(n)];
        if (n <= KEPT) {
            kept[0] = array;
        }
        return array;
    }

    /** Returns an array of at least n bytes; for {@link Elements}. */
    static byte[] bytes(int n) {
        byte[][] kept = LOCAL.get().bytes;
        byte[] array = kept[0].length >= n ? kept[0] : new byte[size(n)];
        if (n <= KEPT) {
            kept[0] = array;
        }
        return array;
    }

    private static int size(int n) {
        return Math.max(n, Parallel.TILE);
    }
}
