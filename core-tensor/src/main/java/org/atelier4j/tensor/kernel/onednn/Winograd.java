package org.atelier4j.tensor.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_matmul_primitive_desc_create;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.HostStorage;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.kernel.Epilogue;
import org.atelier4j.tensor.kernel.Parallel;
import org.atelier4j.tensor.kernel.Scratch;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.javacpp.FloatPointer;
import org.jspecify.annotations.Nullable;

/**
 * 3×3 convolutions by minimal filtering, F(2×2, 3×3) of Lavin, Gray 2015 (arXiv:1509.09308), section 4.1: an output tile of
 * 2×2 pixels takes 16 products where the direct sum takes 36.
 *
 * <p>{@code Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A}: input tiles d of 4×4 pixels, overlapping by two, become 16 matrices (tiles, C);
 * each is multiplied by a matrix (C, O) of transformed weights; the 16 products (tiles, O) become output tiles. The
 * transforms are sums of whole rows of pixels, channels and all, so they run as long vector loops. A band of tile rows is
 * transformed, multiplied and transformed back on one thread while it is in that core's cache.
 *
 * <p>The adjoint in the input is the same with the kernel turned by 180° and its channel axes exchanged. Both sets of
 * transformed weights lie beside the parameter and are renewed when it was assigned.
 */
final class Winograd {
    /** Set to false, this system property leaves all convolutions to oneDNN's direct code. */
    static final String PROPERTY = "atelier.winograd";

    private static final boolean ENABLED = !"false".equals(System.getProperty(PROPERTY));

    private static final int MATMUL = 900;

    /** Numbers in a band's transformed input or output: half of a core's second-level cache each. */
    private static final int BAND = 1 << 17;

    /**
     * From which {@code C·O/(C + O)} on the products that are saved outweigh the transforms: measured, 64 × 64 channels break
     * even, 128 × 128 gain a factor of 1.4.
     */
    private static final int PAYS = 40;

    private final int height;
    private final int width;
    private final int in;
    private final int out;
    private final int tilesX;
    private final int tilesY;
    private final int rows;
    private final int bandRows;
    private final boolean turned;

    /**
     * Plans a call.
     *
     * @param x (B, H, W, C), what is transformed
     * @param out channels of the result
     * @param turned whether it is the adjoint
     */
    private Winograd(Tensor x, int out, boolean turned) {
        this.height = x.dim(1);
        this.width = x.dim(2);
        this.in = x.dim(3);
        this.out = out;
        this.turned = turned;
        this.tilesX = (width + 1) / 2;
        this.tilesY = (height + 1) / 2;
        this.rows = x.dim(0) * tilesY;
        int share = (rows + Parallel.threads() - 1) / Parallel.threads();
        this.bandRows = Math.max(1, Math.min(share, BAND / (16 * tilesX * Math.max(in, out))));
    }

    /** Returns whether the transforms pay: 3×3, stride 1, padding 1, FLOAT32 and enough channels on both sides. */
    static boolean suits(Convolution conv, Tensor x, Tensor weight) {
        return ENABLED
                && x.dtype() == DType.FLOAT32
                && x.rank() == 4
                && conv.groups() == 1
                && weight.dim(2) == 3
                && weight.dim(3) == 3
                && all(conv.stride().dims(), 1)
                && all(conv.padding().dims(), 1)
                && all(conv.dilation().dims(), 1)
                && weight.dim(0) * weight.dim(1) >= PAYS * (weight.dim(0) + weight.dim(1))
                && x.dim(1) >= 4
                && x.dim(2) >= 4;
    }

    private static boolean all(int[] values, int wanted) {
        for (int v : values) {
            if (v != wanted) {
                return false;
            }
        }
        return true;
    }

    /** Runs {@code y = conv(x, weight) (+ bias) (+ residual)}. */
    static void forward(Tensor x, Tensor weight, Epilogue epilogue, Tensor y) {
        new Winograd(x, weight.dim(0), false).run(x, weight, epilogue.bias(), epilogue.residual(), y);
    }

    /** Runs the adjoint in x. */
    static void backwardInput(Tensor dy, Tensor weight, Tensor dx) {
        new Winograd(dy, weight.dim(1), true).run(dy, weight, null, null, dx);
    }

