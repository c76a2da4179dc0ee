package org.atelier4j.data;

import java.util.List;
import org.atelier4j.image.Image;
import org.atelier4j.model.ImageSource;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;

/**
 * Labelled images of one size, by index. Reading changes nothing, so several threads may read at once.
 *
 * <p>Pixels are bytes here and become numbers in {@link Batches}: a set of n images takes {@code n · H · W · C} bytes.
 */
public interface Dataset {

    /** Returns the number of examples. */
    int size();

    /** Returns the shape of one image, (H, W, C). */
    Shape imageShape();

    /** Returns the names of the classes; label k is the k-th. */
    List<String> classNames();

    /** Returns the label of an example, in {@code [0, classNames().size())}. */
    int label(int index);

    /** Copies the {@code H · W · C} pixels of an example into {@code target} from {@code offset} on. */
    void copyPixels(int index, byte[] target, int offset);

    /** Returns the image of an example. */
    default Image image(int index) {
        byte[] pixels = new byte[Math.toIntExact(imageShape().size())];
        copyPixels(index, pixels, 0);
        return Image.of(imageShape().dim(1), imageShape().dim(0), imageShape().dim(2), pixels);
    }

    /** Returns the examples with the given indices, in that order, as a view. */
    default Dataset select(int... indices) {
        return new Selection(this, indices);
    }

    /** Returns the first {@code count} examples as a view. */
    default Dataset first(int count) {
        Check.that(count >= 0 && count <= size(), "Dataset: count must lie in [0, %d], got %d", size(), count);
        int[] indices = new int[count];
        for (int i = 0; i < count; i++) {
            indices[i] = i;
        }
        return select(indices);
    }

    /** Returns the images in order, once, without labels: what metrics compare with. */
    default ImageSource images() {
        return new DatasetImages(this);
    }

    /**
     * Returns a data set in memory.
     *
     * @param imageShape (H, W, C) with 1, 3 or 4 channels
     * @param pixels of all images one after the other; not copied, not to be changed afterwards
     * @param labels one per image; copied
     */
    static Dataset of(List<String> classNames, Shape imageShape, byte[] pixels, int[] labels) {
        return new InMemoryDataset(classNames, imageShape, pixels, labels);
    }
}
