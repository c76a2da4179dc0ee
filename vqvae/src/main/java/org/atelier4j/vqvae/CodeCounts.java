package org.atelier4j.vqvae;

import java.util.Arrays;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;

/**
 * How often each of K codes was chosen, and what that says of a codebook. Counting happens where the codes are; nothing is read
 * before it is asked for.
 */
public final class CodeCounts {
    private final Tensor uses; // INT64 (K)

    /** Starts at no uses of K codes, on the current device. */
    public CodeCounts(int size) {
        Check.that(size >= 1, "CodeCounts: size must be >= 1, got %d", size);
        uses = TensorScope.outside(() -> Tensor.full(0, DType.INT64, Shape.of(size)));
    }

    private CodeCounts(Tensor uses) {
        this.uses = uses;
    }

    /** Returns how often each of K codes occurs among some, INT32 of any shape: FLOAT32 (K), exact up to 2²⁴. */
    static Tensor uses(Tensor codes, int size) {
        int n = Math.toIntExact(codes.size());
        Tensor ones = Tensor.full(1, DType.FLOAT32, Shape.of(n, 1)).to(codes.device());
        return ones.scatterAddRows(codes.reshape(n), size).reshape(size);
    }

    /** Returns these as INT64 (K), the tensor that {@link #add} changes. */
    Tensor tensor() {
        return uses;
    }

    /** Counts the codes of a batch, INT32 of any shape, each in [0, K), on the device where counting began. */
    public void add(Tensor codes) {
        try (TensorScope scope = TensorScope.open()) {
            uses.assign(uses.add(uses(codes, size()).to(DType.INT64)));
        }
    }

    /** Forgets all. */
    void clear() {
        uses.assign(Tensor.zerosLike(uses));
    }

    /** Returns these, or {@code other} if nothing was counted here. */
    CodeCounts orElse(CodeCounts other) {
        return new CodeCounts(Tensor.where(uses.sum().greater(0), uses, other.uses));
    }

    /** Returns K. */
    public int size() {
        return uses.dim(0);
    }

    /** Returns how often each code was chosen. */
    public long[] toArray() {
        return Arrays.stream(uses.toDoubles()).mapToLong(n -> (long) n).toArray();
    }

    /** Returns how often a code was chosen. */
    public long count(int code) {
        return (long) uses.slice(0, code, 1).item();
    }

    /** Returns how many codes were counted, those chosen twice twice. */
    public long total() {
        return (long) uses.sum().item();
    }

    /** Returns the number of codes that were never chosen. */
    public int dead() {
        return (int) uses.equal(0).to(DType.INT32).sum().item();
    }

    /** Returns the part of the codes that were chosen at all, in [0, 1]. */
    public double used() {
        return usedPart().item();
    }

    /** Returns {@link #used} as a FLOAT64 scalar. */
    Tensor usedPart() {
        return uses.greater(0).to(DType.FLOAT64).mean();
    }

    /**
     * Returns {@code exp(−Σ p_k log p_k)} of the relative uses p: as many equally used codes would say as much. From 1 to K;
     * 0 if nothing was counted.
     */
    public double perplexity() {
        return equalCodes().item();
    }

    /** Returns {@link #perplexity} as a FLOAT64 scalar. */
    Tensor equalCodes() {
        Tensor n = uses.to(DType.FLOAT64); // (K)
        Tensor total = n.sum();
        Tensor p = n.div(total.clamp(1, Double.POSITIVE_INFINITY)); // (K)
        Tensor entropy = p.mul(p.clamp(Double.MIN_NORMAL, 1).log()).sum().neg(); // 0·log 0 is 0
        return entropy.exp().mul(total.greater(0).to(DType.FLOAT64));
    }
}
