package org.atelier4j.nn;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Which of the S keys each of the T queries may see, and what is added to their scores. Masks combine by {@link #and}.
 *
 * @param causal whether query i sees only keys 0 to {@code S − T + i}: the last query sees all, so that queries may be the
 *     tail of a longer sequence whose keys are cached
 * @param allowed BOOL that broadcasts to (B, H, T, S), true where the key may be seen, or null for everywhere
 * @param bias floating, broadcasts to (B, H, T, S), added to the scores (−∞ forbids), or null for none; gradients reach it
 */
public record AttentionMask(
        boolean causal, @Nullable Tensor allowed, @Nullable Tensor bias) {
    /** Everything may be seen. */
    public static final AttentionMask NONE = new AttentionMask(false, null, null);

    /** Token i sees tokens 0 to i. */
    public static final AttentionMask CAUSAL = new AttentionMask(true, null, null);

    /** Checks the types. */
    public AttentionMask {
        if (allowed != null) {
            Check.dtype("AttentionMask: allowed", DType.BOOL, allowed);
        }
        Check.that(
                bias == null || bias.dtype().isFloating(),
                "AttentionMask: bias must be floating, got %s",
                bias == null ? null : bias.dtype());
    }

    /** Lets keys be seen where a BOOL mask, broadcast to (B, H, T, S), is true. */
    public static AttentionMask allowing(Tensor allowed) {
        return new AttentionMask(false, allowed, null);
    }

    /** Adds numbers, broadcast to (B, H, T, S), to the scores. */
    public static AttentionMask adding(Tensor bias) {
        return new AttentionMask(false, null, bias);
    }

    /** Hides padding: of image b's keys the first {@code lengths[b]} of {@code keys} are seen. */
    public static AttentionMask lengths(int keys, int... lengths) {
        Tensor count = Tensor.of(lengths, lengths.length, 1, 1, 1);
        return allowing(Tensor.arange(keys).less(count)); // (B, 1, 1, S)
    }

    /** Returns the mask that lets be seen what both do, and adds what both add. */
    public AttentionMask and(AttentionMask other) {
        Tensor both = allowed == null ? other.allowed : other.allowed == null ? allowed : allowed.and(other.allowed);
        Tensor sum = bias == null ? other.bias : other.bias == null ? bias : bias.add(other.bias);
        return new AttentionMask(causal || other.causal, both, sum);
    }

    /** Returns whether a query may be left without any key, for T queries and S keys. */
    boolean mayHideAll(int queries, int keys) {
        return allowed != null || bias != null || causal && keys < queries;
    }

    /**
     * Returns what is to be added to scores, finite, or null for nothing; at most {@link #HIDDEN} where forbidden. That the
     * future is hidden needs no numbers, unless others hide more: queries that see nothing at all are found by them.
     */
    @Nullable
    Tensor additive(int queries, int keys, Tensor like) {
        if (!mayHideAll(queries, keys)) {
            return null;
        }
        Tensor seen = allowed;
        if (causal) {
            Tensor last = Tensor.arange(queries).add(Tensor.full(keys - queries, DType.INT32, Shape.scalar()));
            Tensor past =
                    Tensor.arange(keys).lessEqual(last.reshape(queries, 1)).to(like.device()); // (T, S)
            seen = seen == null ? past : seen.and(past);
        }
        Tensor hidden = null;
        if (seen != null) {
            Tensor zero = Tensor.full(0, like.dtype(), Shape.scalar()).to(like.device());
            Tensor low = Tensor.full(HIDDEN, like.dtype(), Shape.scalar()).to(like.device());
            hidden = Tensor.where(seen, zero, low);
        }
        if (bias == null) {
            return hidden;
        }
        Tensor finite = bias.to(like.dtype()).clamp(HIDDEN, Double.POSITIVE_INFINITY);
        return hidden == null ? finite : finite.add(hidden);
    }

    /** Takes all weight from a key and is finite in every floating type. */
    static final double HIDDEN = -1e30;
}
