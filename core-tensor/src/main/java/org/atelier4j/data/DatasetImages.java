package org.atelier4j.data;

import java.util.ArrayList;
import java.util.List;
import org.atelier4j.image.Image;
import org.atelier4j.image.PixelRange;
import org.atelier4j.model.ImageSource;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.Device;

/** The images of a data set in order, once. */
final class DatasetImages implements ImageSource {
    private final Dataset dataset;
    private int taken;

    DatasetImages(Dataset dataset) {
        this.dataset = dataset;
    }

    @Override
    public Shape imageShape() {
        return dataset.imageShape();
    }

    @Override
    public Tensor next(int count) {
        Check.that(count >= 1, "ImageSource: count must be >= 1, got %d", count);
        int n = Math.min(count, dataset.size() - taken);
        if (n == 0) {
            return Tensor.empty(dataset.imageShape().insert(0, 0), DType.FLOAT32, Device.cpu());
        }
        List<Image> images = new ArrayList<>(n);
        for (int i = 0; i < n; i++) {
            images.add(dataset.image(taken + i));
        }
        taken += n;
        return PixelRange.SIGNED.toTensor(images); // (n, H, W, C)
    }
}