    private void run(Tensor x, Tensor weight, @Nullable Tensor bias, @Nullable Tensor residual, Tensor y) {
        long bytes = 16L * in * out * Float.BYTES;
        long u = turned
                ? Packed.address(weight, bytes, "winograd turned", (w, into) -> transformWeight(w, into, true))
                : Packed.address(weight, bytes, "winograd", (w, into) -> transformWeight(w, into, false));
        float[] shift = bias == null ? null : repeated(bias.toFloats(), width);
        int bands = (rows + bandRows - 1) / bandRows;
        Parallel.forRange(bands, 1, (from, to) -> {
            int first = from * bandRows;
            int count = Math.min(bandRows, rows - first);
            Band band = Band.LOCAL.get().of(16 * count * tilesX * in, 16 * count * tilesX * out);
            FloatBuffer source = Memory.floats(x);
            for (int i = 0; i < count; i++) {
                transformInput(source, first + i, band.input, i * tilesX, count * tilesX);
            }
            multiply(count * tilesX, band.inputAddress, u, band.outputAddress);
            FloatBuffer target = Memory.floats(y);
            @Nullable FloatBuffer added = residual == null ? null : Memory.floats(residual);
            for (int i = 0; i < count; i++) {
                transformOutput(band.output, i * tilesX, count * tilesX, shift, added, target, first + i);
            }
        });
    }

    // --- weights ----------------------------------------------------------------------------------------------------

    /** Writes {@code G g Gᵀ} for each pair of channels as 16 matrices (C, O), of the turned kernel (O, C). */
    private static void transformWeight(Tensor weight, Tensor memory, boolean turned) {
        FloatBuffer into = ((HostStorage) memory.storage()).bytes().asFloatBuffer();
        FloatBuffer w = Memory.floats(weight);
        int outer = weight.dim(turned ? 0 : 1);
        int inner = weight.dim(turned ? 1 : 0);
        int channels = weight.dim(1);
        Parallel.forRange(outer, Math.max(1, 4096 / inner), (from, to) -> {
            float[] t = Scratch.floats(0, 16 * inner);
            for (int j = from; j < to; j++) {
                for (int i = 0; i < inner; i++) {
                    int kernel = turned ? j * channels + i : i * channels + j;
                    transformKernel(w, 9 * kernel + (turned ? 8 : 0), turned ? -1 : 1, t, i, inner);
                }
                for (int k = 0; k < 16; k++) {
                    into.put((k * outer + j) * inner, t, k * inner, inner);
                }
            }
        });
    }

    /**
     * One kernel of 3×3 taps, {@code tap} apart from {@code at} on, becomes 4×4 numbers at {@code t[k·step + i]}; G has
     * rows 100, ½½½, ½−½½, 001.
     */
    private static void transformKernel(FloatBuffer w, int at, int tap, float[] t, int i, int step) {
        for (int column = 0; column < 3; column++) {
            float a = w.get(at + tap * column);
            float b = w.get(at + tap * (3 + column));
            float c = w.get(at + tap * (6 + column));
            float even = 0.5f * (a + c);
            float odd = 0.5f * b;
            t[column * step + i] = a;
            t[(4 + column) * step + i] = even + odd;
            t[(8 + column) * step + i] = even - odd;
            t[(12 + column) * step + i] = c;
        }
        for (int row = 0; row < 16; row += 4) {
            float c = t[(row + 2) * step + i];
            float even = 0.5f * (t[row * step + i] + c);
            float odd = 0.5f * t[(row + 1) * step + i];
            t[(row + 1) * step + i] = even + odd;
            t[(row + 2) * step + i] = even - odd;
            t[(row + 3) * step + i] = c;
        }
    }

    // --- input ------------------------------------------------------------------------------------------------------

    /** Writes {@code Bᵀ d B} of one row of tiles; Bᵀ has rows 10−10, 0110, 0−110, 010−1. */
    private void transformInput(FloatBuffer x, int tileRow, FloatBuffer v, int firstTile, int tiles) {
        int image = tileRow / tilesY;
        int top = 2 * (tileRow % tilesY) - 1;
        int line = 2 * tilesX * in;
        float[] r0 = load(x, image, top, Scratch.floats(0, line), line);
        float[] r1 = load(x, image, top + 1, Scratch.floats(1, line), line);
        float[] r2 = load(x, image, top + 2, Scratch.floats(2, line), line);
        float[] r3 = load(x, image, top + 3, Scratch.floats(3, line), line);
        float[] t = Scratch.floats(4, line);
        subtract(r0, 0, r2, 0, t, line);
        transformColumns(t, 0, v, firstTile, tiles);
        add(r1, r2, t, line);
        transformColumns(t, 4, v, firstTile, tiles);
        subtract(r2, 0, r1, 0, t, line);
        transformColumns(t, 8, v, firstTile, tiles);
        subtract(r1, 0, r3, 0, t, line);
        transformColumns(t, 12, v, firstTile, tiles);
    }

