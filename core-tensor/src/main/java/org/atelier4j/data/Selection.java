package org.atelier4j.data;

import java.util.List;
import org.atelier4j.tensor.Shape;

/** Some examples of another data set. */
final class Selection implements Dataset {
    private final Dataset all;
    private final int[] indices;

    Selection(Dataset all, int[] indices) {
        for (int index : indices) {
            InMemoryDataset.checkIndex(index, all.size());
        }
        this.all = all;
        this.indices = indices.clone();
    }

    @Override
    public int size() {
        return indices.length;
    }

    @Override
    public Shape imageShape() {
        return all.imageShape();
    }

    @Override
    public List<String> classNames() {
        return all.classNames();
    }

    @Override
    public int label(int index) {
        InMemoryDataset.checkIndex(index, indices.length);
        return all.label(indices[index]);
    }

    @Override
    public void copyPixels(int index, byte[] target, int offset) {
        InMemoryDataset.checkIndex(index, indices.length);
        all.copyPixels(indices[index], target, offset);
    }
}
