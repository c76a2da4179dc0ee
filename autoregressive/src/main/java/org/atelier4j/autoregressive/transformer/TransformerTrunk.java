package org.atelier4j.autoregressive.transformer;

import java.util.List;
import org.atelier4j.autoregressive.CodeSpace;
import org.atelier4j.nn.Attention;
import org.atelier4j.nn.AttentionMask;
import org.atelier4j.nn.Dropout;
import org.atelier4j.nn.Init;
import org.atelier4j.nn.KeyValueCache;
import org.atelier4j.nn.Layer;
import org.atelier4j.nn.LayerNorm;
import org.atelier4j.nn.PositionEmbedding;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What causal and masked transformers share: positions, blocks, a norm at the end. Vectors (B, T, D) of tokens → (B, T, D).
 *
 * <p>All weights start normal with deviation 0.02, those at the end of a branch divided by {@code √(2·depth)}, so that the sum
 * of all branches starts small (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", sec. 2.3).
 */
public final class TransformerTrunk extends Layer {
    /** Deviation of initial weights. */
    static final double DEVIATION = 0.02;

    private final @Nullable PositionEmbedding positions;
    private final Dropout dropout;
    private final List<TransformerBlock> blocks;
    private final LayerNorm norm;

    /** Makes a trunk for the places of a grid. */
    public TransformerTrunk(TransformerConfig config, CodeSpace grid, Rng rng) {
        int width = config.width();
        boolean learned = config.positions() == TransformerConfig.Positions.LEARNED;
        RotaryPositions rotary =
                learned ? null : new RotaryPositions(grid.height(), grid.width(), width / config.heads());
        Init inner = Init.normal(DEVIATION);
        Init outer = Init.normal(DEVIATION / Math.sqrt(2 * config.depth()));
        positions = learned
                ? child("positions", new PositionEmbedding(grid.length(), width, rng.split("positions")))
                : null;
        dropout = child("dropout", new Dropout(config.dropout(), rng.split("dropout")));
        blocks = children(
                "blocks",
                config.depth(),
                i -> new TransformerBlock(
                        config, rotary, inner, outer, rng.split("blocks").split(i)));
        norm = child("norm", new LayerNorm(width));
    }

    /** Returns (B, T, D) for vectors x (B, T, D) at places 0 to T − 1 that see each other where the mask lets them. */
    public Tensor forward(Tensor x, AttentionMask mask) {
        Tensor h = placed(x, 0);
        for (TransformerBlock block : blocks) {
            h = block.forward(h, 0, (q, k, v) -> Attention.of(q, k, v, mask));
        }
        return norm.forward(h);
    }

    /** Returns (B, T, D) for the T vectors after those in the cache, which they and their predecessors see; it takes them in. */
    public Tensor forward(Tensor x, KeyValueCache cache) {
        int first = cache.length();
        Tensor h = placed(x, first);
        for (int i = 0; i < blocks.size(); i++) {
            int layer = i;
            h = blocks.get(i).forward(h, first, (q, k, v) -> cache.attend(layer, q, k, v));
        }
        cache.advance(x.dim(1));
        return norm.forward(h);
    }

    private Tensor placed(Tensor x, int first) {
        return dropout.forward(positions == null ? x : positions.forward(x, first));
    }
}
