package org.atelier4j.metrics;

import java.util.Arrays;
import java.util.List;
import org.atelier4j.model.FeatureExtractor;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;

/**
 * The features of many images, one row each, and the network they come from: what metrics of neighbors and kernels need.
 * N images cost 4·N·D bytes.
 */
public final class FeatureBank {
    private static final int STATISTICS_BLOCK = 1 << 20; // numbers, 8 MiB of doubles

    private final String extractor;
    private final String hash;
    private final Tensor rows;

    private FeatureBank(String extractor, String hash, Tensor rows) {
        this.extractor = extractor;
        this.hash = hash;
        this.rows = rows;
    }

    /**
     * Returns a bank over features that were made elsewhere.
     *
     * @param extractor the network's name
     * @param hash the network's hash, or "" where there is none
     * @param rows FLOAT32 or FLOAT64 (N, D), finite
     */
    public static FeatureBank of(String extractor, String hash, Tensor rows) {
        Check.rank("FeatureBank", 2, "(N, D)", rows);
        Check.that(rows.dtype().isFloating(), "FeatureBank: features must be floating, got %s", rows.dtype());
        Rows.checkFinite(extractor, rows, 0);
        return new FeatureBank(extractor, hash, rows.detach());
    }

    /** Returns an empty bank that grows; {@code expected} rows fit without growing. */
    static Builder builder(FeatureExtractor extractor, int expected) {
        return new Builder(extractor, Math.max(1, expected));
    }

    /** Returns the network's name. */
    public String extractor() {
        return extractor;
    }

    /** Returns the network's hash, "" where it is not known. */
    public String hash() {
        return hash;
    }

    /** Returns the features (N, D). */
    public Tensor rows() {
        return rows;
    }

    /** Returns N, the number of images. */
    public int count() {
        return rows.dim(0);
    }

    /** Returns D, the number of features of an image. */
    public int width() {
        return rows.dim(1);
    }

    /** Returns mean and covariance of the features. */
    public FeatureStatistics statistics() {
        FeatureStatistics statistics = FeatureStatistics.of(extractor, hash, width());
        int step = Math.max(1, STATISTICS_BLOCK / Math.max(1, width()));
        for (int i = 0; i < count(); i += step) {
            statistics.add(rows.slice(0, i, Math.min(step, count() - i)));
        }
        return statistics;
    }

    /** Returns the images with the given numbers. */
    public FeatureBank select(int[] images) {
        return new FeatureBank(extractor, hash, TensorScope.outside(() -> gathered(images)));
    }

    /** Returns {@code n} of the images, drawn without repetition. */
    public FeatureBank sample(int n, Rng rng) {
        return select(drawn(n, rng));
    }

    /** Returns the rows (n, D) of {@link #sample}, which belong to the scope of the caller. */
    Tensor sampleRows(int n, Rng rng) {
        return gathered(drawn(n, rng));
    }

    private Tensor gathered(int[] images) {
        return rows.gatherRows(Tensor.of(images, images.length));
    }

    private int[] drawn(int n, Rng rng) {
        Check.that(n >= 0 && n <= count(), "FeatureBank: sample must have 0 to %d images, got %d", count(), n);
        return Arrays.copyOf(rng.permutation(count()), n);
    }

    /** Returns two random halves without a common image, the floor of every distance; an odd image is left out. */
    public List<FeatureBank> halves(Rng rng) {
        int[] order = rng.permutation(count());
        int half = count() / 2;
        return List.of(select(Arrays.copyOf(order, half)), select(Arrays.copyOfRange(order, half, 2 * half)));
    }

    /**
     * Gives the memory of the features back at once; else the garbage collector does when it comes by, and it does not see
     * how much that is. Neither this bank nor its rows may be used afterwards.
     */
    public void discard() {
        TensorScope.discard(rows);
    }

    /** Checks that two banks come from one network and have at least {@code minimum} images each. */
    static void checkPair(String metric, FeatureBank a, FeatureBank b, int minimum) {
        Rows.checkSameNetwork(metric, a.extractor, a.hash, b.extractor, b.hash);
        Rows.checkPair(metric, a.rows, b.rows, minimum);
    }

    /** Collects rows in memory that doubles when it is full. */
    static final class Builder {
        private final FeatureExtractor extractor;
        private Tensor rows;
        private int count;

        private Builder(FeatureExtractor extractor, int capacity) {
            this.extractor = extractor;
            rows = space(capacity);
        }

        private Tensor space(int capacity) {
            return TensorScope.outside(() -> Tensor.zeros(capacity, extractor.width()));
        }

        /** Copies rows (n, D). */
        void add(Tensor batch) {
            int needed = count + batch.dim(0);
            if (needed > rows.dim(0)) {
                Tensor wider = space(Math.max(needed, 2 * rows.dim(0)));
                try (TensorScope scope = TensorScope.open()) {
                    write(rows.slice(0, 0, count), wider, 0);
                }
                TensorScope.discard(rows);
                rows = wider;
            }
            write(batch.to(DType.FLOAT32), rows, count);
            count = needed;
        }

        private static void write(Tensor source, Tensor target, int row) {
            target.device().upload(source.download(), target.storage(), (long) row * target.dim(1));
        }

        FeatureBank build() {
            Tensor filled = Tensor.over(rows.storage(), 0, rows.shape().with(0, count));
            return new FeatureBank(extractor.name(), extractor.hash(), filled);
        }
    }
}
