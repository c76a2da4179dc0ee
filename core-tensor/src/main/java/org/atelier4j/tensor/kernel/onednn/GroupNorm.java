package org.atelier4j.tensor.kernel.onednn;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Norm;
import org.atelier4j.tensor.kernel.Parallel;
import org.atelier4j.tensor.kernel.Scratch;
import org.atelier4j.tensor.kernel.Unary;
import org.bytedeco.javacpp.FloatPointer;
import org.jspecify.annotations.Nullable;

/**
 * Group normalization of channels-last FLOAT32 memory with an optional SiLU, forward and backward in two passes over an
 * image that stays in the core's cache between them. oneDNN's own backward pass is 100 times slower.
 *
 * <p>An image (N, C) is cut into chunks of positions; a chunk is copied tile by tile into Java arrays, where loops over
 * whole tiles become vector instructions. Coefficients per channel are repeated to the length of a tile. Sums run in
 * float within a chunk (of differences from a pivot, so that large means do not cancel) and in double across chunks, in
 * an order that depends on the shape only.
 */
final class GroupNorm {
    /** Numbers per chunk: two arrays of them fit into a core's second-level cache. */
    private static final int CHUNK = 1 << 16;

    /** Numbers per tile: eight arrays of them fit into the first-level cache. */
    private static final int TILE = 1 << 10;

    private static final Unary SILU = Unary.of(Unary.Function.SILU);

    private final Norm norm;
    private final int batch;
    private final int positions;
    private final int channels;
    private final int tile;
    private final int chunkRows;
    private final int chunks;
    private final int affineStep;

    /**
     * Plans the loops for a call.
     *
     * @param gamma (C), or (B, C), or null; beta has the same shape
     */
    GroupNorm(Norm norm, Tensor x, @Nullable Tensor gamma) {
        this.norm = norm;
        this.batch = x.dim(0);
        this.positions = x.dim(1);
        this.channels = x.dim(2);
        int rows = Math.max(1, TILE / channels);
        this.tile = rows * channels;
        this.chunkRows = Math.max(1, CHUNK / tile) * rows;
        this.chunks = (positions + chunkRows - 1) / chunkRows;
        this.affineStep = gamma != null && gamma.rank() == 2 ? channels : 0;
    }

    /** Returns whether these loops pay for the shape: many positions of not too many channels. */
    static boolean suits(Norm norm, Tensor x) {
        return x.dim(1) >= 4 && x.dim(2) <= Parallel.TILE && x.size() > 0;
    }

    // --- forward ----------------------------------------------------------------------------------------------------

    void forward(Tensor x, @Nullable Tensor gamma, @Nullable Tensor beta, Tensor out, Tensor mean, Tensor rstd) {
        float[] g = lasting(0, gamma, 1);
        float[] b = lasting(1, beta, 0);
        FloatBuffer source = Memory.floats(x);
        float[] means = lasting(2, batch * norm.groups());
        float[] rstds = lasting(3, batch * norm.groups());
        float[] scale = lasting(4, batch * channels);
        float[] shift = lasting(5, batch * channels);
        double[] sums = Scratch.doubles(Scratch.CALL, batch * chunks * 2 * channels);
        overImages(
                (n, c) -> moments(source, n, c, sums),
                n -> {
                    statistics(source, n, sums, means, rstds);
                    for (int i = 0; i < channels; i++) {
                        int group = n * norm.groups() + i / (channels / norm.groups());
                        float factor = g[n * affineStep + i] * rstds[group];
                        scale[n * channels + i] = factor;
                        shift[n * channels + i] = b[n * affineStep + i] - factor * means[group];
                    }
                },
                (n, c) -> affine(x, out, n, c, scale, shift));
        Memory.floats(mean).put(0, means, 0, batch * norm.groups());
        Memory.floats(rstd).put(0, rstds, 0, batch * norm.groups());
    }

