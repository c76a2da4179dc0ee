package org.atelier4j.autoregressive.transformer;

import org.atelier4j.nn.Activation;
import org.atelier4j.nn.Init;
import org.atelier4j.nn.Linear;
import org.atelier4j.nn.UnaryLayer;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a block does with each token alone: (…, D) → (…, D) through a wider layer.
 *
 * <p>GELU: {@code W₂·gelu(W₁·x + b₁) + b₂} with 4D in between (Vaswani et al. 2017, sec. 3.3; Hendrycks, Gimpel 2016).
 * SwiGLU: {@code W₂·(silu(W·x) ⊙ V·x)} without biases and with 8D/3 in between, so that both have as many weights (Shazeer
 * 2020, "GLU Variants Improve Transformer", arXiv:2002.05202, eq. 6).
 */
public final class FeedForward extends UnaryLayer {
    private static final int MULTIPLE = 8; // of the width of SwiGLU, for fast products
    private static final Activation GELU = Activation.gelu();
    private static final Activation SILU = Activation.silu();

    /** The function in the middle. */
    public enum Kind {
        /** {@code x·Φ(x)}. */
        GELU,
        /** {@code silu(Wx) ⊙ Vx}. */
        SWIGLU
    }

    private final Linear up;
    private final @Nullable Linear gate;
    private final Linear down;

    /**
     * Makes a layer.
     *
     * @param width D
     * @param inner initial values of the first weights
     * @param outer initial values of the last
     */
    public FeedForward(Kind kind, int width, Init inner, Init outer, Rng rng) {
        boolean gated = kind == Kind.SWIGLU;
        int hidden = gated ? (8 * width / 3 + MULTIPLE - 1) / MULTIPLE * MULTIPLE : 4 * width;
        Linear.Config first = new Linear.Config(width, hidden, !gated, inner);
        up = child("up", new Linear(first, rng.split("up")));
        gate = gated ? child("gate", new Linear(first, rng.split("gate"))) : null;
        down = child("down", new Linear(new Linear.Config(hidden, width, !gated, outer), rng.split("down")));
    }

    @Override
    public Tensor forward(Tensor x) {
        if (gate == null) {
            return down.forward(up.activated(x, GELU)); // (…, 4D), (…, D)
        }
        return down.forward(gate.activated(x, SILU).mul(up.forward(x))); // (…, 8D/3), (…, D)
    }
}
