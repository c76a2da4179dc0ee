package org.atelier4j.tensor.kernel.nd4j;

import java.nio.ByteBuffer;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.kernel.Elements;
import org.atelier4j.tensor.kernel.Parallel;
import org.atelier4j.tensor.kernel.Scratch;
import org.atelier4j.tensor.kernel.StridedCopy;
import org.atelier4j.tensor.kernel.StridedCopy.Strides;
import org.atelier4j.tensor.kernel.nd4j.Products.Matrix;

/**
 * Convolution as matrix products (Chellapilla et al. 2006): the pixels that a result depends on become a row of a
 * matrix. A block of rows is made, used and forgotten, so the matrix never exists as a whole.
 */
final class Convolutions {
    /** Elements of the matrix that exist at a time. */
    private static final int BLOCK = 1 << 20;

    // x (B, spatial…, C), weight (O, C/groups, kernel…), y (B, spatial'…, O); missing spatial axes have length 1
    private final int batch;
    private final int channels;
    private final int outputs;
    private final int groups;
    private final int[] in = {1, 1, 1};
    private final int[] out = {1, 1, 1};
    private final int[] kernel = {1, 1, 1};
    private final int[] stride = {1, 1, 1};
    private final int[] padding = {0, 0, 0};
    private final int[] dilation = {1, 1, 1};
    private final int taps;
    private final int positions; // per image
    private final int width; // of the matrix: taps times channels of a group

    private Convolutions(Convolution conv, Shape x, Shape weight, Shape y) {
        int n = conv.stride().rank();
        batch = x.dim(0);
        channels = x.dim(-1);
        outputs = y.dim(-1);
        groups = conv.groups();
        for (int i = 0; i < n; i++) {
            int at = 3 - n + i;
            in[at] = x.dim(i + 1);
            out[at] = y.dim(i + 1);
            kernel[at] = weight.dim(i + 2);
            stride[at] = conv.stride().dim(i);
            padding[at] = conv.padding().dim(i);
            dilation[at] = conv.dilation().dim(i);
        }
        taps = kernel[0] * kernel[1] * kernel[2];
        positions = out[0] * out[1] * out[2];
        width = taps * (channels / groups);
    }

    static void forward(Convolution conv, Tensor x, Tensor weight, Tensor y) {
        if (y.size() == 0) {
            return;
        }
        if (x.size() == 0 || weight.size() == 0) {
            Movement.fill(0, y);
            return;
        }
        Convolutions c = new Convolutions(conv, x.shape(), weight.shape(), y.shape());
        Tensor rows = c.rows(weight);
        int perGroup = c.outputs / c.groups;
        c.blocks(
                x,
                (matrix, group, first, count) -> Products.gemm(
                        count,
                        perGroup,
                        c.width,
                        matrix,
                        new Matrix(rows, (long) group * perGroup * c.width, c.width, true),
                        false,
                        new Matrix(y, (long) first * c.outputs + group * perGroup, c.outputs, false)));
    }

    static void backwardWeight(Convolution conv, Tensor x, Tensor dy, Tensor dWeight) {
        if (x.size() == 0 || dy.size() == 0 || dWeight.size() == 0) {
            Movement.fill(0, dWeight);
            return;
        }
        Convolutions c = new Convolutions(conv, x.shape(), dWeight.shape(), dy.shape());
        Tensor rows = Tensor.empty(Shape.of(c.outputs, c.width), dy.dtype(), dy.device());
        Movement.fill(0, rows);
        int perGroup = c.outputs / c.groups;
        c.blocks(
                x,
                (matrix, group, first, count) -> Products.gemm(
                        perGroup,
                        c.width,
                        count,
                        new Matrix(dy, (long) first * c.outputs + group * perGroup, c.outputs, true),
                        matrix,
                        true,
                        new Matrix(rows, (long) group * perGroup * c.width, c.width, false)));
        Movement.copy(c.tapsLast(), rows, dWeight);
    }

    static void backwardInput(Convolution conv, Tensor dy, Tensor weight, Tensor dx) {
        Movement.fill(0, dx);
        if (dx.size() == 0 || dy.size() == 0 || weight.size() == 0) {
            return;
        }
        Convolutions c = new Convolutions(conv, dx.shape(), weight.shape(), dy.shape());
        Tensor rows = c.rows(weight);
        int perGroup = c.outputs / c.groups;
        int block = c.block();
        Tensor matrix = Tensor.empty(Shape.of(block, c.width), dy.dtype(), dy.device());
        for (int group = 0; group < c.groups; group++) {
            for (int first = 0; first < c.batch * c.positions; first += block) {
                int count = Math.min(block, c.batch * c.positions - first);
                Products.gemm(
                        count,
                        c.width,
                        perGroup,
                        new Matrix(dy, (long) first * c.outputs + group * perGroup, c.outputs, false),
                        new Matrix(rows, (long) group * perGroup * c.width, c.width, false),
                        false,
                        new Matrix(matrix, 0, c.width, false));
                c.scatter(Elements.of(matrix), group, first, count, Elements.of(dx));
            }
        }
    }

