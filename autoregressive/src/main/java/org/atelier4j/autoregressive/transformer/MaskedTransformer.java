package org.atelier4j.autoregressive.transformer;

import org.atelier4j.autoregressive.CodeSpace;
import org.atelier4j.nn.AttentionMask;
import org.atelier4j.nn.Embedding;
import org.atelier4j.nn.Init;
import org.atelier4j.nn.Layer;
import org.atelier4j.nn.Linear;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Chang et al. 2022, "MaskGIT: Masked Generative Image Transformer" (arXiv:2202.04200), sec. 3.1: a transformer in which all
 * places see each other and that says which code is behind each mask, {@code p(y_i | Y_M̄, c)}. Classes (B) and codes (B, n), K
 * where masked → logits (B, n, K).
 *
 * <p>Differs from the paper: the vector of the class is added to that of each code instead of standing in front of them; the
 * output is the table of code vectors alone, or a layer of its own.
 */
public final class MaskedTransformer extends Layer {

    /**
     * Sizes.
     *
     * @param codes what is modelled
     * @param transformer sizes of the blocks
     * @param smoothing label smoothing of the loss, in [0, 1); 0.1 in the paper
     */
    public record Config(CodeSpace codes, TransformerConfig transformer, double smoothing) {
        /** Checks the range. */
        public Config {
            Check.that(
                    smoothing >= 0 && smoothing < 1,
                    "MaskedTransformer: smoothing must lie in [0, 1), got %s",
                    smoothing);
        }
    }

    private final Config config;
    private final Embedding classes;
    private final Embedding codes;
    private final TransformerTrunk trunk;
    private final @Nullable Linear head;

    /** Makes a network. */
    public MaskedTransformer(Config config, Rng rng) {
        this.config = config;
        CodeSpace space = config.codes();
        int width = config.transformer().width();
        Init init = Init.normal(TransformerTrunk.DEVIATION);
        classes = child("classes", new Embedding(space.classes() + 1, width, init, rng.split("classes")));
        codes = child(
                "codes", new Embedding(space.size() + 1, width, init, rng.split("codes"))); // the last is the mask
        trunk = child("trunk", new TransformerTrunk(config.transformer(), space, rng.split("trunk")));
        head = config.transformer().tied()
                ? null
                : child("head", new Linear(new Linear.Config(width, space.size(), false, init), rng.split("head")));
    }

    /** Returns the sizes. */
    public Config config() {
        return config;
    }

    /** Returns the number that stands for a masked code, K. */
    public int mask() {
        return config.codes().size();
    }

    /**
     * Returns logits (B, n, K) of all codes.
     *
     * @param labels INT32 (B)
     * @param grid INT32 (B, n), {@link #mask} where the code is hidden
     */
    public Tensor forward(Tensor labels, Tensor grid) {
        Check.rank("MaskedTransformer: codes", 2, "(B, n)", grid);
        Check.shape(
                grid.dim(1) == config.codes().length(),
                "MaskedTransformer: codes must be (B, n = %d), got %s",
                config.codes().length(),
                grid.shape());
        Tensor x = codes.forward(grid).add(classes.forward(labels.reshape(-1, 1))); // (B, n, D)
        return logits(trunk.forward(x, AttentionMask.NONE));
    }

    private Tensor logits(Tensor h) {
        if (head != null) {
            return head.forward(h);
        }
        Tensor table = codes.weight().slice(0, 0, config.codes().size()); // (K, D)
        Shape shape = h.shape().with(-1, table.dim(0));
        return h.reshape(-1, h.dim(-1)).matmul(cast(table, h), false, true).reshape(shape);
    }
}
