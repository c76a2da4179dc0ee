package org.atelier4j.examples.dl4j;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import org.atelier4j.data.Dataset;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/** An Atelier {@link Dataset} of what a DL4J iterator yields: for users who have their pictures there. */
public final class IteratorDataset {
    private static final float WHITE = 255;

    private IteratorDataset() {}

    /**
     * Reads one pass of an iterator, from where it stands to its end, into memory.
     *
     * @param iterator of features (B, C, H, W) in [0, 1] with 1 or 3 channels, and labels (B, K) with a one
     * @param classNames K names
     * @throws IllegalArgumentException if the features are no images or lie outside of [0, 1]
     */
    public static Dataset read(DataSetIterator iterator, List<String> classNames) {
        ByteArrayOutputStream pixels = new ByteArrayOutputStream();
        List<Integer> labels = new ArrayList<>();
        Shape shape = Shape.scalar();
        while (iterator.hasNext()) {
            DataSet examples = iterator.next();
            INDArray x = examples.getFeatures();
            Check.shape(
                    x.rank() == 4 && (x.size(1) == 1 || x.size(1) == 3),
                    "IteratorDataset: features must be (B, C, H, W) with 1 or 3 channels, got %s",
                    List.of(x.shape().length == 0 ? 0 : x.size(0), x.rank()));
            Check.that(
                    examples.getLabels().size(1) == classNames.size(),
                    "IteratorDataset: labels must be (B, %d), one column for each class name, got %d columns",
                    classNames.size(),
                    examples.getLabels().size(1));
            shape = Shape.of((int) x.size(2), (int) x.size(3), (int) x.size(1));
            pixels.writeBytes(bytes(x.permute(0, 2, 3, 1).dup('c'))); // (B, H, W, C)
            for (int label : examples.getLabels().argMax(1).toIntVector()) {
                labels.add(label);
            }
        }
        Check.that(!labels.isEmpty(), "IteratorDataset: the iterator must yield at least one batch, got none");
        int[] all = labels.stream().mapToInt(Integer::intValue).toArray();
        return Dataset.of(classNames, shape, pixels.toByteArray(), all);
    }

    private static byte[] bytes(INDArray images) {
        float[] values = images.reshape(images.length()).toFloatVector();
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            Check.that(
                    values[i] >= 0 && values[i] <= 1,
                    "IteratorDataset: features must lie in [0, 1], got %s; undo or leave out the iterator's scaling",
                    values[i]);
            bytes[i] = (byte) Math.round(values[i] * WHITE);
        }
        return bytes;
    }
}
