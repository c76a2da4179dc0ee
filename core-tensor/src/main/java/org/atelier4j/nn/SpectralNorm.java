package org.atelier4j.nn;

import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks" (arXiv:1802.05957), alg. 1: runs a
 * linear or convolution layer with {@code W/σ(W)}, σ the largest singular value of W as a matrix (out, everything else),
 * found by one step of power iteration per forward pass in training:
 * {@code v ← Wᵀu/|Wᵀu|, u ← Wv/|Wv|, σ = uᵀWv}. Gradients flow through W in σ, not through u and v.
 *
 * <p>The wrapped layer is the child {@code layer}; buffers are {@code u} (out) and {@code v} (everything else). In a
 * PyTorch checkpoint made by {@code torch.nn.utils.spectral_norm} they are called {@code weight_orig} (our
 * {@code layer.weight}), {@code bias} ({@code layer.bias}), {@code weight_u} and {@code weight_v}; by
 * {@code parametrizations.spectral_norm}, {@code parametrizations.weight.original}, {@code parametrizations.weight.0._u}
 * and {@code parametrizations.weight.0._v}.
 *
 * <p>While training, one thread at a time may use it, for u and v change. In evaluation they rest.
 *
 * @param <L> the wrapped layer
 */
public final class SpectralNorm<L extends UnaryLayer & Weighted> extends UnaryLayer {
    private static final int FIRST_ITERATIONS = 15; // as PyTorch's parametrization, so that σ is right from the start
    private static final double EPS = 1e-12;

    private final L layer;
    private final Tensor u;
    private final Tensor v;

    /** Wraps a layer. */
    public SpectralNorm(L layer, Rng rng) {
        this.layer = child("layer", layer);
        try (NoGrad off = NoGrad.open()) {
            Tensor w = matrix(); // (out, rest)
            Singular pair =
                    new Singular(unit(rng.normal(Shape.of(w.dim(0), 1))), unit(rng.normal(Shape.of(w.dim(1), 1))));
            for (int i = 0; i < FIRST_ITERATIONS; i++) {
                pair = iterate(w, pair);
            }
            u = buffer("u", pair.left().reshape(-1));
            v = buffer("v", pair.right().reshape(-1));
        }
    }

    /** Returns the wrapped layer's output with its weight divided by σ. */
    @Override
    public Tensor forward(Tensor x) {
        Tensor w = matrix();
        Singular pair = new Singular(u.reshape(-1, 1), v.reshape(-1, 1));
        if (isTraining()) {
            try (NoGrad off = NoGrad.open()) {
                pair = iterate(w, pair);
                u.assign(pair.left().reshape(-1));
                v.assign(pair.right().reshape(-1));
            }
        }
        Tensor sigma = pair.left().matmul(w.matmul(pair.right()), true, false).reshape(Shape.scalar()); // uᵀWv
        return layer.forwardWith(layer.weight().div(sigma), x);
    }

    /** Estimates of the singular vectors of the largest singular value, as columns. */
    private record Singular(Tensor left, Tensor right) {}

    private static Singular iterate(Tensor w, Singular pair) {
        Tensor right = unit(w.matmul(pair.left(), true, false)); // Wᵀu, (rest, 1)
        return new Singular(unit(w.matmul(right)), right); // Wv, (out, 1)
    }

    private static Tensor unit(Tensor x) {
        return x.div(x.norm().max(Tensor.scalar(EPS).to(x.device())));
    }

    /** Returns the weight as (out, rest). */
    private Tensor matrix() {
        Tensor w = layer.weight();
        Tensor first = layer.outputAxis() == 0 ? w : w.permute(1, 0, 2, 3); // transposed convolution: (in, out, kH, kW)
        return first.reshape(first.dim(0), -1);
    }
}