    private float[] load(FloatBuffer x, int image, int row, float[] into, int line) {
        if (row < 0 || row >= height) {
            Arrays.fill(into, 0, line, 0);
            return into;
        }
        x.get((image * height + row) * width * in, into, 0, width * in);
        Arrays.fill(into, width * in, line, 0);
        return into;
    }

    /** Pixels in pairs (even, odd): a tile sees the odd one before, its own two, and the even one after. */
    private void transformColumns(float[] t, int k, FloatBuffer v, int firstTile, int tiles) {
        int n = tilesX * in;
        float[] even = Scratch.floats(5, n + in);
        float[] odd = Scratch.floats(6, n + in);
        float[] s = Scratch.floats(7, n);
        Arrays.fill(odd, 0, in, 0);
        Arrays.fill(even, n, n + in, 0);
        for (int i = 0; i < tilesX; i++) {
            System.arraycopy(t, 2 * i * in, even, i * in, in);
            System.arraycopy(t, (2 * i + 1) * in, odd, (i + 1) * in, in);
        }
        subtract(odd, 0, odd, in, s, n);
        v.put(at(k, tiles, firstTile), s, 0, n);
        add(even, 0, odd, in, s, n);
        v.put(at(k + 1, tiles, firstTile), s, 0, n);
        subtract(odd, in, even, 0, s, n);
        v.put(at(k + 2, tiles, firstTile), s, 0, n);
        subtract(even, 0, even, in, s, n);
        v.put(at(k + 3, tiles, firstTile), s, 0, n);
    }

    private int at(int k, int tiles, int firstTile) {
        return (k * tiles + firstTile) * in;
    }

    // --- product ----------------------------------------------------------------------------------------------------

    private void multiply(int tiles, long v, long u, long m) {
        Primitive p = Primitives.get(Primitives.key(MATMUL).add(tiles).add(in).add(out), () -> {
            dnnl_primitive_desc desc = new dnnl_primitive_desc();
            OneDnn.check(
                    "matmul",
                    dnnl_matmul_primitive_desc_create(
                            desc,
                            OneDnn.ENGINE,
                            OneDnn.dense(dnnl_f32, 16, tiles, in),
                            OneDnn.dense(dnnl_f32, 16, in, out),
                            null,
                            OneDnn.dense(dnnl_f32, 16, tiles, out),
                            OneDnn.plain()));
            return new Primitive(desc, DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST);
        });
        p.run(v, u, m);
    }

    // --- output -----------------------------------------------------------------------------------------------------

    /** Writes {@code Aᵀ m A} of one row of tiles; Aᵀ has rows 1110, 01−1−1. */
    private void transformOutput(
            FloatBuffer m,
            int firstTile,
            int tiles,
            float @Nullable [] shift,
            @Nullable FloatBuffer residual,
            FloatBuffer y,
            int tileRow) {
        int n = tilesX * out;
        float[] evenTop = Scratch.floats(4, n);
        float[] oddTop = Scratch.floats(5, n);
        float[] evenLow = Scratch.floats(6, n);
        float[] oddLow = Scratch.floats(7, n);
        for (int k = 0; k < 4; k++) {
            float[] m0 = product(m, 4 * k, firstTile, tiles, Scratch.floats(0, n));
            float[] m1 = product(m, 4 * k + 1, firstTile, tiles, Scratch.floats(1, n));
            float[] m2 = product(m, 4 * k + 2, firstTile, tiles, Scratch.floats(2, n));
            float[] m3 = product(m, 4 * k + 3, firstTile, tiles, Scratch.floats(3, n));
            switch (k) {
                case 0 -> columns(m0, m1, m2, m3, evenTop, oddTop, n);
                case 1 -> {
                    columns(m0, m1, m2, m3, evenLow, oddLow, n);
                    accumulate(evenTop, evenLow, n);
                    accumulate(oddTop, oddLow, n);
                }
                case 2 -> addAndSubtract(m0, m1, m2, m3, evenTop, oddTop, evenLow, oddLow, n);
                default -> subtractColumns(m0, m1, m2, m3, evenLow, oddLow, n);
            }
        }
        int image = tileRow / tilesY;
        int row = 2 * (tileRow % tilesY);
        store(evenTop, oddTop, shift, residual, y, image, row);
        if (row + 1 < height) {
            store(evenLow, oddLow, shift, residual, y, image, row + 1);
        }
    }

