package org.atelier4j.tensor.kernel.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_s32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_u8;

import java.util.Arrays;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.StridedCopy;
import org.jspecify.annotations.Nullable;

/** Strided copies and conversions between floating types, by oneDNN's reorder. */
final class Movement {
    private static final int COPY = 500;
    private static final int CONVERT = 501;

    /** Below this many elements a plain loop is as fast. */
    private static final int SMALL = 2048;

    private Movement() {}

    static boolean copy(StridedCopy copy, Tensor x, Tensor out) {
        if (copy.size().size() < SMALL || x.dtype().bytes() == 8) {
            return false;
        }
        Lines lines = Lines.of(copy);
        if (lines == null || lines.rank > 6) {
            return false;
        }
        int type = bits(x.dtype());
        Key key =
                Primitives.key(COPY).add(type).add(lines.dims).add(lines.source).add(lines.target);
        Primitive p = Primitives.find(
                key,
                () -> Primitive.reorder(
                        OneDnn.layout(type, lines.dims, lines.source), OneDnn.layout(type, lines.dims, lines.target)));
        if (p == null) {
            return false;
        }
        int bytes = x.dtype().bytes();
        p.run(
                Memory.address(x) + copy.source().offset() * bytes,
                Memory.address(out) + copy.target().offset() * bytes);
        return true;
    }

    static boolean convert(Tensor x, Tensor out) {
        boolean floats = isFloat(x.dtype()) && isFloat(out.dtype());
        if (!floats || x.size() < SMALL) {
            return false;
        }
        int from = OneDnn.type(x.dtype());
        int to = OneDnn.type(out.dtype());
        long n = x.size();
        Primitive p = Primitives.find(
                Primitives.key(CONVERT).add(from).add(to).add(n),
                () -> Primitive.reorder(OneDnn.dense(from, n), OneDnn.dense(to, n)));
        if (p == null) {
            return false;
        }
        p.run(Memory.address(x), Memory.address(out));
        return true;
    }

    private static boolean isFloat(DType dtype) {
        return dtype == DType.FLOAT32 || dtype == DType.BFLOAT16;
    }

    private static int bits(DType dtype) {
        return switch (dtype) {
            case FLOAT32 -> dnnl_f32;
            case INT32 -> dnnl_s32;
            case BFLOAT16 -> dnnl_bf16;
            default -> dnnl_u8;
        };
    }

    /** A copy with axes of length 1 left out and neighbors merged where both sides run through; no negative strides. */
    private static final class Lines {
        private int rank;
        private long[] dims;
        private long[] source;
        private long[] target;

        private Lines(int rank) {
            dims = new long[rank];
            source = new long[rank];
            target = new long[rank];
        }

        static @Nullable Lines of(StridedCopy copy) {
            Shape size = copy.size();
            Lines lines = new Lines(Math.max(1, size.rank()));
            for (int i = 0; i < size.rank(); i++) {
                if (!lines.append(
                        size.dim(i), copy.source().step(i), copy.target().step(i))) {
                    return null;
                }
            }
            lines.trim();
            return lines;
        }

        private boolean append(int length, long from, long to) {
            if (length == 1) {
                return true;
            }
            if (from < 0 || to < 0) {
                return false;
            }
            int last = rank - 1;
            if (rank > 0 && source[last] == from * length && target[last] == to * length) {
                dims[last] *= length;
                source[last] = from;
                target[last] = to;
                return true;
            }
            dims[rank] = length;
            source[rank] = from;
            target[rank++] = to;
            return true;
        }

        private void trim() {
            int n = Math.max(1, rank);
            if (rank == 0) {
                dims[0] = 1;
                source[0] = 1;
                target[0] = 1;
            }
            dims = Arrays.copyOf(dims, n);
            source = Arrays.copyOf(source, n);
            target = Arrays.copyOf(target, n);
        }
    }
}
