package org.atelier4j.tensor.op;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.tensor.autograd.Node;
import org.atelier4j.tensor.autograd.Op;
import org.atelier4j.tensor.kernel.GateKernels;
import org.atelier4j.tensor.kernel.Kernels;
import org.jspecify.annotations.Nullable;

/**
 * {@code y = tanh(a + s) ⊙ σ(b + t)} (van den Oord et al. 2016, arXiv:1606.05328, eq. 4).
 *
 * <p>With {@code u = tanh(a + s)} and {@code g = σ(b + t)}: {@code da = dy ⊙ g ⊙ (1 − u²)}, {@code db = dy ⊙ u ⊙ g ⊙ (1 − g)},
 * and the shift's gradient is their sum over the positions of each image. A provider with {@link GateKernels} reads and writes
 * each number once, where the functions one by one go through memory a dozen times.
 *
 * <p>Inputs: x = [a b] (B, spatial…, 2C), and optionally [s t] (B, 2C).
 */
public record Gate() implements Op {

    @Override
    public Output forward(Kernels kernels, List<Tensor> inputs) {
        Tensor x = inputs.get(0);
        @Nullable Tensor shift = inputs.size() > 1 ? inputs.get(1) : null;
        check(x, shift);
        if (kernels instanceof GateKernels fused && fused.takesGate(x)) {
            Tensor y = Tensor.empty(x.shape().with(-1, x.dim(-1) / 2), x.dtype(), x.device());
            fused.gate(lines(x), shift, lines(y));
            return Output.of(y);
        }
        try (TensorScope scope = TensorScope.open()) {
            Parts parts = Parts.of(x, shift);
            return Output.of(scope.keep(parts.u().mul(parts.g())));
        }
    }

    @Override
    public List<Tensor> backward(Node node, Tensor dy) {
        Tensor x = node.input(0);
        @Nullable Tensor shift = node.inputs().size() > 1 ? node.input(1) : null;
        if (NoGrad.isActive() && x.device().kernels() instanceof GateKernels fused && fused.takesGate(x)) {
            Tensor dx = Tensor.empty(x.shape(), x.dtype(), x.device());
            if (shift == null) {
                fused.gateBackward(lines(x), null, lines(dy), lines(dx), null);
                return List.of(dx);
            }
            Tensor dShift = Tensor.empty(shift.shape(), x.dtype(), x.device());
            fused.gateBackward(lines(x), shift, lines(dy), lines(dx), dShift);
            return List.of(dx, dShift);
        }
        Parts parts = Parts.of(x, shift);
        Tensor u = parts.u();
        Tensor g = parts.g();
        Tensor da = dy.mul(g).mul(u.square().neg().add(1));
        Tensor db = dy.mul(u).mul(g.mul(g.neg().add(1)));
        Tensor dx = da.concat(db, -1); // (B, spatial…, 2C)
        if (shift == null) {
            return List.of(dx);
        }
        int[] positions = IntStream.range(1, x.rank() - 1).toArray();
        Tensor sum = positions.length == 0 ? dx : dx.sum(positions);
        return List.of(dx, sum.reshape(shift.shape()));
    }

    private static void check(Tensor x, @Nullable Tensor shift) {
        Check.shape(
                x.rank() >= 2 && x.dim(-1) % 2 == 0,
                "gate: x must have shape (B, spatial…, 2C) with an even last axis, got %s",
                x.shape());
        Shape wanted = Shape.of(x.dim(0), x.dim(-1));
        Check.shape(
                shift == null || shift.shape().equals(wanted),
                "gate: shift must have shape %s for x of shape %s, got %s",
                wanted,
                x.shape(),
                shift == null ? null : shift.shape());
        Check.that(
                shift == null || shift.dtype() == x.dtype(),
                "gate: dtypes must be equal, got %s and %s",
                x.dtype(),
                shift == null ? null : shift.dtype());
    }

    /** Returns x as (B, N, C), a view. */
    private static Tensor lines(Tensor x) {
        return x.detach().reshape(x.dim(0), Math.toIntExact(x.shape().size(1, x.rank() - 1)), x.dim(-1));
    }

    /** The two factors. */
    private record Parts(Tensor u, Tensor g) {

        static Parts of(Tensor x, @Nullable Tensor shift) {
            int c = x.dim(-1) / 2;
            int[] dims = x.shape().dims();
            Arrays.fill(dims, 1, dims.length - 1, 1);
            Tensor sum = shift == null ? x : x.add(shift.reshape(dims));
            return new Parts(sum.slice(-1, 0, c).tanh(), sum.slice(-1, c, c).sigmoid());
        }
    }
}