    private float[] product(FloatBuffer m, int k, int firstTile, int tiles, float[] into) {
        m.get((k * tiles + firstTile) * out, into, 0, tilesX * out);
        return into;
    }

    private void store(
            float[] even,
            float[] odd,
            float @Nullable [] shift,
            @Nullable FloatBuffer residual,
            FloatBuffer y,
            int image,
            int row) {
        int line = width * out;
        float[] pixels = Scratch.floats(0, 2 * tilesX * out);
        for (int i = 0; i < tilesX; i++) {
            System.arraycopy(even, i * out, pixels, 2 * i * out, out);
            System.arraycopy(odd, i * out, pixels, (2 * i + 1) * out, out);
        }
        if (shift != null) {
            accumulate(pixels, shift, line);
        }
        int at = (image * height + row) * line;
        if (residual != null) {
            float[] other = Scratch.floats(1, line);
            residual.get(at, other, 0, line);
            accumulate(pixels, other, line);
        }
        y.put(at, pixels, 0, line);
    }

    // --- loops over rows of pixels ----------------------------------------------------------------------------------

    private static void add(float[] a, float[] b, float[] t, int n) {
        for (int i = 0; i < n; i++) {
            t[i] = a[i] + b[i];
        }
    }

    private static void add(float[] a, int atA, float[] b, int atB, float[] t, int n) {
        for (int i = 0; i < n; i++) {
            t[i] = a[atA + i] + b[atB + i];
        }
    }

    private static void subtract(float[] a, int atA, float[] b, int atB, float[] t, int n) {
        for (int i = 0; i < n; i++) {
            t[i] = a[atA + i] - b[atB + i];
        }
    }

    private static void accumulate(float[] t, float[] a, int n) {
        for (int i = 0; i < n; i++) {
            t[i] += a[i];
        }
    }

    private static void columns(float[] m0, float[] m1, float[] m2, float[] m3, float[] even, float[] odd, int n) {
        for (int i = 0; i < n; i++) {
            even[i] = m0[i] + m1[i] + m2[i];
            odd[i] = m1[i] - m2[i] - m3[i];
        }
    }

    private static void addAndSubtract(
            float[] m0, float[] m1, float[] m2, float[] m3, float[] e0, float[] o0, float[] e1, float[] o1, int n) {
        for (int i = 0; i < n; i++) {
            float even = m0[i] + m1[i] + m2[i];
            float odd = m1[i] - m2[i] - m3[i];
            e0[i] += even;
            o0[i] += odd;
            e1[i] -= even;
            o1[i] -= odd;
        }
    }

    private static void subtractColumns(float[] m0, float[] m1, float[] m2, float[] m3, float[] e, float[] o, int n) {
        for (int i = 0; i < n; i++) {
            e[i] -= m0[i] + m1[i] + m2[i];
            o[i] -= m1[i] - m2[i] - m3[i];
        }
    }

    private static float[] repeated(float[] values, int times) {
        float[] all = new float[values.length * times];
        for (int i = 0; i < times; i++) {
            System.arraycopy(values, 0, all, i * values.length, values.length);
        }
        return all;
    }

    /** One thread's transformed input and output. */
    private static final class Band {
        private static final ThreadLocal<Band> LOCAL = ThreadLocal.withInitial(Band::new);

        private FloatPointer inputMemory = new FloatPointer(16);
        private FloatPointer outputMemory = new FloatPointer(16);
        private FloatBuffer input = inputMemory.asBuffer();
        private FloatBuffer output = outputMemory.asBuffer();
        private long inputAddress;
        private long outputAddress;

        Band of(int inputs, int outputs) {
            if (inputs > input.capacity()) {
                inputMemory = new FloatPointer(inputs + 16);
                input = inputMemory.asBuffer();
            }
            if (outputs > output.capacity()) {
                outputMemory = new FloatPointer(outputs + 16);
                output = outputMemory.asBuffer();
            }
            inputAddress = inputMemory.address();
            outputAddress = outputMemory.address();
            return this;
        }
    }
}
