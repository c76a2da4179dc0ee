package org.atelier4j.tensor.kernel.onednn;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.kernel.DecodingKernels;
import org.atelier4j.tensor.kernel.Parallel;
import org.atelier4j.tensor.kernel.Scratch;

/**
 * {@linkplain DecodingKernels Attention of one token to a cache}, FLOAT32: each thread reads the keys, and then the values, of
 * some sequences and heads once. oneDNN takes half a microsecond to begin each of these products, longer than the loops here
 * take for all of one.
 *
 * <p>Eight sums at a time, in variables: each number of the query, or each weight, is loaded once for eight products, and the
 * processor need not wait for one sum to begin the next. C2 makes no vector instructions of loops this short.
 */
final class Decoding {
    private static final int BLOCK = 8;

    private final FloatBuffer q;
    private final FloatBuffer keys;
    private final FloatBuffer values;
    private final int heads; // B·H
    private final int capacity;
    private final int d;
    private final int e;
    private final int length;
    private final int grain;

    /** Describes q (B, H, 1, D), keys (B, H, capacity, D) and values (B, H, capacity, E), of which {@code length} are there. */
    Decoding(Tensor q, Tensor keys, Tensor values, int length) {
        this.q = Memory.floats(q);
        this.keys = Memory.floats(keys);
        this.values = Memory.floats(values);
        this.heads = q.dim(0) * q.dim(1);
        this.capacity = keys.dim(2);
        this.d = keys.dim(3);
        this.e = values.dim(3);
        this.length = length;
        this.grain = Math.max(1, Parallel.GRAIN / (length * (d + e)));
    }

    /** Computes y (B, H, 1, E). */
    void run(double scale, Tensor y) {
        try (TensorScope scope = TensorScope.open()) {
            // as long as the cache whatever is in it, so that one softmax is compiled and not one for each length
            Tensor scores = Tensor.empty(Shape.of(heads, capacity), y.dtype(), y.device());
            Tensor weights = Tensor.empty(scores.shape(), y.dtype(), y.device());
            scores((float) scale, Memory.floats(scores));
            y.device().kernels().softmax(false, scores, weights);
            sums(Memory.floats(weights), Memory.floats(y));
        }
    }

    /** Computes {@code scale·q·kᵀ}, −∞ where nothing is. */
    private void scores(float scale, FloatBuffer into) {
        Parallel.forRange(heads, grain, (from, to) -> {
            float[] query = Scratch.floats(0, d);
            float[] key = Scratch.floats(1, length * d);
            float[] s = Scratch.floats(2, capacity);
            Arrays.fill(s, length, capacity, Float.NEGATIVE_INFINITY);
            for (int i = from; i < to; i++) {
                q.get(i * d, query, 0, d);
                keys.get(i * capacity * d, key, 0, length * d);
                products(query, key, scale, s);
                into.put(i * capacity, s, 0, capacity);
            }
        });
    }

    /** Computes the products of one query with its keys. */
    private void products(float[] query, float[] key, float scale, float[] s) {
        int j = 0;
        for (; j + BLOCK <= length; j += BLOCK) {
            eightProducts(query, key, j * d, scale, s, j);
        }
        for (; j < length; j++) {
            s[j] = scale * product(query, key, j * d);
        }
    }

    private void eightProducts(float[] query, float[] key, int at, float scale, float[] s, int j) {
        int n = d;
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        float s4 = 0;
        float s5 = 0;
        float s6 = 0;
        float s7 = 0;
        for (int c = 0; c < n; c++) {
            float x = query[c];
            s0 = Math.fma(x, key[at + c], s0);
            s1 = Math.fma(x, key[at + n + c], s1);
            s2 = Math.fma(x, key[at + 2 * n + c], s2);
            s3 = Math.fma(x, key[at + 3 * n + c], s3);
            s4 = Math.fma(x, key[at + 4 * n + c], s4);
            s5 = Math.fma(x, key[at + 5 * n + c], s5);
            s6 = Math.fma(x, key[at + 6 * n + c], s6);
            s7 = Math.fma(x, key[at + 7 * n + c], s7);
        }
        s[j] = scale * s0;
        s[j + 1] = scale * s1;
        s[j + 2] = scale * s2;
        s[j + 3] = scale * s3;
        s[j + 4] = scale * s4;
        s[j + 5] = scale * s5;
        s[j + 6] = scale * s6;
        s[j + 7] = scale * s7;
    }

    private float product(float[] query, float[] key, int at) {
        float sum = 0;
        for (int c = 0; c < d; c++) {
            sum = Math.fma(query[c], key[at + c], sum);
        }
        return sum;
    }

    /** Computes {@code p·v}. */
    private void sums(FloatBuffer p, FloatBuffer y) {
        Parallel.forRange(heads, grain, (from, to) -> {
            float[] weight = Scratch.floats(0, length);
            float[] value = Scratch.floats(1, length * e);
            float[] sum = Scratch.floats(2, e);
            for (int i = from; i < to; i++) {
                p.get(i * capacity, weight, 0, length);
                values.get(i * capacity * e, value, 0, length * e);
                int c = 0;
                for (; c + BLOCK <= e; c += BLOCK) {
                    eightSums(weight, value, c, sum);
                }
                for (; c < e; c++) {
                    sum[c] = sum(weight, value, c);
                }
                y.put(i * e, sum, 0, e);
            }
        });
    }

    private void eightSums(float[] weight, float[] value, int c, float[] sum) {
        int n = length;
        int step = e;
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        float s4 = 0;
        float s5 = 0;
        float s6 = 0;
        float s7 = 0;
        for (int j = 0, at = c; j < n; j++, at += step) {
            float w = weight[j];
            s0 = Math.fma(w, value[at], s0);
            s1 = Math.fma(w, value[at + 1], s1);
            s2 = Math.fma(w, value[at + 2], s2);
            s3 = Math.fma(w, value[at + 3], s3);
            s4 = Math.fma(w, value[at + 4], s4);
            s5 = Math.fma(w, value[at + 5], s5);
            s6 = Math.fma(w, value[at + 6], s6);
            s7 = Math.fma(w, value[at + 7], s7);
        }
        sum[c] = s0;
        sum[c + 1] = s1;
        sum[c + 2] = s2;
        sum[c + 3] = s3;
        sum[c + 4] = s4;
        sum[c + 5] = s5;
        sum[c + 6] = s6;
        sum[c + 7] = s7;
    }

    private float sum(float[] weight, float[] value, int c) {
        float s = 0;
        for (int j = 0; j < length; j++) {
            s = Math.fma(weight[j], value[j * e + c], s);
        }
        return s;
    }
}
