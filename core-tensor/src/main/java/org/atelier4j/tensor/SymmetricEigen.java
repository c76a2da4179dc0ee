package org.atelier4j.tensor;

import java.lang.ref.Reference;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.HostStorage;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas;

/**
 * Eigenvalues and eigenvectors of a symmetric matrix, {@code A = VᵀΛV}, by LAPACK's divide and conquer ({@code dsyevd}; Cuppen
 * 1981, "A divide and conquer method for the symmetric tridiagonal eigenproblem").
 *
 * <p>Nothing here is recorded for differentiation.
 *
 * @param values Λ's diagonal, rising, FLOAT64 (n)
 * @param vectors V, FLOAT64 (n, n): row i is the eigenvector of value i, of length 1 and orthogonal to the others
 */
public record SymmetricEigen(Tensor values, Tensor vectors) {

    /**
     * Returns the decomposition of a matrix.
     *
     * @param a FLOAT64 (n, n), symmetric: the entries above the diagonal count
     * @throws IllegalArgumentException if it holds NaN or infinity
     */
    public static SymmetricEigen of(Tensor a) {
        Tensor work = copy(a);
        return new SymmetricEigen(decompose(work, true), work);
    }

    /** Returns the eigenvalues alone, rising, FLOAT64 (n), in about a third of the time. */
    public static Tensor values(Tensor a) {
        return decompose(copy(a), false);
    }

    private static Tensor copy(Tensor a) {
        Check.shape(a.rank() == 2 && a.dim(0) == a.dim(1), "SymmetricEigen: matrix must be (n, n), got %s", a.shape());
        Check.dtype("SymmetricEigen", DType.FLOAT64, a);
        Tensor source = a.detach().to(Device.cpu());
        Check.that(
                Double.isFinite(source.abs().sum().item()),
                "SymmetricEigen: matrix must be finite, got NaN or infinity in shape %s",
                a.shape());
        Tensor work = Tensor.empty(a.shape(), DType.FLOAT64, Device.cpu());
        Strided.copyAll(source, work);
        return work;
    }

    /** Returns the eigenvalues; the eigenvectors replace the matrix where they are wanted. */
    private static Tensor decompose(Tensor work, boolean vectors) {
        int n = work.dim(0);
        Tensor values = Tensor.empty(Shape.of(n), DType.FLOAT64, Device.cpu());
        if (n == 0) {
            return values;
        }
        // Column by column, LAPACK's order, a symmetric matrix is itself, and eigenvectors in columns are our rows.
        int failed = openblas.LAPACKE_dsyevd(
                openblas.LAPACK_COL_MAJOR,
                (byte) (vectors ? 'V' : 'N'),
                (byte) 'L',
                n,
                new Doubles(work),
                n,
                new Doubles(values));
        Reference.reachabilityFence(work.storage());
        Reference.reachabilityFence(values.storage());
        Check.state(
                failed == 0, "SymmetricEigen: dsyevd must converge, got code %d for shape %s", failed, work.shape());
        return values;
    }

    private static final class Doubles extends DoublePointer {
        Doubles(Tensor t) {
            super((Pointer) null);
            address = ((HostStorage) t.storage()).address() + t.offset() * Double.BYTES;
        }
    }
}
