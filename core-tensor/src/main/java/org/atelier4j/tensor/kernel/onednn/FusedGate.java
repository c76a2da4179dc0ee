package org.atelier4j.tensor.kernel.onednn;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.GateKernels;
import org.atelier4j.tensor.kernel.Parallel;
import org.atelier4j.tensor.kernel.Scratch;
import org.jspecify.annotations.Nullable;

/**
 * The {@linkplain GateKernels gate} of FLOAT32, image by image and some rows at a time. Rows [a b] are parted into two long
 * arrays, one loop over which becomes vector instructions: a row's own two halves are too short for that.
 *
 * <p>tanh is a quotient of polynomials of degree 13 and 6 (those of the Eigen library), and {@code σ(b) = ½ + ½·tanh(b/2)},
 * because C2 knows no vector instruction for an exponential. The errors of both are below 5e-7, absolutely: a gate that is shut
 * lets 1e-7 through.
 */
final class FusedGate {
    /** Beyond it tanh is taken to be what it is here, 1 − 2.4e-7. */
    private static final float EDGE = 7.9f;

    private final FloatBuffer x;
    private final @Nullable FloatBuffer shift;
    private final int batch;
    private final int positions;
    private final int channels; // C
    private final int rows; // of a tile

    /** Describes x (B, N, 2C) and the shift (B, 2C). */
    FusedGate(Tensor x, @Nullable Tensor shift) {
        this.x = Memory.floats(x);
        this.shift = shift == null ? null : Memory.floats(shift);
        this.batch = x.dim(0);
        this.positions = x.dim(1);
        this.channels = x.dim(2) / 2;
        this.rows = Math.max(1, Parallel.TILE / (2 * channels));
    }

    /** Computes out (B, N, C). */
    void forward(Tensor out) {
        FloatBuffer y = Memory.floats(out);
        overImages(image -> {
            int tile = rows * channels;
            float[] s = shifts(image, 0, Scratch.floats(0, tile));
            float[] t = shifts(image, channels, Scratch.floats(1, tile));
            float[] a = Scratch.floats(2, tile);
            float[] b = Scratch.floats(3, tile);
            for (int row = 0; row < positions; row += rows) {
                int n = load(image, row, a, b) * channels;
                tanh(a, s, n);
                sigmoid(b, t, n);
                multiply(a, b, n);
                y.put((image * positions + row) * channels, a, 0, n);
            }
        });
    }

    /** Computes dx (B, N, 2C) and its sum over N, dShift (B, 2C), from dy (B, N, C). */
    void backward(Tensor dy, Tensor dx, @Nullable Tensor dShift) {
        FloatBuffer from = Memory.floats(dy);
        FloatBuffer to = Memory.floats(dx);
        @Nullable FloatBuffer sums = dShift == null ? null : Memory.floats(dShift);
        overImages(image -> {
            int tile = rows * channels;
            float[] s = shifts(image, 0, Scratch.floats(0, tile));
            float[] t = shifts(image, channels, Scratch.floats(1, tile));
            float[] a = Scratch.floats(2, tile);
            float[] b = Scratch.floats(3, tile);
            float[] d = Scratch.floats(4, tile);
            double[] total = Scratch.doubles(0, 2 * channels);
            Arrays.fill(total, 0, 2 * channels, 0);
            for (int row = 0; row < positions; row += rows) {
                int count = load(image, row, a, b);
                from.get((image * positions + row) * channels, d, 0, count * channels);
                tanh(a, s, count * channels);
                sigmoid(b, t, count * channels);
                slopes(a, b, d, count * channels);
                store(image, row, count, a, b, to);
                if (sums != null) {
                    accumulate(a, count, total, 0);
                    accumulate(b, count, total, channels);
                }
            }
            for (int i = 0; sums != null && i < 2 * channels; i++) {
                sums.put(image * 2 * channels + i, (float) total[i]);
            }
        });
    }

    private interface Body {
        void run(int image);
    }

