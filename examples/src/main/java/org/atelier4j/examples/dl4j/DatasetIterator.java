package org.atelier4j.examples.dl4j;

import java.util.List;
import org.atelier4j.data.Dataset;
import org.atelier4j.tensor.Rng;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.DataSetPreProcessor;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An Atelier {@link Dataset} for a DL4J network: features (B, C, H, W) in [0, 1], channels first as DL4J wants them, and
 * labels (B, K) with a one. Each pass has a random order of its own.
 */
public final class DatasetIterator implements DataSetIterator {
    private static final long serialVersionUID = 1L;
    private static final float WHITE = 255;

    private final transient Dataset dataset;
    private final transient Rng rng;
    private final int batch;
    private int[] order;
    private int pass;
    private int position;
    private transient @Nullable DataSetPreProcessor preProcessor;

    /**
     * Makes an iterator.
     *
     * @param dataset of images with 1 or 3 channels
     * @param batch examples in a batch, ≥ 1; the last one of a pass may be smaller
     * @param rng decides the order of each pass
     */
    public DatasetIterator(Dataset dataset, int batch, Rng rng) {
        this.dataset = dataset;
        this.batch = batch;
        this.rng = rng;
        this.order = rng.split(0).permutation(dataset.size());
    }

    @Override
    public DataSet next(int count) {
        int n = Math.min(count, order.length - position);
        int height = dataset.imageShape().dim(0);
        int width = dataset.imageShape().dim(1);
        int channels = dataset.imageShape().dim(2);
        int plane = height * width;
        byte[] pixels = new byte[plane * channels];
        float[] features = new float[n * channels * plane];
        float[] labels = new float[n * dataset.classNames().size()];
        for (int i = 0; i < n; i++) {
            int index = order[position++];
            dataset.copyPixels(index, pixels, 0); // (H, W, C)
            for (int c = 0; c < channels; c++) {
                for (int p = 0; p < plane; p++) {
                    features[(i * channels + c) * plane + p] = (pixels[p * channels + c] & 0xff) / WHITE;
                }
            }
            labels[i * dataset.classNames().size() + dataset.label(index)] = 1;
        }
        INDArray x = Nd4j.create(features, new int[] {n, channels, height, width}, 'c');
        INDArray y = Nd4j.create(labels, new int[] {n, dataset.classNames().size()}, 'c');
        DataSet examples = new DataSet(x, y);
        if (preProcessor != null) {
            preProcessor.preProcess(examples);
        }
        return examples;
    }

    @Override
    public DataSet next() {
        return next(batch);
    }

    @Override
    public boolean hasNext() {
        return position < order.length;
    }

    /** Starts the next pass, in another order. */
    @Override
    public void reset() {
        pass++;
        position = 0;
        order = rng.split(pass).permutation(order.length);
    }

    @Override
    public int batch() {
        return batch;
    }

    @Override
    public int inputColumns() {
        return Math.toIntExact(dataset.imageShape().size());
    }

    @Override
    public int totalOutcomes() {
        return dataset.classNames().size();
    }

    @Override
    public List<String> getLabels() {
        return dataset.classNames();
    }

    @Override
    public boolean resetSupported() {
        return true;
    }

    /** Returns false: DL4J would read ahead in a thread of its own, and what is read here is in memory already. */
    @Override
    public boolean asyncSupported() {
        return false;
    }

    @Override
    public void setPreProcessor(@Nullable DataSetPreProcessor other) {
        preProcessor = other;
    }

    @Override
    public @Nullable DataSetPreProcessor getPreProcessor() {
        return preProcessor;
    }
}
