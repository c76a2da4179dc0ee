package org.atelier4j.nn;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/**
 * Vaswani et al. 2017, "Attention Is All You Need" (arXiv:1706.03762), sec. 3.2.2: tokens (B, T, D) look at tokens of a
 * context (B, S, E), or at each other, in several heads: {@code softmax(QKᵀ/√d)V} with {@code d = D/heads}.
 *
 * <p>Children {@code to_q}, {@code to_k}, {@code to_v}, {@code to_out}, linear layers, as in the diffusers library (which
 * calls the last {@code to_out.0}); head h owns rows {@code [hd, (h+1)d)} of the first three. Files with one matrix for
 * all three (PyTorch's {@code in_proj_weight}, {@code qkv.weight} of ViT) hold them in this order, one below the other.
 */
public final class MultiHeadAttention extends UnaryLayer {

    /**
     * Sizes of an attention layer.
     *
     * @param width D, a multiple of the heads
     * @param contextWidth E, equal to D for self-attention
     * @param heads number of heads, ≥ 1
     * @param bias whether queries, keys and values have biases; the output always has
     * @param outInit how the output layer starts; zeros make a residual block start as the identity
     */
    public record Config(int width, int contextWidth, int heads, boolean bias, Init outInit) {

        /** Checks the sizes. */
        public Config {
            Check.that(
                    heads >= 1 && width >= 1 && width % heads == 0 && contextWidth >= 1,
                    "MultiHeadAttention: heads must divide the width and contextWidth be >= 1, got %d, %d and %d",
                    heads,
                    width,
                    contextWidth);
        }

        /** Returns self-attention with biases. */
        public static Config self(int width, int heads) {
            return new Config(width, width, heads, true, Init.standard());
        }

        /** Returns attention to a context, without biases of queries, keys and values, as in latent diffusion. */
        public static Config cross(int width, int contextWidth, int heads) {
            return new Config(width, contextWidth, heads, false, Init.standard());
        }

        /** Returns the same with other initial values of the output layer. */
        public Config withOutInit(Init law) {
            return new Config(width, contextWidth, heads, bias, law);
        }
    }

    private final Config config;
    private final Linear toQ;
    private final Linear toK;
    private final Linear toV;
    private final Linear toOut;

    /** Makes an attention layer. */
    public MultiHeadAttention(Config config, Rng rng) {
        this.config = config;
        int d = config.width();
        Linear.Config fromContext = new Linear.Config(config.contextWidth(), d, config.bias(), Init.standard());
        toQ = child("to_q", new Linear(new Linear.Config(d, d, config.bias(), Init.standard()), rng.split("to_q")));
        toK = child("to_k", new Linear(fromContext, rng.split("to_k")));
        toV = child("to_v", new Linear(fromContext, rng.split("to_v")));
        toOut = child("to_out", new Linear(new Linear.Config(d, d, true, config.outInit()), rng.split("to_out")));
    }

    /** Returns (B, T, D): the tokens x (B, T, D) look at each other. */
    @Override
    public Tensor forward(Tensor x) {
        return forward(x, x, AttentionMask.NONE);
    }

    /** Returns (B, T, D): the tokens x (B, T, D) look at {@code context} (B, S, E). */
    public Tensor forward(Tensor x, Tensor context) {
        return forward(x, context, AttentionMask.NONE);
    }

    /**
     * Returns (B, T, D): the tokens x (B, T, D) look at {@code context} (B, S, E) where the mask lets them; with x as its
     * own context and {@link AttentionMask#CAUSAL} each sees itself and those before it.
     */
    public Tensor forward(Tensor x, Tensor context, AttentionMask mask) {
        Check.rank("MultiHeadAttention", 3, "(B, T, D)", x);
        Check.rank("MultiHeadAttention", 3, "(B, S, E)", context);
        Tensor q = heads(toQ.forward(x)); // (B, heads, T, d)
        Tensor k = heads(toK.forward(context)); // (B, heads, S, d)
        Tensor v = heads(toV.forward(context)); // (B, heads, S, d)
        Tensor y = Attention.of(q, k, v, mask); // (B, heads, T, d)
        return toOut.forward(y.permute(0, 2, 1, 3).reshape(x.shape())); // (B, T, D)
    }

    /** Returns (B, T, D) as (B, heads, T, d). */
    private Tensor heads(Tensor x) {
        int h = config.heads();
        return x.reshape(x.dim(0), x.dim(1), h, x.dim(2) / h).permute(0, 2, 1, 3);
    }
}
