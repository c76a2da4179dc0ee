package org.atelier4j.metrics;

import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.atelier4j.metrics.image.ImageCheck;
import org.atelier4j.model.FeatureExtractor;
import org.atelier4j.model.ImageSource;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * Shows images to a network, one batch after the other, and hands on what it sees. No more than one batch is in memory,
 * nothing is recorded for differentiation, and images out of range and features that are not finite are refused.
 *
 * <pre>{@code
 * FeatureReader reader = FeatureReader.of(extractor);
 * FeatureStatistics real = reader.statistics(dataset.images());
 * double distance = FrechetDistance.between(real, reader.statistics(sampler, 10_000));
 * }</pre>
 *
 * @param extractor the network
 * @param batch images shown at a time, ≥ 1; features do not depend on it but for rounding
 * @param progress told how many images have been seen, after every batch
 */
public record FeatureReader(FeatureExtractor extractor, int batch, LongConsumer progress) {
    private static final int DEFAULT_BATCH = 64;

    /** Checks the batch size. */
    public FeatureReader {
        Check.that(batch >= 1, "FeatureReader: batch must be >= 1, got %d", batch);
    }

    /** Returns a reader with batches of 64 images and no listener. */
    public static FeatureReader of(FeatureExtractor extractor) {
        return new FeatureReader(extractor, DEFAULT_BATCH, seen -> {});
    }

    /** Returns this reader with another batch size. */
    public FeatureReader withBatch(int images) {
        return new FeatureReader(extractor, images, progress);
    }

    /** Returns this reader with a listener that is told how many images have been seen, after every batch. */
    public FeatureReader withProgress(LongConsumer listener) {
        return new FeatureReader(extractor, batch, listener);
    }

    /** Returns mean and covariance of the features of all images until the source ends. */
    public FeatureStatistics statistics(ImageSource source) {
        FeatureStatistics statistics = FeatureStatistics.of(extractor);
        read(source, Long.MAX_VALUE, statistics::add);
        return statistics;
    }

    /**
     * Returns mean and covariance of the features of the next {@code count} images.
     *
     * @throws IllegalArgumentException if the source ends earlier
     */
    public FeatureStatistics statistics(ImageSource source, int count) {
        FeatureStatistics statistics = FeatureStatistics.of(extractor);
        checkCount(count, read(source, count, statistics::add));
        return statistics;
    }

    /** Returns the features of all images until the source ends. */
    public FeatureBank bank(ImageSource source) {
        FeatureBank.Builder bank = FeatureBank.builder(extractor, 0);
        read(source, Long.MAX_VALUE, bank::add);
        return bank.build();
    }

    /**
     * Returns the features of the next {@code count} images.
     *
     * @throws IllegalArgumentException if the source ends earlier
     */
    public FeatureBank bank(ImageSource source, int count) {
        FeatureBank.Builder bank = FeatureBank.builder(extractor, count);
        checkCount(count, read(source, count, bank::add));
        return bank.build();
    }

    /**
     * Hands the features of all images to a sink, in banks of {@code rows} images, the last one smaller: for what looks at
     * each image once, so that memory does not grow with their number.
     *
     * @param rows images in a bank, ≥ 1
     * @param sink must copy what it keeps; each bank is valid during the call only
     */
    public void banks(ImageSource source, int rows, Consumer<FeatureBank> sink) {
        long seen = 0;
        long read = rows;
        while (read == rows) {
            FeatureBank.Builder builder = FeatureBank.builder(extractor, rows);
            read = read(source, rows, seen, builder::add);
            seen += read;
            FeatureBank bank = builder.build();
            try {
                if (read > 0) {
                    sink.accept(bank);
                }
            } finally {
                bank.discard();
            }
        }
    }

    /**
     * Hands the features (n, D) of one batch after the other to a sink, which must copy what it keeps.
     *
     * @param limit how many images are read at most, ≥ 1
     * @return the number of images read
     */
    public long read(ImageSource source, long limit, Consumer<Tensor> sink) {
        return read(source, limit, 0, sink);
    }

    private long read(ImageSource source, long limit, long before, Consumer<Tensor> sink) {
        Check.that(limit >= 1, "FeatureReader: at least 1 image must be read, got %d", limit);
        Check.shape(
                source.imageShape().rank() == 3 && source.imageShape().dim(2) == extractor.channels(),
                "FeatureReader: images for %s must be (H, W, %d), got %s",
                extractor.name(),
                extractor.channels(),
                source.imageShape());
        long seen = 0;
        while (seen < limit) {
            try (TensorScope scope = TensorScope.open();
                    NoGrad off = NoGrad.open()) {
                Tensor images = source.next((int) Math.min(batch, limit - seen)); // (n, H, W, C)
                if (images.dim(0) == 0) {
                    break;
                }
                ImageCheck.signed("FeatureReader", images);
                sink.accept(features(images, before + seen));
                seen += images.dim(0);
            }
            progress.accept(before + seen);
        }
        return seen;
    }

    private Tensor features(Tensor images, long seen) {
        Tensor rows = extractor.features(images); // (n, D)
        Check.shape(
                rows.rank() == 2 && rows.dim(0) == images.dim(0) && rows.dim(1) == extractor.width(),
                "FeatureReader: features of %s must be (%d, %d), got %s",
                extractor.name(),
                images.dim(0),
                extractor.width(),
                rows.shape());
        Rows.checkFinite(extractor.name(), rows, seen);
        return rows;
    }

    private static void checkCount(int wanted, long got) {
        Check.that(got == wanted, "FeatureReader: source must yield %d images, got %d before it ended", wanted, got);
    }
}
