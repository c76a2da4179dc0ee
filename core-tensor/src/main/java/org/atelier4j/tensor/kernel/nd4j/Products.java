package org.atelier4j.tensor.kernel.nd4j;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_dgemm;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sgemm;

import java.lang.ref.Reference;
import java.util.Arrays;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.HostStorage;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/** Matrix products by BLAS (Dongarra et al. 1990), FLOAT32 and FLOAT64. */
final class Products {
    private Products() {}

    /**
     * A matrix in memory, rows one after the other.
     *
     * @param at its first element, counted from the tensor's
     * @param stride distance between the starts of two rows
     */
    record Matrix(Tensor tensor, long at, int stride, boolean transposed) {
        long address() {
            Tensor t = tensor;
            return ((HostStorage) t.storage()).address()
                    + (t.offset() + at) * t.dtype().bytes();
        }

        int layout() {
            return transposed ? CblasTrans : CblasNoTrans;
        }
    }

    /** {@code C ← op(A)·op(B)}, or {@code C ← C + op(A)·op(B)}, for op(A) of m × k and op(B) of k × n. */
    static void gemm(int m, int n, int k, Matrix a, Matrix b, boolean accumulate, Matrix c) {
        if (m == 0 || n == 0 || k == 0 && accumulate) {
            return;
        }
        int wide = accumulate ? 1 : 0;
        int lda = Math.max(1, a.stride());
        int ldb = Math.max(1, b.stride());
        if (c.tensor().dtype() == DType.FLOAT64) {
            cblas_dgemm(
                    CblasRowMajor,
                    a.layout(),
                    b.layout(),
                    m,
                    n,
                    k,
                    1,
                    new Doubles(a.address()),
                    lda,
                    new Doubles(b.address()),
                    ldb,
                    wide,
                    new Doubles(c.address()),
                    c.stride());
        } else {
            cblas_sgemm(
                    CblasRowMajor,
                    a.layout(),
                    b.layout(),
                    m,
                    n,
                    k,
                    1,
                    new Floats(a.address()),
                    lda,
                    new Floats(b.address()),
                    ldb,
                    wide,
                    new Floats(c.address()),
                    c.stride());
        }
        Reference.reachabilityFence(a.tensor().storage());
        Reference.reachabilityFence(b.tensor().storage());
        Reference.reachabilityFence(c.tensor().storage());
    }

    static void matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor out) {
        if (out.size() == 0) {
            return;
        }
        int m = out.dim(-2);
        int n = out.dim(-1);
        int k = a.dim(transposeA ? -2 : -1);
        if (k == 0) {
            Movement.fill(0, out);
            return;
        }
        if (b.size() == (long) k * n && !transposeA) {
            int rows = Math.toIntExact(a.size() / k); // all matrices of a, one below the other
            gemm(
                    rows,
                    n,
                    k,
                    new Matrix(a, 0, k, false),
                    new Matrix(b, 0, b.dim(-1), transposeB),
                    false,
                    new Matrix(out, 0, n, false));
            return;
        }
        int rank = out.rank();
        Shape batch = Shape.of(Arrays.copyOf(out.shape().dims(), rank - 2));
        for (int i = 0; i < batch.size(); i++) {
            Matrix left = new Matrix(a, matrix(a, batch, i), a.dim(-1), transposeA);
            Matrix right = new Matrix(b, matrix(b, batch, i), b.dim(-1), transposeB);
            gemm(m, n, k, left, right, false, new Matrix(out, (long) i * m * n, n, false));
        }
    }

    /** Where the matrix starts that stands at position {@code index} of the broadcast leading axes. */
    private static long matrix(Tensor x, Shape batch, int index) {
        long at = 0;
        long step = (long) x.dim(-1) * x.dim(-2);
        int rest = index;
        for (int i = batch.rank() - 1, own = x.rank() - 3; own >= 0; i--, own--) {
            int position = rest % batch.dim(i);
            rest /= batch.dim(i);
            at += x.dim(own) == 1 ? 0 : position * step;
            step *= x.dim(own);
        }
        return at;
    }

    private static final class Floats extends FloatPointer {
        Floats(long address) {
            super((Pointer) null);
            this.address = address;
        }
    }

    private static final class Doubles extends DoublePointer {
        Doubles(long address) {
            super((Pointer) null);
            this.address = address;
        }
    }
}