    private void overImages(Body body) {
        int grain = Math.max(1, Parallel.GRAIN / Math.max(1, 2 * positions * channels));
        Parallel.forRange(batch, grain, (from, to) -> {
            for (int image = from; image < to; image++) {
                body.run(image);
            }
        });
    }

    /** Fills a tile with an image's shifts, from channel {@code first} on, row after row the same. */
    private float[] shifts(int image, int first, float[] into) {
        int tile = rows * channels;
        if (shift == null) {
            Arrays.fill(into, 0, tile, 0);
            return into;
        }
        shift.get(image * 2 * channels + first, into, 0, channels);
        for (int at = channels; at < tile; at += channels) {
            System.arraycopy(into, 0, into, at, channels);
        }
        return into;
    }

    /** Parts at most a tile of rows into their halves and returns how many rows. */
    private int load(int image, int row, float[] a, float[] b) {
        int count = Math.min(rows, positions - row);
        float[] both = Scratch.floats(5, 2 * rows * channels);
        x.get((image * positions + row) * 2 * channels, both, 0, 2 * count * channels);
        for (int i = 0; i < count; i++) {
            System.arraycopy(both, 2 * i * channels, a, i * channels, channels);
            System.arraycopy(both, (2 * i + 1) * channels, b, i * channels, channels);
        }
        return count;
    }

    private void store(int image, int row, int count, float[] a, float[] b, FloatBuffer to) {
        float[] both = Scratch.floats(5, 2 * rows * channels);
        for (int i = 0; i < count; i++) {
            System.arraycopy(a, i * channels, both, 2 * i * channels, channels);
            System.arraycopy(b, i * channels, both, (2 * i + 1) * channels, channels);
        }
        to.put((image * positions + row) * 2 * channels, both, 0, 2 * count * channels);
    }

    /** Adds the rows of a tile to a total: among themselves in float, few as they are, to the others in double. */
    private void accumulate(float[] a, int count, double[] total, int first) {
        float[] sum = Scratch.floats(6, channels);
        Arrays.fill(sum, 0, channels, 0);
        for (int row = 0; row < count; row++) {
            for (int i = 0; i < channels; i++) {
                sum[i] += a[row * channels + i];
            }
        }
        for (int i = 0; i < channels; i++) {
            total[first + i] += sum[i];
        }
    }

    // --- loops, each short enough for C2 to make vector instructions of it -------------------------------------------

    /** Sets {@code a ← tanh(a + s)}. */
    private static void tanh(float[] a, float[] s, int n) {
        for (int i = 0; i < n; i++) {
            a[i] = tanh(a[i] + s[i]);
        }
    }

    /** Sets {@code b ← σ(b + t)}. */
    private static void sigmoid(float[] b, float[] t, int n) {
        for (int i = 0; i < n; i++) {
            b[i] = 0.5f + 0.5f * tanh(0.5f * (b[i] + t[i]));
        }
    }

    private static void multiply(float[] u, float[] g, int n) {
        for (int i = 0; i < n; i++) {
            u[i] *= g[i];
        }
    }

    /** Replaces u and g, the two factors, by the gradients of what they are functions of. */
    private static void slopes(float[] u, float[] g, float[] d, int n) {
        for (int i = 0; i < n; i++) {
            float dg = d[i] * g[i];
            float db = dg * u[i] * (1 - g[i]);
            u[i] = dg * (1 - u[i] * u[i]);
            g[i] = db;
        }
    }

    private static float tanh(float z) {
        float v = Math.max(-EDGE, Math.min(EDGE, z));
        float q = v * v;
        float p = -2.76076847742355e-16f;
        p = p * q + 2.00018790482477e-13f;
        p = p * q - 8.60467152213735e-11f;
        p = p * q + 5.12229709037114e-08f;
        p = p * q + 1.48572235717979e-05f;
        p = p * q + 6.37261928875436e-04f;
        p = p * q + 4.89352455891786e-03f;
        float r = 1.19825839466702e-06f;
        r = r * q + 1.18534705686654e-04f;
        r = r * q + 2.26843463243900e-03f;
        r = r * q + 4.89352518554385e-03f;
        return v * p / r;
    }
}
