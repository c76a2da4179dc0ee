package org.atelier4j.tensor.kernel.nd4j;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.kernel.Binary;
import org.atelier4j.tensor.kernel.Distribution;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.Unary;

/**
 * Softmax of logits with Gumbel noise, by the provider's own kernels: a few rows at a time, while they are in the processor's
 * cache, and with the very bits that the same kernels give one after the other.
 */
final class GumbelSoftmaxes {
    /** Elements that are worked on at a time. */
    private static final int PORTION = 1 << 16;

    /** Numbers of a position in a random stream. Rows are taken in multiples of it, so that portions begin at positions. */
    private static final int BLOCK = 4;

    private static final Unary ABOVE_ZERO = new Unary(Unary.Function.CLAMP, 0x1p-25, 1);
    private static final Unary LOG = Unary.of(Unary.Function.LOG);
    private static final Unary NEGATED = new Unary(Unary.Function.AFFINE, -1, 0);

    private GumbelSoftmaxes() {}

    static void draw(
            Kernels kernels, double temperature, long key, long position, Tensor logits, Tensor out, Tensor largest) {
        if (logits.size() == 0) {
            return;
        }
        int n = logits.dim(-1);
        int rows = (int) (logits.size() / n);
        int step = Math.max(1, PORTION / n / BLOCK) * BLOCK;
        Unary cooled = new Unary(Unary.Function.AFFINE, 1 / temperature, 0);
        for (int first = 0; first < rows; first += step) {
            try (TensorScope scope = TensorScope.open()) {
                Shape part = Shape.of(Math.min(step, rows - first), n);
                long at = (long) first * n;
                Tensor a = Tensor.empty(part, DType.FLOAT32, logits.device());
                Tensor b = Tensor.empty(part, DType.FLOAT32, logits.device());
                kernels.random(Distribution.UNIFORM, key, position + at / BLOCK, a);
                kernels.unary(ABOVE_ZERO, a, b);
                kernels.unary(LOG, b, a);
                kernels.unary(NEGATED, a, b);
                kernels.unary(LOG, b, a);
                kernels.unary(NEGATED, a, b);
                boolean same = logits.dtype() == DType.FLOAT32;
                Tensor noise = same ? b : Tensor.empty(part, logits.dtype(), logits.device());
                Tensor sum = same ? a : Tensor.empty(part, logits.dtype(), logits.device());
                if (!same) {
                    kernels.convert(b, noise);
                }
                kernels.binary(Binary.ADD, Tensor.over(logits.storage(), logits.offset() + at, part), noise, sum);
                kernels.unary(cooled, sum, noise);
                Tensor weights = Tensor.over(out.storage(), out.offset() + at, part);
                kernels.softmax(false, noise, weights);
                Shape each = Shape.of(part.dim(0), 1);
                kernels.argMax(weights, 1, Tensor.over(largest.storage(), largest.offset() + first, each));
            }
        }
    }
}
