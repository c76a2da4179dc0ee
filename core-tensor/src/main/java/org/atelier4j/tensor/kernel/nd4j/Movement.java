package org.atelier4j.tensor.kernel.nd4j;

import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Elements;
import org.atelier4j.tensor.kernel.Parallel;
import org.atelier4j.tensor.kernel.Scratch;
import org.atelier4j.tensor.kernel.StridedCopy;
import org.atelier4j.tensor.kernel.StridedCopy.Strides;

/** Conversion, filling and strided copies. */
final class Movement {
    /** From so many bytes on, one call for a run is faster than a loop over its elements. */
    private static final int RUN = 48;

    private Movement() {}

    static void convert(Tensor x, Tensor out) {
        Elements from = Elements.of(x);
        Elements to = Elements.of(out);
        if (x.dtype() == out.dtype()) {
            Parallel.forTiles(from.size(), (lo, hi) -> to.copy(lo, from, lo, hi - lo));
        } else if (narrow(x.dtype()) && narrow(out.dtype())) {
            Parallel.forTiles(from.size(), (lo, hi) -> {
                float[] tile = Scratch.floats(0, hi - lo);
                from.get(lo, hi - lo, tile, 0);
                to.put(lo, hi - lo, tile, 0);
            });
        } else if (x.dtype().isFloating()) {
            Parallel.forTiles(from.size(), (lo, hi) -> {
                double[] tile = Scratch.doubles(0, hi - lo);
                from.get(lo, hi - lo, tile, 0);
                to.put(lo, hi - lo, tile, 0);
            });
        } else {
            Parallel.forTiles(from.size(), (lo, hi) -> {
                long[] tile = Scratch.longs(0, hi - lo);
                from.get(lo, hi - lo, tile, 0);
                to.put(lo, hi - lo, tile, 0);
            });
        }
    }

    private static boolean narrow(DType dtype) {
        return dtype == DType.FLOAT32 || dtype == DType.BFLOAT16;
    }

    static void fill(double value, Tensor out) {
        Elements to = Elements.of(out);
        int n = Math.min(to.size(), Parallel.TILE);
        if (n == 0) {
            return;
        }
        double[] tile = Scratch.doubles(0, n);
        java.util.Arrays.fill(tile, 0, n, value);
        to.put(0, n, tile, 0);
        Parallel.forRange(to.size(), Parallel.GRAIN, (lo, hi) -> {
            for (int at = Math.max(lo, n); at < hi; at += n) {
                to.copy(at, to, 0, Math.min(n, hi - at));
            }
        });
    }

    static void copy(StridedCopy copy, Tensor x, Tensor out) {
        if (copy.size().size() == 0) {
            return;
        }
        new Region(copy, Elements.of(x), Elements.of(out)).run();
    }

    /**
     * A strided copy without axes of length 1 and with neighbouring axes joined where both sides allow it. The last axis
     * is the inner loop; if one side is contiguous along another axis, these two are copied in blocks that fit the cache.
     */
    private static final class Region {
        private static final int BLOCK = 16;

        private final Elements from;
        private final Elements to;
        private final int width;
        private final int[] size;
        private final int[] source;
        private final int[] target;
        private final int rank;
        private final int sourceFirst;
        private final int targetFirst;

        Region(StridedCopy copy, Elements from, Elements to) {
            this.from = from;
            this.to = to;
            this.width = from.dtype().bytes();
            Strides s = copy.source();
            Strides t = copy.target();
            int n = copy.size().rank();
            size = new int[Math.max(1, n)];
            source = new int[size.length];
            target = new int[size.length];
            int r = 0;
            for (int i = 0; i < n; i++) {
                int length = copy.size().dim(i);
                if (length == 1) {
                    continue;
                }
                boolean joins = r > 0 && source[r - 1] == s.step(i) * length && target[r - 1] == t.step(i) * length;
                int at = joins ? r - 1 : r++;
                size[at] = joins ? size[at] * length : length;
                source[at] = Math.toIntExact(s.step(i));
                target[at] = Math.toIntExact(t.step(i));
            }
            if (r == 0) {
                size[r] = 1;
                r = 1;
            }
            rank = r;
            sourceFirst = from.byteIndex(Math.toIntExact(s.offset()));
            targetFirst = to.byteIndex(Math.toIntExact(t.offset()));
        }

