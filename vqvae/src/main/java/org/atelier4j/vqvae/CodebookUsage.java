package org.atelier4j.vqvae;

import org.atelier4j.model.CodeGrid;
import org.atelier4j.tensor.Check;

/**
 * How often each code was chosen, over as many batches as are added: a whole epoch, as a batch holds too few codes to tell
 * which are never used.
 */
public final class CodebookUsage {
    private final long[] counts;

    /** Starts at no uses of K codes. */
    public CodebookUsage(int size) {
        Check.that(size >= 1, "CodebookUsage: size must be >= 1, got %d", size);
        counts = new long[size];
    }

    /** Counts the codes of a batch. */
    public void add(CodeGrid grid) {
        Check.that(
                grid.size() == counts.length,
                "CodebookUsage: codes must be of %d, got of %d",
                counts.length,
                grid.size());
        for (int code : grid.codes().toInts()) {
            counts[code]++;
        }
    }

    /** Starts again. */
    public void clear() {
        java.util.Arrays.fill(counts, 0);
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

    /** Returns the part of the codes that were chosen at all, in [0, 1]. */
    public double used() {
        return 1 - (double) dead() / counts.length;
    }

    /** Returns the number of codes that were never chosen. */
    public int dead() {
        int dead = 0;
        for (long n : counts) {
            dead += n == 0 ? 1 : 0;
        }
        return dead;
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