    private interface Block {
        /** Uses the matrix of {@code count} results from the {@code first} of all images on. */
        void use(Matrix matrix, int group, int first, int count);
    }

    private void blocks(Tensor x, Block body) {
        if (taps == 1 && groups == 1 && isIdentity()) {
            body.use(new Matrix(x, 0, channels, false), 0, 0, batch * positions);
            return;
        }
        int block = block();
        Tensor matrix = Tensor.empty(Shape.of(block, width), x.dtype(), x.device());
        for (int group = 0; group < groups; group++) {
            for (int first = 0; first < batch * positions; first += block) {
                int count = Math.min(block, batch * positions - first);
                gather(Elements.of(x), group, first, count, Elements.of(matrix));
                body.use(new Matrix(matrix, 0, width, false), group, first, count);
            }
        }
    }

    private boolean isIdentity() {
        for (int i = 0; i < 3; i++) {
            if (stride[i] != 1 || padding[i] != 0) {
                return false;
            }
        }
        return true;
    }

    /** Rows per block; whole images if they fit, so that threads can share them. */
    private int block() {
        int most = Math.max(1, BLOCK / width);
        int rows = most >= positions ? most / positions * positions : most;
        return Math.min(rows, batch * positions);
    }

    /** Returns the weight as (O, kernel…, C/groups), the order of a row of the matrix. */
    private Tensor rows(Tensor weight) {
        Tensor rows = Tensor.empty(Shape.of(outputs, width), weight.dtype(), weight.device());
        int perGroup = width / taps;
        Shape size = Shape.of(outputs, taps, perGroup);
        Movement.copy(new StridedCopy(size, Strides.of(0, width, 1, taps), Strides.contiguous(size)), weight, rows);
        return rows;
    }

    private StridedCopy tapsLast() {
        int perGroup = width / taps;
        Shape size = Shape.of(outputs, perGroup, taps);
        return new StridedCopy(size, Strides.of(0, width, 1, perGroup), Strides.contiguous(size));
    }

    /** Position in x, without batch and channel, that tap {@code tap} of result {@code position} sees; −1 outside. */
    private int seen(int position, int tap) {
        int p2 = position % out[2];
        int p1 = position / out[2] % out[1];
        int p0 = position / out[2] / out[1];
        int x2 = p2 * stride[2] - padding[2] + tap % kernel[2] * dilation[2];
        int x1 = p1 * stride[1] - padding[1] + tap / kernel[2] % kernel[1] * dilation[1];
        int x0 = p0 * stride[0] - padding[0] + tap / kernel[2] / kernel[1] * dilation[0];
        boolean inside = x2 >= 0 && x2 < in[2] && x1 >= 0 && x1 < in[1] && x0 >= 0 && x0 < in[0];
        return inside ? (x0 * in[1] + x1) * in[2] + x2 : -1;
    }

    private void gather(Elements x, int group, int first, int count, Elements matrix) {
        int perGroup = channels / groups;
        int pixels = in[0] * in[1] * in[2];
        int size = x.dtype().bytes();
        ByteBuffer from = x.bytes();
        ByteBuffer to = matrix.bytes();
        byte[] zeros = new byte[perGroup * size];
        Parallel.forRange(count, Math.max(1, Parallel.GRAIN / width), (lo, hi) -> {
            for (int row = lo; row < hi; row++) {
                int image = (first + row) / positions;
                int position = (first + row) % positions;
                int at = matrix.byteIndex(row * width);
                for (int tap = 0; tap < taps; tap++, at += zeros.length) {
                    int pixel = seen(position, tap);
                    if (pixel < 0) {
                        to.put(at, zeros);
                    } else {
                        int source = (image * pixels + pixel) * channels + group * perGroup;
                        to.put(at, from, x.byteIndex(source), zeros.length);
                    }
                }
            }
        });
        x.fence();
        matrix.fence();
    }

    /** The adjoint of {@link #gather}: each image belongs to one thread, which adds row by row. */
    private void scatter(Elements matrix, int group, int first, int count, Elements x) {
        int perGroup = channels / groups;
        int pixels = in[0] * in[1] * in[2];
        int firstImage = first / positions;
        int images = (first + count - 1) / positions - firstImage + 1;
        Parallel.forRange(images, 1, (lo, hi) -> {
            double[] addends = Scratch.doubles(0, width);
            double[] sums = Scratch.doubles(1, perGroup);
            int from = Math.max(0, (firstImage + lo) * positions - first);
            int to = Math.min(count, (firstImage + hi) * positions - first);
            for (int row = from; row < to; row++) {
                int image = (first + row) / positions;
                int position = (first + row) % positions;
                matrix.get(row * width, width, addends, 0);
                for (int tap = 0; tap < taps; tap++) {
                    int pixel = seen(position, tap);
                    if (pixel >= 0) {
                        int at = (image * pixels + pixel) * channels + group * perGroup;
                        x.get(at, perGroup, sums, 0);
                        for (int i = 0; i < perGroup; i++) {
                            sums[i] += addends[tap * perGroup + i];
                        }
                        x.put(at, perGroup, sums, 0);
                    }
                }
            }
        });
    }
}
