package org.atelier4j.tensor.op;

import java.util.Arrays;
import java.util.List;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.tensor.autograd.Node;
import org.atelier4j.tensor.autograd.Op;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.Unary;
import org.jspecify.annotations.Nullable;

/**
 * {@code Y = P·V} with {@code P = softmax(scale·Q·Kᵀ + M)} over the last axis (Vaswani et al. 2017, eq. 1).
 *
 * <p>With {@code dP = dY·Vᵀ} and {@code dS = P ⊙ (dP − Σ dP ⊙ P)}: {@code dV = Pᵀ·dY}, {@code dQ = scale·dS·K},
 * {@code dK = scale·dSᵀ·Q}, {@code dM = dS}. Of the two large matrices (T, S) only P is kept for the backward pass.
 *
 * <p>Inputs: q (…, T, D), k (…, S, D), v (…, S, E), and optionally a finite M that broadcasts to (…, T, S).
 *
 * @param scale factor on the products, usually {@code 1/√D}
 */
public record DotProductAttention(double scale) implements Op {

    @Override
    public Output forward(Kernels kernels, List<Tensor> inputs) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor p = scope.keep(weights(inputs)); // (…, T, S)
            Tensor y = scope.keep(p.matmul(inputs.get(2))); // (…, T, E)
            return new Output(y, List.of(p));
        }
    }

    @Override
    public List<Tensor> backward(Node node, Tensor dy) {
        Tensor q = node.input(0);
        Tensor k = node.input(1);
        Tensor v = node.input(2);
        boolean masked = node.inputs().size() > 3;
        List<Tensor> inputs = masked ? List.of(q, k, v, node.input(3)) : List.of(q, k, v);
        Tensor p = NoGrad.isActive() ? node.saved(0) : weights(inputs);
        Tensor dv = node.needsGradient(2) ? p.matmul(dy, true, false) : null;
        Tensor ds = new Softmax(false).backward(p, p, dy.matmul(v, false, true));
        Tensor dq = node.needsGradient(0) ? ds.matmul(k).mul(scale) : null;
        Tensor dk = node.needsGradient(1) ? ds.matmul(q, true, false).mul(scale) : null;
        return masked ? Arrays.asList(dq, dk, dv, ds) : Arrays.asList(dq, dk, dv);
    }

    private Tensor weights(List<Tensor> inputs) {
        @Nullable Tensor mask = inputs.size() > 3 ? inputs.get(3) : null;
        Unary scaled = new Unary(Unary.Function.AFFINE, scale, 0);
        Tensor s = MatMul.activated(inputs.get(0), false, inputs.get(1), true, null, scaled);
        return (mask == null ? s : s.add(mask)).softmax(-1);
    }
}