        void run() {
            int inner = rank - 1;
            int across = contiguousAxis();
            boolean blocked = width == 4 && source[inner] != 0 && across >= 0 && across != inner;
            int rows = 1;
            for (int i = 0; i < inner; i++) {
                rows *= i == across && blocked ? 1 : size[i];
            }
            if (blocked) {
                int strips = (size[across] - 1) / BLOCK + 1;
                int grain = Math.max(1, Parallel.GRAIN / (BLOCK * size[inner]));
                Parallel.forRange(rows * strips, grain, (lo, hi) -> blocks(lo, hi, strips, across));
            } else if (inner == 0 && source[0] == 1 && target[0] == 1) {
                Parallel.forRange(size[0], Parallel.GRAIN, (lo, hi) -> run(lo, lo, hi - lo));
            } else {
                int grain = Math.max(1, Parallel.GRAIN / size[inner]);
                Parallel.forRange(rows, grain, this::rows);
            }
            from.fence();
            to.fence();
        }

        private void run(int sourceAt, int targetAt, int n) {
            to.bytes().put(targetFirst + targetAt * width, from.bytes(), sourceFirst + sourceAt * width, n * width);
        }

        /** The axis along which the source is contiguous while the target is not; −1 if there is none. */
        private int contiguousAxis() {
            for (int i = 0; i < rank; i++) {
                if (source[i] == 1 && target[i] != 1) {
                    return i;
                }
            }
            return -1;
        }

        /** Copies rows of the last axis; a row's number counts the axes before it. */
        private void rows(int lo, int hi) {
            int inner = rank - 1;
            int[] at = new int[rank];
            int rest = lo;
            for (int i = inner - 1; i >= 0; i--) {
                at[i] = rest % size[i];
                rest /= size[i];
            }
            int s = 0;
            int t = 0;
            for (int i = 0; i < inner; i++) {
                s += at[i] * source[i];
                t += at[i] * target[i];
            }
            for (int row = lo; row < hi; row++) {
                row(s, t, size[inner], source[inner], target[inner]);
                for (int i = inner - 1; i >= 0; i--) {
                    s += source[i];
                    t += target[i];
                    if (++at[i] < size[i]) {
                        break;
                    }
                    s -= size[i] * source[i];
                    t -= size[i] * target[i];
                    at[i] = 0;
                }
            }
        }

        private void row(int s, int t, int n, int sourceStep, int targetStep) {
            if (sourceStep == 1 && targetStep == 1 && n * width >= RUN) {
                run(s, t, n);
                return;
            }
            ByteBuffer in = from.bytes();
            ByteBuffer result = to.bytes();
            int i = sourceFirst + s * width;
            int j = targetFirst + t * width;
            int di = sourceStep * width;
            int dj = targetStep * width;
            switch (width) {
                case 1 -> {
                    for (int k = 0; k < n; k++) {
                        result.put(j + k * dj, in.get(i + k * di));
                    }
                }
                case 2 -> {
                    for (int k = 0; k < n; k++) {
                        result.putShort(j + k * dj, in.getShort(i + k * di));
                    }
                }
                case 4 -> {
                    for (int k = 0; k < n; k++) {
                        result.putInt(j + k * dj, in.getInt(i + k * di));
                    }
                }
                default -> {
                    for (int k = 0; k < n; k++) {
                        result.putLong(j + k * dj, in.getLong(i + k * di));
                    }
                }
            }
        }

        /** Copies strips: {@link #BLOCK} neighbours of axis {@code across} for the whole last axis, block by block. */
        private void blocks(int lo, int hi, int strips, int across) {
            int inner = rank - 1;
            IntBuffer in = from.bytes().asIntBuffer();
            IntBuffer result = to.bytes().asIntBuffer();
            for (int strip = lo; strip < hi; strip++) {
                int rest = strip / strips;
                int s = sourceFirst / 4;
                int t = targetFirst / 4;
                for (int i = inner - 1; i >= 0; i--) {
                    if (i != across) {
                        s += rest % size[i] * source[i];
                        t += rest % size[i] * target[i];
                        rest /= size[i];
                    }
                }
                int first = strip % strips * BLOCK;
                int last = Math.min(first + BLOCK, size[across]);
                for (int c = 0; c < size[inner]; c += BLOCK) {
                    int end = Math.min(c + BLOCK, size[inner]);
                    for (int r = first; r < last; r++) {
                        int i = s + r * source[across];
                        int j = t + r * target[across];
                        for (int k = c; k < end; k++) {
                            result.put(j + k * target[inner], in.get(i + k * source[inner]));
                        }
                    }
                }
            }
        }
    }
}
