package org.atelier4j.tensor.kernel.nd4j;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.BoxMuller;
import org.atelier4j.tensor.kernel.Distribution;
import org.atelier4j.tensor.kernel.Elements;
import org.atelier4j.tensor.kernel.Parallel;
import org.atelier4j.tensor.kernel.Philox;
import org.atelier4j.tensor.kernel.Scratch;

/** Random fills. Block j of the fill has counter {@code position + j}; see {@link Distribution} for what is made of it. */
final class RandomFill {
    private RandomFill() {}

    static void fill(Distribution distribution, long key, long position, Tensor out) {
        DType dtype = out.dtype();
        boolean bits = distribution == Distribution.BITS;
        Check.that(
                bits ? dtype == DType.INT32 : dtype.isFloating(),
                "random: dtype must be %s for %s, got %s",
                bits ? "INT32" : "floating",
                distribution,
                dtype);
        Elements to = Elements.of(out);
        int perBlock = dtype == DType.FLOAT64 ? 2 : 4;
        Parallel.forTiles(to.size(), (lo, hi) -> {
            int n = hi - lo;
            int blocks = (n + perBlock - 1) / perBlock;
            int[] words = Scratch.ints(0, 4 * blocks);
            long first = position + lo / perBlock;
            for (int i = 0; i < blocks; i++) {
                Philox.block(key, first + i, 0, words, 4 * i);
            }
            if (bits) {
                to.put(lo, n, words, 0);
            } else if (dtype == DType.FLOAT64) {
                double[] values = Scratch.doubles(0, 2 * blocks);
                if (distribution == Distribution.UNIFORM) {
                    for (int i = 0; i < 2 * blocks; i++) {
                        values[i] = uniform(words, i);
                    }
                } else {
                    for (int i = 0; i < 2 * blocks; i += 2) {
                        BoxMuller.transform(uniform(words, i), uniform(words, i + 1), values, i);
                    }
                }
                to.put(lo, n, values, 0);
            } else {
                float[] values = Scratch.floats(0, 4 * blocks);
                if (distribution == Distribution.UNIFORM) {
                    for (int i = 0; i < 4 * blocks; i++) {
                        values[i] = (words[i] >>> 8) * 0x1p-24f;
                    }
                } else {
                    for (int i = 0; i < 4 * blocks; i += 2) {
                        BoxMuller.transform(words[i], words[i + 1], values, i);
                    }
                }
                to.put(lo, n, values, 0);
            }
        });
    }

    /** Returns number i of a sequence of doubles, made of two words each. */
    private static double uniform(int[] words, int i) {
        long bits = words[2 * i] & 0xffffffffL | (long) words[2 * i + 1] << 32;
        return (bits >>> 11) * 0x1p-53;
    }
}
