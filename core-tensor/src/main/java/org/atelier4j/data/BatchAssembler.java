package org.atelier4j.data;

import java.util.Arrays;
import org.atelier4j.image.PixelRange;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.TensorScope;

/** Makes batch number p from the data set, the configuration and the random stream. One thread at a time. */
final class BatchAssembler {
    private static final float BLACK = PixelRange.SIGNED.toFloat((byte) 0);

    private final Dataset dataset;
    private final Batches.Config config;
    private final Rng rng;
    private final Shape in;
    private final Shape out;
    private final byte[] pixels;
    private final float[] numbers;
    private long pass = -1;
    private int[] order = {};
    private int[] flips = {};
    private int[] shifts = {};

    BatchAssembler(Dataset dataset, Batches.Config config, Rng rng) {
        this.dataset = dataset;
        this.config = config;
        this.rng = rng;
        this.in = dataset.imageShape();
        this.out = config.augmentation().shape(in);
        this.pixels = new byte[Math.toIntExact(in.size())];
        this.numbers = new float[Math.toIntExact(out.size())];
    }

    long batchesPerPass() {
        int n = dataset.size();
        return config.dropLast() ? n / config.batchSize() : (n + config.batchSize() - 1L) / config.batchSize();
    }

    HostBatch room() {
        return new HostBatch(Math.min(config.batchSize(), dataset.size()), numbers.length);
    }

    HostBatch assemble(long position) {
        HostBatch batch = room();
        assemble(position, batch);
        return batch;
    }

    /** Fills {@code target} with the batch that follows after {@code position} others. */
    void assemble(long position, HostBatch target) {
        begin(position / batchesPerPass());
        int start = Math.toIntExact(position % batchesPerPass() * config.batchSize());
        int end = Math.min(start + config.batchSize(), dataset.size());
        target.clear();
        for (int i = start; i < end; i++) {
            dataset.copyPixels(order[i], pixels, 0);
            augment(i);
            target.add(numbers, dataset.label(order[i]));
        }
    }

    /** Draws what is random in a pass, at once and from streams of its own, so that any place in it can be reached. */
    private void begin(long wanted) {
        if (pass == wanted) {
            return;
        }
        int n = dataset.size();
        int reach = config.augmentation().maxShift();
        try (TensorScope scope = TensorScope.open()) {
            order = new int[n];
            Arrays.setAll(order, i -> i);
            if (config.shuffle()) {
                order = rng.split("order").split(wanted).permutation(n);
            }
            if (config.augmentation().flip()) {
                flips = rng.split("flip").split(wanted).integers(2, Shape.of(n)).toInts();
            }
            if (reach > 0) {
                Rng stream = rng.split("shift").split(wanted);
                shifts = stream.integers(2 * reach + 1, Shape.of(2 * n)).toInts();
            }
        }
        pass = wanted;
    }

    /** Moves and mirrors the pixels of the i-th example of the pass into {@code numbers}. */
    private void augment(int i) {
        int reach = config.augmentation().maxShift();
        boolean mirror = flips.length > 0 && flips[i] == 1;
        int down = config.augmentation().padding() + (reach == 0 ? 0 : shifts[2 * i] - reach);
        int right = config.augmentation().padding() + (reach == 0 ? 0 : shifts[2 * i + 1] - reach);
        int width = in.dim(1);
        int channels = in.dim(2);
        int at = 0;
        for (int y = 0; y < out.dim(0); y++) {
            int sourceY = y - down;
            for (int x = 0; x < out.dim(1); x++) {
                int sourceX = mirror ? width - 1 - (x - right) : x - right;
                boolean inside = sourceY >= 0 && sourceY < in.dim(0) && sourceX >= 0 && sourceX < width;
                int source = (sourceY * width + sourceX) * channels;
                for (int c = 0; c < channels; c++) {
                    numbers[at++] = inside ? PixelRange.SIGNED.toFloat(pixels[source + c]) : BLACK;
                }
            }
        }
    }
}
