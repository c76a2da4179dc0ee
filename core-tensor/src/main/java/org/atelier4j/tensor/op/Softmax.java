package org.atelier4j.tensor.op;

import java.util.Arrays;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.tensor.autograd.UnaryOp;
import org.atelier4j.tensor.kernel.Kernels;

/**
 * Softmax over the last axis, {@code y_i = exp(x_i) / Σ_j exp(x_j)}, or its logarithm.
 *
 * <p>Since {@code ∂y_i/∂x_j = y_i(δ_ij − y_j)}, {@code dx = y ⊙ (dy − Σ_j dy_j y_j)}; for the logarithm
 * {@code dx = dy − exp(y) Σ_j dy_j}.
 */
public record Softmax(boolean log) implements UnaryOp {

    /** Applies it over any axis. */
    public static Tensor of(Tensor x, int axis, boolean log) {
        int a = Check.axis("softmax", axis, x.shape());
        int last = x.rank() - 1;
        if (a == last) {
            return new Softmax(log).apply(x);
        }
        int[] swap = new int[x.rank()];
        Arrays.setAll(swap, i -> i == a ? last : i == last ? a : i);
        return new Softmax(log).apply(x.permute(swap)).permute(swap);
    }

    @Override
    public Tensor forward(Kernels kernels, Tensor x) {
        Tensor y = Tensor.empty(x.shape(), x.dtype(), x.device());
        kernels.softmax(log, x, y);
        return y;
    }

    @Override
    public Tensor backward(Tensor x, Tensor y, Tensor dy) {
        if (NoGrad.isActive()) {
            Tensor dx = Tensor.empty(x.shape(), x.dtype(), x.device());
            x.device().kernels().softmaxBackward(log, y, dy, dx);
            return dx;
        }
        return log ? dy.sub(y.exp().mul(dy.sum(-1))) : y.mul(dy.sub(dy.mul(y).sum(-1)));
    }
}
