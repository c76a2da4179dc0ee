package org.atelier4j.tensor.op;

import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.tensor.autograd.Node;
import org.atelier4j.tensor.autograd.Op;
import org.atelier4j.tensor.kernel.Epilogue;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.Unary;
import org.jspecify.annotations.Nullable;

/**
 * {@code Y = op(A)·op(B) (+ bias)} over the last two axes, op transposing where said; leading axes broadcast.
 *
 * <p>With plain factors {@code dA = dY·Bᵀ} and {@code dB = Aᵀ·dY}; a transposed factor's gradient is transposed by
 * swapping the two factors of its product. {@code dbias} is the sum of dY over all axes but the last. Where B is one matrix
 * for all of A's leading axes, these are rows like any other, and dB is one product over all rows.
 *
 * <p>Inputs: a (…, M, K), b (…, K, N), and optionally bias (N).
 */
public record MatMul(boolean transposeA, boolean transposeB) implements Op {

    /**
     * Returns {@code f(op(A)·op(B) + bias)}: one kernel where nothing is recorded, else a product and an elementwise
     * function.
     */
    public static Tensor activated(
            Tensor a, boolean transposeA, Tensor b, boolean transposeB, @Nullable Tensor bias, Unary f) {
        MatMul product = new MatMul(transposeA, transposeB);
        if (NoGrad.isActive() || a.node() == null && b.node() == null && (bias == null || bias.node() == null)) {
            try {
                return product.run(a.device().kernels(), a, b, bias, f);
            } finally {
                Reference.reachabilityFence(new Object[] {a, b, bias}); // kernels know memory by address only
            }
        }
        return (bias == null ? product.apply(a, b) : product.apply(a, b, bias)).unary(f);
    }

    @Override
    public Output forward(Kernels kernels, List<Tensor> inputs) {
        return Output.of(run(kernels, inputs.get(0), inputs.get(1), inputs.size() > 2 ? inputs.get(2) : null, null));
    }

    private Tensor run(Kernels kernels, Tensor a, Tensor b, @Nullable Tensor bias, @Nullable Unary f) {
        Tensor y = Tensor.empty(resultShape(a, b), a.dtype(), a.device());
        Check.shape(
                bias == null || bias.rank() == 1 && bias.dim(0) == y.dim(-1),
                "matmul: bias must have shape [%d], got %s",
                y.dim(-1),
                bias == null ? null : bias.shape());
        kernels.matmul(a, transposeA, b, transposeB, new Epilogue(bias, null, f), y);
        return y;
    }

    @Override
    public List<Tensor> backward(Node node, Tensor dy) {
        Tensor a = node.input(0);
        Tensor b = node.input(1);
        Tensor da = !node.needsGradient(0)
                ? null
                : transposeA ? b.matmul(dy, transposeB, true) : dy.matmul(b, false, !transposeB);
        Tensor db = null;
        if (node.needsGradient(1)) {
            boolean oneMatrix = b.rank() == 2 && !transposeA;
            Tensor x = oneMatrix ? rows(a) : a;
            Tensor g = oneMatrix ? rows(dy) : dy;
            db = transposeB ? g.matmul(x, true, transposeA) : x.matmul(g, !transposeA, false);
        }
        if (node.inputs().size() == 2) {
            return Arrays.asList(da, db);
        }
        return Arrays.asList(da, db, node.needsGradient(2) ? dy.sumTo(Shape.of(dy.dim(-1))) : null);
    }

    private Shape resultShape(Tensor a, Tensor b) {
        Check.that(a.dtype() == b.dtype(), "matmul: dtypes must be equal, got %s and %s", a.dtype(), b.dtype());
        Check.shape(
                a.rank() >= 2 && b.rank() >= 2,
                "matmul: ranks must be >= 2, got shapes %s and %s",
                a.shape(),
                b.shape());
        int m = a.dim(transposeA ? -1 : -2);
        int inner = a.dim(transposeA ? -2 : -1);
        int n = b.dim(transposeB ? -2 : -1);
        Check.shape(
                inner == b.dim(transposeB ? -1 : -2),
                "matmul: inner lengths must be equal, got shapes %s%s and %s%s",
                a.shape(),
                transposeA ? "ᵀ" : "",
                b.shape(),
                transposeB ? "ᵀ" : "");
        int rank = Math.max(a.rank(), b.rank());
        if (rank == 2) {
            return Shape.of(m, n);
        }
        Shape lead = Shape.broadcast("matmul", leading(a), leading(b));
        return lead.insert(lead.rank(), m).insert(lead.rank() + 1, n);
    }

    private static Tensor rows(Tensor x) {
        return x.reshape(Shape.of(Math.toIntExact(x.shape().size(0, x.rank() - 1)), x.dim(-1)));
    }

    private static Shape leading(Tensor x) {
        return Shape.of(Arrays.copyOf(x.shape().dims(), x.rank() - 2));
    }
}