    /** Sums of {@code x − pivot} and its square per channel over a chunk. */
    private void moments(FloatBuffer x, int n, int chunk, double[] sums) {
        float[] pivot = pivot(x, n, Scratch.floats(1, tile));
        float[] s = cleared(Scratch.floats(2, tile));
        float[] q = cleared(Scratch.floats(3, tile));
        float[] t = Scratch.floats(0, tile);
        for (int row = chunk * chunkRows; row < end(chunk); ) {
            int length = load(x, n, row, end(chunk), t);
            accumulate(t, pivot, s, q, length);
            row += length / channels;
        }
        fold(s, q, sums, (n * chunks + chunk) * 2 * channels);
    }

    private static void accumulate(float[] t, float[] pivot, float[] s, float[] q, int n) {
        for (int i = 0; i < n; i++) {
            float d = t[i] - pivot[i];
            s[i] += d;
            q[i] += d * d;
        }
    }

    /** Joins the channels of a group: {@code M₂ = Σ (q − s²/N) + N Σ (mean_c − mean)²} (Chan et al. 1979). */
    private void statistics(FloatBuffer x, int n, double[] sums, float[] means, float[] rstds) {
        float[] pivot = pivot(x, n, Scratch.floats(1, tile));
        int size = channels / norm.groups();
        for (int group = 0; group < norm.groups(); group++) {
            double mean = 0;
            double square = 0;
            double inner = 0;
            for (int i = group * size; i < (group + 1) * size; i++) {
                double s = total(sums, n, 0, i);
                double m = pivot[i] + s / positions;
                mean += m / size;
                square += m * m / size;
                inner += Math.max(0, total(sums, n, channels, i) - s * s / positions);
            }
            double outer = 0;
            for (int i = group * size; i < (group + 1) * size; i++) {
                double m = pivot[i] + total(sums, n, 0, i) / positions;
                outer += (m - mean) * (m - mean);
            }
            double variance = inner / ((double) positions * size) + (norm.centered() ? outer / size : square);
            means[n * norm.groups() + group] = norm.centered() ? (float) mean : 0;
            rstds[n * norm.groups() + group] = (float) (1 / Math.sqrt(variance + norm.eps()));
        }
    }

    private double total(double[] sums, int n, int which, int channel) {
        double sum = 0;
        for (int c = 0; c < chunks; c++) {
            sum += sums[(n * chunks + c) * 2 * channels + which + channel];
        }
        return sum;
    }

    /** {@code y = act(x·scale + shift)} over a chunk; oneDNN's SiLU runs on this thread alone. */
    private void affine(Tensor x, Tensor y, int n, int chunk, float[] scale, float[] shift) {
        affine(Memory.floats(x), Memory.floats(y), n, chunk, scale, shift);
        if (norm.silu()) {
            long at = Memory.address(y) + Float.BYTES * (long) first(n, chunk);
            Elementwise.unary(SILU, count(chunk), at, at);
        }
    }

    private void affine(FloatBuffer x, FloatBuffer y, int n, int chunk, float[] scale, float[] shift) {
        float[] a = repeated(scale, n * channels, Scratch.floats(1, tile));
        float[] b = repeated(shift, n * channels, Scratch.floats(2, tile));
        float[] t = Scratch.floats(0, tile);
        for (int row = chunk * chunkRows; row < end(chunk); ) {
            int length = load(x, n, row, end(chunk), t);
            multiplyAdd(t, a, b, length);
            y.put((n * positions + row) * channels, t, 0, length);
            row += length / channels;
        }
    }

