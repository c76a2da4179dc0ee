package org.atelier4j.vqvae;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;

/** How often each of K codes was chosen, and what that says of a codebook. */
public final class CodeCounts {
    private final long[] counts;

    /** Starts at no uses of K codes. */
    public CodeCounts(int size) {
        this(new long[size]);
        Check.that(size >= 1, "CodeCounts: size must be >= 1, got %d", size);
    }

    private CodeCounts(long[] counts) {
        this.counts = counts;
    }

    /** Returns the counts of a tensor INT64 (K). */
    static CodeCounts of(Tensor counts) {
        double[] values = counts.toDoubles();
        CodeCounts result = new CodeCounts(values.length);
        for (int i = 0; i < values.length; i++) {
            result.counts[i] = (long) values[i];
        }
        return result;
    }

    /** Returns these as INT64 (K). */
    Tensor tensor() {
        return Tensor.of(counts.clone(), counts.length);
    }

    /** Counts the codes of a batch, INT32 of any shape, each in [0, K). */
    public void add(Tensor codes) {
        for (int code : codes.toInts()) {
            counts[code]++;
        }
    }

    /** Returns K. */
    public int size() {
        return counts.length;
    }

    /** Returns how often a code was chosen. */
    public long count(int code) {
        return counts[code];
    }

    /** Returns how many codes were counted, those chosen twice twice. */
    public long total() {
        long sum = 0;
        for (long n : counts) {
            sum += n;
        }
        return sum;
    }

    /** Returns the number of codes that were never chosen. */
    public int dead() {
        int dead = 0;
        for (long n : counts) {
            dead += n == 0 ? 1 : 0;
        }
        return dead;
    }

    /** Returns the part of the codes that were chosen at all, in [0, 1]. */
    public double used() {
        return 1 - (double) dead() / counts.length;
    }

    /**
     * Returns {@code exp(−Σ p_k log p_k)} of the relative uses p: as many equally used codes would say as much. From 1 to K;
     * 0 if nothing was counted.
     */
    public double perplexity() {
        double total = total();
        double entropy = 0;
        for (long n : counts) {
            entropy -= n == 0 ? 0 : n / total * Math.log(n / total);
        }
        return total == 0 ? 0 : Math.exp(entropy);
    }
}
