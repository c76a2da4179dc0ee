package org.atelier4j.data;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.Device;
import org.jspecify.annotations.Nullable;

/**
 * Batches of a data set, pass after pass, prepared ahead by a thread.
 *
 * <p>What batch number p holds depends on the data set, the configuration, the random stream and p alone: the order of each
 * pass and every flip and shift are drawn from streams split by the number of the pass. So a run that stores
 * {@link #position()} and later calls {@link #seek} sees the same batches as one that was never interrupted.
 *
 * <p>The thread prepares numbers in buffers that go round; {@link #next()} copies them into tensors that belong to the
 * caller's {@link org.atelier4j.tensor.TensorScope}, as any other tensor. One thread at a time may call.
 *
 * <pre>{@code
 * try (Batches batches = new Batches(dataset, Batches.Config.training(64), rng.split("data"))) {
 *     Batch batch = batches.next();
 * }
 * }</pre>
 */
public final class Batches implements Iterator<Batch>, AutoCloseable {

    /**
     * How batches are made.
     *
     * @param batchSize examples in a batch, ≥ 1
     * @param passes how often the data set is gone through; 0 for without end
     * @param shuffle whether each pass has a random order
     * @param dropLast whether the last batch of a pass is left out where it would be smaller
     * @param augmentation what is done to images
     * @param prefetch how many batches are prepared ahead; 0 for none and no thread
     */
    public record Config(
            int batchSize, long passes, boolean shuffle, boolean dropLast, Augmentation augmentation, int prefetch) {

        /** Checks the numbers. */
        public Config {
            Check.that(batchSize >= 1, "Batches: batch size must be >= 1, got %d", batchSize);
            Check.that(passes >= 0, "Batches: passes must be >= 0, got %d", passes);
            Check.that(prefetch >= 0, "Batches: prefetch must be >= 0, got %d", prefetch);
        }

        /** Returns what training wants: shuffled, full batches only, without end, two prepared ahead. */
        public static Config training(int batchSize) {
            return new Config(batchSize, 0, true, true, Augmentation.NONE, 2);
        }

        /** Returns what measuring wants: every example once, in order. */
        public static Config evaluation(int batchSize) {
            return new Config(batchSize, 1, false, false, Augmentation.NONE, 2);
        }

        /** Returns this with images changed as said. */
        public Config withAugmentation(Augmentation other) {
            return new Config(batchSize, passes, shuffle, dropLast, other, prefetch);
        }

        /** Returns this with another number of batches prepared ahead. */
        public Config withPrefetch(int count) {
            return new Config(batchSize, passes, shuffle, dropLast, augmentation, count);
        }
    }

    private final Config config;
    private final BatchAssembler assembler;
    private final Shape imageShape;
    private long position;
    private @Nullable Prefetch prefetch;
    private boolean closed;

    /**
     * Makes the batches of a data set; nothing is read before the first is asked for.
     *
     * @param rng decides order and augmentation; only split, never drawn from
     */
    public Batches(Dataset dataset, Config config, Rng rng) {
        Check.that(dataset.size() > 0, "Batches: data set must not be empty");
        Check.that(
                !config.dropLast() || config.batchSize() <= dataset.size(),
                "Batches: batch size must be at most the %d examples where smaller batches are dropped, got %d",
                dataset.size(),
                config.batchSize());
        this.config = config;
        this.assembler = new BatchAssembler(dataset, config, rng);
        this.imageShape = config.augmentation().shape(dataset.imageShape());
    }

    /** Returns the number of batches in one pass. */
    public long batchesPerPass() {
        return assembler.batchesPerPass();
    }

    /** Returns the shape of one image of a batch, (H, W, C), padding included. */
    public Shape imageShape() {
        return imageShape;
    }

    /** Returns how many batches were taken since the first pass began. */
    public long position() {
        return position;
    }

    /** Goes to where {@code position} batches are taken, forwards or backwards. */
    public void seek(long position) {
        Check.that(position >= 0, "Batches: position must be >= 0, got %d", position);
        stop();
        this.position = position;
    }

    @Override
    public boolean hasNext() {
        return config.passes() == 0 || position < config.passes() * batchesPerPass();
    }

    /**
     * Returns the next batch, on the current device: images FLOAT32 (B, H, W, C) in [−1, 1], labels INT32 (B).
     *
     * @throws NoSuchElementException after the last pass
     * @throws RuntimeException what the data set threw while the batch was prepared, here and at each further call
     */
    @Override
    public Batch next() {
        Check.state(!closed, "Batches: next must not be called after close");
        if (!hasNext()) {
            throw new NoSuchElementException("Batches: all " + config.passes() + " passes are over");
        }
        HostBatch prepared = config.prefetch() == 0
                ? assembler.assemble(position)
                : prefetch().take();
        try {
            Batch batch = upload(prepared);
            position++;
            return batch;
        } finally {
            if (prefetch != null) {
                prefetch.giveBack(prepared);
            }
        }
    }

    /** Stops the thread and forgets what it prepared. */
    @Override
    public void close() {
        closed = true;
        stop();
    }

    private Prefetch prefetch() {
        Prefetch running = prefetch;
        if (running == null) {
            long end = config.passes() == 0 ? Long.MAX_VALUE : config.passes() * batchesPerPass();
            running = new Prefetch(assembler, config.prefetch(), position, end);
            prefetch = running;
        }
        return running;
    }

    private void stop() {
        if (prefetch != null) {
            prefetch.close();
            prefetch = null;
        }
    }

    private Batch upload(HostBatch prepared) {
        int n = prepared.count();
        Device device = Device.current();
        Tensor images = Tensor.empty(imageShape.insert(0, n), DType.FLOAT32, device); // (B, H, W, C)
        Tensor labels = Tensor.empty(Shape.of(n), DType.INT32, device);
        device.upload(prepared.images(), images.storage(), 0);
        device.upload(prepared.labels(), labels.storage(), 0);
        return new Batch(images, labels);
    }
}
