package org.atelier4j.nn;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.op.DotProductAttention;
import org.jspecify.annotations.Nullable;

/**
 * Scaled dot-product attention: {@code softmax(QKᵀ/√D + mask)V} (Vaswani et al. 2017, "Attention Is All You Need",
 * arXiv:1706.03762, eq. 1), differentiable twice.
 *
 * <p>Queries are (B, H, T, D), keys (B, H, S, D), values (B, H, S, E); self-attention has S = T, cross-attention any S. A
 * query from which the mask hides all keys gets zeros, and no gradient passes through it.
 */
public final class Attention {

    private Attention() {}

    /** Returns (B, H, T, E): each query sees all keys. */
    public static Tensor of(Tensor q, Tensor k, Tensor v) {
        return of(q, k, v, AttentionMask.NONE);
    }

    /** Returns (B, H, T, E): each query sees what {@code mask} lets it. */
    public static Tensor of(Tensor q, Tensor k, Tensor v, AttentionMask mask) {
        Check.rank("attention: queries", 4, "(B, H, T, D)", q);
        Check.rank("attention: keys", 4, "(B, H, S, D)", k);
        Check.rank("attention: values", 4, "(B, H, S, E)", v);
        Check.shape(
                k.dim(3) == q.dim(3) && v.dim(2) == k.dim(2),
                "attention: shapes must be (B, H, T, D), (B, H, S, D) and (B, H, S, E), got %s, %s and %s",
                q.shape(),
                k.shape(),
                v.shape());
        int queries = q.dim(2);
        int keys = k.dim(2);
        boolean causal = mask.causal() && keys >= queries; // else some queries see nothing
        DotProductAttention op = new DotProductAttention(1 / Math.sqrt(q.dim(3)), causal);
        @Nullable Tensor added = mask.additive(queries, keys, q);
        if (added == null) {
            return op.apply(q, k, v);
        }
        Shape scores =
                Shape.broadcast("attention", q.shape(), k.shape().with(2, 1)).with(3, keys);
        Check.shape(
                Shape.broadcast("attention: mask", added.shape(), scores).equals(scores),
                "attention: mask must broadcast to (B, H, T, S) = %s, got %s",
                scores,
                added.shape());
        Tensor y = op.apply(q, k, v, added); // (B, H, T, E)
        return mask.mayHideAll(queries, keys) ? zeroWhereBlind(y, added) : y;
    }

    private static Tensor zeroWhereBlind(Tensor y, Tensor added) {
        Tensor blind = added.detach().max(-1).less(AttentionMask.HIDDEN / 2); // (…, T or 1, 1)
        return Tensor.where(blind, Tensor.full(0, y.dtype(), Shape.scalar()).to(y.device()), y);
    }
}
