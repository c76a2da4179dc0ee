package org.atelier4j.tensor.op;

import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.UnaryOp;
import org.atelier4j.tensor.kernel.Kernels;

/**
 * {@code y = softmax((x + g)/τ)} over the last axis, g being Gumbel noise that a place in a random stream determines (Jang,
 * Gu, Poole 2017, arXiv:1611.01144, eq. 2). The noise is a constant, so {@code dx = y ⊙ (dy − Σ_j dy_j y_j)/τ}.
 *
 * @param temperature τ &gt; 0, a FLOAT64 scalar on the device of x
 * @param key of the stream
 * @param position of the noise in the stream, as {@link Kernels#random} counts
 * @param largest receives the index of the first largest weight of each row, as INT32
 */
public record GumbelSoftmax(Tensor temperature, long key, long position, Tensor largest) implements UnaryOp {

    @Override
    public Tensor forward(Kernels kernels, Tensor x) {
        Tensor y = Tensor.empty(x.shape(), x.dtype(), x.device());
        kernels.gumbelSoftmax(temperature, key, position, x, y, largest);
        return y;
    }

    @Override
    public Tensor backward(Tensor x, Tensor y, Tensor dy) {
        Tensor inverse = Tensor.onesLike(temperature).div(temperature).to(dy.dtype());
        return new Softmax(false).backward(x, y, dy).mul(inverse);
    }
}
