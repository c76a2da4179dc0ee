package org.atelier4j.autoregressive.transformer;

import org.atelier4j.autoregressive.CodeSpace;
import org.atelier4j.nn.AttentionMask;
import org.atelier4j.nn.Embedding;
import org.atelier4j.nn.Init;
import org.atelier4j.nn.KeyValueCache;
import org.atelier4j.nn.Layer;
import org.atelier4j.nn.Linear;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Esser et al. 2021, "Taming Transformers for High-Resolution Image Synthesis" (arXiv:2012.09841), sec. 3.2: a transformer that
 * says which code comes next, {@code p(s_i | s_<i, c)}, for a grid read row by row.
 *
 * <p>The sequence begins with a vector of the class c, which stands where code 0 shall be, and code i − 1 stands where code i
 * shall be: position i of the output is about code i and has seen the codes before it. Classes (B) and codes (B, m) → logits
 * (B, m + 1, K).
 *
 * <p>Differs from the paper: the class has a table of its own, with a vector for "no class"; rotary positions and SwiGLU are
 * options.
 */
public final class CausalTransformer extends Layer {

    /**
     * Sizes.
     *
     * @param codes what is modelled
     * @param transformer sizes of the blocks
     */
    public record Config(CodeSpace codes, TransformerConfig transformer) {}

    private final Config config;
    private final Embedding classes;
    private final Embedding codes;
    private final TransformerTrunk trunk;
    private final @Nullable Linear head;

    /** Makes a network. */
    public CausalTransformer(Config config, Rng rng) {
        this.config = config;
        CodeSpace space = config.codes();
        int width = config.transformer().width();
        Init init = Init.normal(TransformerTrunk.DEVIATION);
        classes = child("classes", new Embedding(space.classes() + 1, width, init, rng.split("classes")));
        codes = child("codes", new Embedding(space.size(), width, init, rng.split("codes")));
        trunk = child("trunk", new TransformerTrunk(config.transformer(), space, rng.split("trunk")));
        head = config.transformer().tied()
                ? null
                : child("head", new Linear(new Linear.Config(width, space.size(), false, init), rng.split("head")));
    }

    /** Returns the sizes. */
    public Config config() {
        return config;
    }

    /**
     * Returns logits (B, m + 1, K) of codes 0 to m.
     *
     * @param labels INT32 (B)
     * @param first INT32 (B, m), the first m codes, 0 ≤ m &lt; n
     */
    public Tensor forward(Tensor labels, Tensor first) {
        return logits(trunk.forward(begun(labels, first), AttentionMask.CAUSAL));
    }

    /**
     * Returns logits (B, K) of code m and remembers what was read.
     *
     * @param labels INT32 (B)
     * @param first INT32 (B, m), the first m codes, 0 ≤ m &lt; n
     * @param cache empty, of {@link #cache}
     */
    public Tensor begin(Tensor labels, Tensor first, KeyValueCache cache) {
        Check.state(cache.length() == 0, "CausalTransformer: cache must be empty, holds %d tokens", cache.length());
        Tensor h = trunk.forward(begun(labels, first), cache); // (B, m + 1, D)
        return logits(h.select(1, first.dim(1)));
    }

    /**
     * Returns logits (B, K) of the code after the one given.
     *
     * @param last INT32 (B), the code that was last in question
     * @param cache holds everything before it
     */
    public Tensor next(Tensor last, KeyValueCache cache) {
        Tensor h = trunk.forward(codes.forward(last.reshape(-1, 1)), cache); // (B, 1, D)
        return logits(h.select(1, 0));
    }

    /** Returns an empty cache for this network. */
    public KeyValueCache cache() {
        return new KeyValueCache(config.transformer().depth(), config.codes().length() + 1); // a class and the codes
    }

    /** Returns the vectors (B, m + 1, D) of class and codes. */
    private Tensor begun(Tensor labels, Tensor first) {
        Check.rank("CausalTransformer: codes", 2, "(B, m)", first);
        Check.shape(
                first.dim(1) < config.codes().length(),
                "CausalTransformer: codes must be (B, m < %d), got %s",
                config.codes().length(),
                first.shape());
        Tensor start = classes.forward(labels.reshape(-1, 1)); // (B, 1, D)
        return first.dim(1) == 0 ? start : start.concat(codes.forward(first), 1);
    }

    private Tensor logits(Tensor h) {
        if (head != null) {
            return head.forward(h);
        }
        Tensor table = codes.weight(); // (K, D)
        Shape shape = h.shape().with(-1, table.dim(0));
        return h.reshape(-1, h.dim(-1)).matmul(cast(table, h), false, true).reshape(shape);
    }
}
