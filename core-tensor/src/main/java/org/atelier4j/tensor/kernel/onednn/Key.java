package org.atelier4j.tensor.kernel.onednn;

import java.util.Arrays;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/** What a primitive was compiled for: numbers in a row. One instance per thread is filled again and again for look-ups. */
final class Key {
    private long[] words = new long[48];
    private int length;

    /** Starts over with the number of an operation. */
    Key begin(int operation) {
        length = 0;
        return add(operation);
    }

    Key add(long word) {
        if (length == words.length) {
            words = Arrays.copyOf(words, 2 * length);
        }
        words[length++] = word;
        return this;
    }

    Key add(double value) {
        return add(Double.doubleToRawLongBits(value));
    }

    Key add(boolean flag) {
        return add(flag ? 1 : 0);
    }

    Key add(Shape shape) {
        int rank = shape.rank();
        add(rank);
        for (int i = 0; i < rank; i++) {
            add(shape.dim(i));
        }
        return this;
    }

    Key add(long[] values) {
        add(values.length);
        for (long v : values) {
            add(v);
        }
        return this;
    }

    Key add(Tensor x) {
        return add(x.dtype().ordinal()).add(x.shape());
    }

    Key copy() {
        Key key = new Key();
        key.words = Arrays.copyOf(words, length);
        key.length = length;
        return key;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Key k && length == k.length && Arrays.equals(words, 0, length, k.words, 0, length);
    }

    @Override
    public int hashCode() {
        int h = 1;
        for (int i = 0; i < length; i++) {
            h = 31 * h + (int) (words[i] ^ words[i] >>> 32) * 0x9E3779B9;
        }
        return h;
    }
}
