package org.atelier4j.autoregressive;

import java.util.Arrays;
import java.util.Iterator;
import org.atelier4j.data.Batch;
import org.atelier4j.model.CodeGrid;
import org.atelier4j.model.ImageTokenizer;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * A labelled image set after a tokenizer: each image once, as 16-bit codes in memory. A prior goes through it many times
 * and never sees an image.
 */
public final class CodeDataset {
    private static final int LARGEST = 1 << 16;

    private final CodeSpace space;
    private final char[] codes;
    private final int[] labels;

    private CodeDataset(CodeSpace space, char[] codes, int[] labels) {
        this.space = space;
        this.codes = codes;
        this.labels = labels;
    }

    /**
     * Returns the codes of all images of one pass.
     *
     * @param batches one pass over the images
     * @param imageShape (H, W, C)
     * @param count number of images in the pass
     * @param classes number of classes
     */
    public static CodeDataset of(
            ImageTokenizer tokenizer, Iterator<Batch> batches, Shape imageShape, int count, int classes) {
        Shape grid = tokenizer.gridShape(imageShape);
        CodeSpace space = new CodeSpace(tokenizer.size(), grid.dim(0), grid.dim(1), classes);
        Check.that(
                space.size() <= LARGEST, "CodeDataset: there must be at most %d codes, got %d", LARGEST, space.size());
        char[] codes = new char[Math.multiplyExact(count, space.length())];
        int[] labels = new int[count];
        int done = 0;
        while (batches.hasNext()) {
            try (NoGrad off = NoGrad.open();
                    TensorScope scope = TensorScope.open()) {
                Batch batch = batches.next();
                CodeGrid made = space.checked("CodeDataset", tokenizer.tokenize(batch.images()));
                int[] values = made.codes().toInts();
                for (int i = 0; i < values.length; i++) {
                    codes[done * space.length() + i] = (char) values[i];
                }
                System.arraycopy(
                        space.checkedLabels("CodeDataset", batch.labels(), batch.size())
                                .toInts(),
                        0,
                        labels,
                        done,
                        batch.size());
                done += batch.size();
            }
        }
        Check.that(done == count, "CodeDataset: the pass must have %d images, got %d", count, done);
        return new CodeDataset(space, codes, labels);
    }

    /**
     * Returns a set of grids that are there already.
     *
     * @param grid codes (N, h, w)
     * @param labels INT32 (N)
     */
    public static CodeDataset of(CodeGrid grid, Tensor labels, int classes) {
        CodeSpace space =
                new CodeSpace(grid.size(), grid.codes().dim(1), grid.codes().dim(2), classes);
        int[] values = space.checked("CodeDataset", grid).codes().toInts();
        char[] codes = new char[values.length];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = (char) values[i];
        }
        int count = grid.codes().dim(0);
        return new CodeDataset(
                space, codes, space.checkedLabels("CodeDataset", labels, count).toInts());
    }

    /** Returns the space of the grids. */
    public CodeSpace space() {
        return space;
    }

    /** Returns the number of examples. */
    public int size() {
        return labels.length;
    }

    /** Returns the examples of the given numbers. */
    public CodeBatch get(int... numbers) {
        int n = space.length();
        int[] values = new int[numbers.length * n];
        int[] classes = new int[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
            for (int j = 0; j < n; j++) {
                values[i * n + j] = codes[numbers[i] * n + j];
            }
            classes[i] = labels[numbers[i]];
        }
        Tensor grid = Tensor.of(values, numbers.length, space.height(), space.width()); // (B, h, w)
        return new CodeBatch(new CodeGrid(grid, space.size()), Tensor.of(classes, classes.length));
    }

    /** Returns examples {@code [first, first + count)}. */
    public CodeBatch range(int first, int count) {
        int[] numbers = new int[count];
        Arrays.setAll(numbers, i -> first + i);
        return get(numbers);
    }

    /**
     * Shuffled batches, pass after pass without end. Which examples batch p holds follows from the stream and p alone, so
     * that a run which stores {@link #position} goes on as if it had never stopped.
     */
    public final class Batches {
        private final int batchSize;
        private final Rng rng;
        private long position;
        private long pass = -1;
        private int[] order = {};

        private Batches(int batchSize, Rng rng) {
            this.batchSize = batchSize;
            this.rng = rng;
        }

        /** Returns the next batch. */
        public CodeBatch next() {
            long perPass = size() / batchSize;
            if (position / perPass != pass) {
                pass = position / perPass;
                order = rng.split(pass).permutation(size());
            }
            int first = (int) (position++ % perPass) * batchSize;
            return get(Arrays.copyOfRange(order, first, first + batchSize));
        }

        /** Returns how many batches were taken. */
        public long position() {
            return position;
        }

        /** Goes to where {@code batches} batches are taken. */
        public void seek(long batches) {
            Check.that(batches >= 0, "CodeDataset: position must be >= 0, got %d", batches);
            position = batches;
        }
    }

    /**
     * Returns shuffled batches; the last examples of a pass that fill no batch are left out of it.
     *
     * @param rng decides the order; only split, never drawn from
     */
    public Batches batches(int batchSize, Rng rng) {
        Check.that(
                batchSize >= 1 && batchSize <= size(),
                "CodeDataset: batch size must lie in [1, %d], got %d",
                size(),
                batchSize);
        return new Batches(batchSize, rng);
    }
}