    private static void multiplyAdd(float[] t, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            t[i] = t[i] * a[i] + b[i];
        }
    }

    // --- backward ---------------------------------------------------------------------------------------------------

    /** What a backward pass works on; dx holds g between its two passes. */
    private record Saved(Tensor x, Tensor dy, Tensor dx, float[] gamma, float[] beta, float[] mean, float[] rstd) {}

    /**
     * With {@code g = dy·act'}, per channel {@code S = Σ g} and {@code T = Σ g (x − μ)}: {@code dβ = S}, {@code dγ = rstd·T}
     * and {@code dx = P g + Q (x − μ) + R}, where {@code P = rstd γ}, {@code Q = −rstd³ Σ γT / M}, {@code R = −rstd Σ γS / M}.
     */
    void backward(
            Tensor x,
            @Nullable Tensor gamma,
            @Nullable Tensor beta,
            Tensor mean,
            Tensor rstd,
            Tensor dy,
            Tensor dx,
            @Nullable Tensor dGamma,
            @Nullable Tensor dBeta) {
        Saved saved = new Saved(
                x, dy, dx, lasting(0, gamma, 1), lasting(1, beta, 0), lasting(2, mean, 0), lasting(3, rstd, 0));
        double[] sums = Scratch.doubles(Scratch.CALL, batch * chunks * 2 * channels);
        float[] p = lasting(4, batch * channels);
        float[] q = lasting(5, batch * channels);
        float[] r = lasting(6, batch * channels);
        overImages(
                (n, c) -> products(saved, n, c, sums),
                n -> coefficients(saved, n, sums, p, q, r),
                (n, c) -> combine(saved, n, c, p, q, r));
        if (dGamma != null) {
            parameterGradient(sums, channels, saved.rstd(), dGamma);
        }
        if (dBeta != null) {
            parameterGradient(sums, 0, null, dBeta);
        }
    }

    /** Sums g and {@code g (x − μ)} per channel over a chunk; where an activation follows, g is written to dx. */
    private void products(Saved saved, int n, int chunk, double[] sums) {
        FloatBuffer gradient = Memory.floats(norm.silu() ? throughSilu(saved, n, chunk) : saved.dy());
        FloatBuffer x = Memory.floats(saved.x());
        float[] mu = perChannel(saved.mean(), n, Scratch.floats(1, tile));
        float[] s = cleared(Scratch.floats(2, tile));
        float[] q = cleared(Scratch.floats(3, tile));
        float[] t = Scratch.floats(0, tile);
        float[] g = Scratch.floats(4, tile);
        for (int row = chunk * chunkRows; row < end(chunk); ) {
            int length = load(x, n, row, end(chunk), t);
            load(gradient, n, row, end(chunk), g);
            subtract(t, mu, length);
            accumulateProducts(t, g, s, q, length);
            row += length / channels;
        }
        fold(s, q, sums, (n * chunks + chunk) * 2 * channels);
    }

    /** Computes {@code z = x̂ γ + β} again and writes {@code g = dy·SiLU'(z)} to dx, which it returns. */
    private Tensor throughSilu(Saved saved, int n, int chunk) {
        float[] scale = Scratch.floats(6, channels);
        float[] shift = Scratch.floats(7, channels);
        for (int i = 0; i < channels; i++) {
            int group = n * norm.groups() + i / (channels / norm.groups());
            scale[i] = saved.gamma()[n * affineStep + i] * saved.rstd()[group];
            shift[i] = saved.beta()[n * affineStep + i] - scale[i] * saved.mean()[group];
        }
        Chunk z = Chunk.LOCAL.get().of(count(chunk));
        float[] a = repeated(scale, 0, Scratch.floats(1, tile));
        float[] b = repeated(shift, 0, Scratch.floats(2, tile));
        float[] t = Scratch.floats(0, tile);
        FloatBuffer x = Memory.floats(saved.x());
        for (int row = chunk * chunkRows; row < end(chunk); ) {
            int length = load(x, n, row, end(chunk), t);
            multiplyAdd(t, a, b, length);
            z.floats.put((row - chunk * chunkRows) * channels, t, 0, length);
            row += length / channels;
        }
        long at = Float.BYTES * (long) first(n, chunk);
        Elementwise.unaryBackward(
                SILU, count(chunk), z.address, Memory.address(saved.dy()) + at, Memory.address(saved.dx()) + at);
        return saved.dx();
    }

    /** One thread's memory for the numbers of a chunk. */
    private static final class Chunk {
        private static final ThreadLocal<Chunk> LOCAL = ThreadLocal.withInitial(Chunk::new);

        private FloatPointer memory = new FloatPointer(CHUNK);
        private FloatBuffer floats = memory.asBuffer();
        private long address = memory.address();

        Chunk of(int count) {
            if (count > memory.capacity()) {
                memory = new FloatPointer(count);
                floats = memory.asBuffer();
                address = memory.address();
            }
            return this;
        }
    }

    private static void subtract(float[] t, float[] mu, int n) {
        for (int i = 0; i < n; i++) {
            t[i] -= mu[i];
        }
    }

    private static void accumulateProducts(float[] t, float[] g, float[] s, float[] q, int n) {
        for (int i = 0; i < n; i++) {
            float v = g[i];
            s[i] += v;
            q[i] += v * t[i];
        }
    }

    private void coefficients(Saved saved, int n, double[] sums, float[] p, float[] q, float[] r) {
        int size = channels / norm.groups();
        double count = (double) positions * size;
        for (int group = 0; group < norm.groups(); group++) {
            double s = 0;
            double t = 0;
            for (int i = group * size; i < (group + 1) * size; i++) {
                s += saved.gamma()[n * affineStep + i] * total(sums, n, 0, i);
                t += saved.gamma()[n * affineStep + i] * total(sums, n, channels, i);
            }
            double rstd = saved.rstd()[n * norm.groups() + group];
            for (int i = group * size; i < (group + 1) * size; i++) {
                p[n * channels + i] = (float) (rstd * saved.gamma()[n * affineStep + i]);
                q[n * channels + i] = (float) (-rstd * rstd * rstd * t / count);
                r[n * channels + i] = norm.centered() ? (float) (-rstd * s / count) : 0;
            }
        }
    }

    /** {@code dx = P g + Q (x − μ) + R} over a chunk. */
    private void combine(Saved saved, int n, int chunk, float[] p, float[] q, float[] r) {
        FloatBuffer x = Memory.floats(saved.x());
        FloatBuffer dx = Memory.floats(saved.dx());
        FloatBuffer gradient = norm.silu() ? dx : Memory.floats(saved.dy());
        float[] t = Scratch.floats(0, tile);
        float[] g = Scratch.floats(4, tile);
        float[] mu = perChannel(saved.mean(), n, Scratch.floats(1, tile));
        float[] pp = repeated(p, n * channels, Scratch.floats(2, tile));
        float[] qq = repeated(q, n * channels, Scratch.floats(3, tile));
        float[] rr = repeated(r, n * channels, Scratch.floats(5, tile));
        for (int i = 0; i < tile; i++) {
            rr[i] -= qq[i] * mu[i];
        }
        for (int row = chunk * chunkRows; row < end(chunk); ) {
            int length = load(x, n, row, end(chunk), t);
            load(gradient, n, row, end(chunk), g);
            combine(t, g, pp, qq, rr, length);
            dx.put((n * positions + row) * channels, t, 0, length);
            row += length / channels;
        }
    }

    private static void combine(float[] t, float[] g, float[] p, float[] q, float[] r, int n) {
        for (int i = 0; i < n; i++) {
            t[i] = p[i] * g[i] + q[i] * t[i] + r[i];
        }
    }

    /** Writes the gradient of gamma or beta: per image as it is, or summed over images. */
    private void parameterGradient(double[] sums, int which, float @Nullable [] factor, Tensor into) {
        int length = affineStep == 0 ? channels : batch * channels;
        double[] gradient = Scratch.doubles(Scratch.CALL + 1, length);
        Arrays.fill(gradient, 0, length, 0);
        int size = channels / norm.groups();
        for (int n = 0; n < batch; n++) {
            for (int i = 0; i < channels; i++) {
                double f = factor == null ? 1 : factor[n * norm.groups() + i / size];
                gradient[n * affineStep + i] += f * total(sums, n, which, i);
            }
        }
        FloatBuffer rounded = Memory.floats(into);
        for (int i = 0; i < length; i++) {
            rounded.put(i, (float) gradient[i]);
        }
    }

    // --- images, chunks and tiles -----------------------------------------------------------------------------------

    private interface ChunkBody {
        void run(int n, int chunk);
    }

    private interface ImageBody {
        void run(int n);
    }

    /** Runs first, then middle, then second for each image: by images where there are enough of them, else by chunks. */
    private void overImages(ChunkBody first, ImageBody middle, ChunkBody second) {
        if (batch >= 2 * Parallel.threads() || chunks == 1) {
            int grain = Math.max(1, CHUNK / Math.max(1, positions * channels));
            Parallel.forRange(batch, grain, (from, to) -> {
                for (int n = from; n < to; n++) {
                    for (int c = 0; c < chunks; c++) {
                        first.run(n, c);
                    }
                    middle.run(n);
                    for (int c = 0; c < chunks; c++) {
                        second.run(n, c);
                    }
                }
            });
            return;
        }
        for (int image = 0; image < batch; image++) {
            int n = image;
            Parallel.forRange(chunks, 1, (from, to) -> first.run(n, from));
            middle.run(n);
            Parallel.forRange(chunks, 1, (from, to) -> second.run(n, from));
        }
    }

    private int end(int chunk) {
        return Math.min(positions, (chunk + 1) * chunkRows);
    }

    /** Copies whole rows from {@code row} on, at most a tile, and returns how many numbers. */
    private int load(FloatBuffer x, int n, int row, int end, float[] t) {
        int length = Math.min(tile, (end - row) * channels);
        x.get((n * positions + row) * channels, t, 0, length);
        return length;
    }

    /** Returns the index of a chunk's first number. */
    private int first(int n, int chunk) {
        return (n * positions + chunk * chunkRows) * channels;
    }

    /** Returns how many numbers a chunk has. */
    private int count(int chunk) {
        return (end(chunk) - chunk * chunkRows) * channels;
    }

    private float[] pivot(FloatBuffer x, int n, float[] into) {
        x.get(n * positions * channels, into, 0, channels);
        return repeat(into);
    }

    private float[] perChannel(float[] groups, int n, float[] into) {
        int size = channels / norm.groups();
        for (int i = 0; i < channels; i++) {
            into[i] = groups[n * norm.groups() + i / size];
        }
        return repeat(into);
    }

    private float[] repeated(float[] values, int from, float[] into) {
        System.arraycopy(values, from, into, 0, channels);
        return repeat(into);
    }

    private float[] repeat(float[] row) {
        for (int at = channels; at < tile; at += channels) {
            System.arraycopy(row, 0, row, at, channels);
        }
        return row;
    }

    private float[] cleared(float[] a) {
        Arrays.fill(a, 0, tile, 0);
        return a;
    }

    private void fold(float[] s, float[] q, double[] sums, int at) {
        Arrays.fill(sums, at, at + 2 * channels, 0);
        for (int row = 0; row < tile; row += channels) {
            for (int i = 0; i < channels; i++) {
                sums[at + i] += s[row + i];
                sums[at + channels + i] += q[row + i];
            }
        }
    }

    /** Returns an array of this call, of at least n floats. */
    private static float[] lasting(int slot, int n) {
        return Scratch.floats(Scratch.CALL + slot, n);
    }

    /** Returns a tensor's values, or one value for each channel, in an array of this call. */
    private float[] lasting(int slot, @Nullable Tensor values, float otherwise) {
        if (values == null) {
            float[] all = lasting(slot, channels);
            Arrays.fill(all, 0, channels, otherwise);
            return all;
        }
        int n = Math.toIntExact(values.size());
        float[] all = lasting(slot, n);
        Memory.floats(values).get(0, all, 0, n);
        return all;
    }
}
