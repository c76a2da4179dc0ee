package org.atelier4j.data;

import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;

/** Bytes of all images in one array. */
final class InMemoryDataset implements Dataset {
    private final List<String> classNames;
    private final Shape imageShape;
    private final int each;
    private final byte[] pixels;
    private final int[] labels;

    InMemoryDataset(List<String> classNames, Shape imageShape, byte[] pixels, int[] labels) {
        Check.shape(
                imageShape.rank() == 3 && imageShape.size() > 0,
                "Dataset: image shape must be (H, W, C), none of them 0, got %s",
                imageShape);
        Check.that(
                pixels.length == labels.length * imageShape.size(),
                "Dataset: %d images of shape %s must have %d bytes, got %d",
                labels.length,
                imageShape,
                labels.length * imageShape.size(),
                pixels.length);
        for (int i = 0; i < labels.length; i++) {
            Check.that(
                    labels[i] >= 0 && labels[i] < classNames.size(),
                    "Dataset: label %d must lie in [0, %d), got %d",
                    i,
                    classNames.size(),
                    labels[i]);
        }
        this.classNames = List.copyOf(classNames);
        this.imageShape = imageShape;
        this.each = Math.toIntExact(imageShape.size());
        this.pixels = pixels;
        this.labels = labels.clone();
    }

    @Override
    public int size() {
        return labels.length;
    }

    @Override
    public Shape imageShape() {
        return imageShape;
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public int label(int index) {
        checkIndex(index, labels.length);
        return labels[index];
    }

    @Override
    public void copyPixels(int index, byte[] target, int offset) {
        checkIndex(index, labels.length);
        System.arraycopy(pixels, index * each, target, offset, each);
    }

    static void checkIndex(int index, int size) {
        Check.that(index >= 0 && index < size, "Dataset: index must lie in [0, %d), got %d", size, index);
    }
}
