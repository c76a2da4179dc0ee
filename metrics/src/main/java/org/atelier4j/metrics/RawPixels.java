package org.atelier4j.metrics;

import java.util.List;
import org.atelier4j.model.FeatureExtractor;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * Images as they are, one row of H·W·C numbers each: what copies of training images are looked for in. No network that saw
 * the training images, and so knows them better than others, stands between. For small images only: a row is long.
 *
 * @param shape (H, W, C) of the images
 */
public record RawPixels(Shape shape) implements FeatureExtractor {

    /** Checks the shape. */
    public RawPixels {
        Check.shape(shape.rank() == 3 && shape.size() > 0, "RawPixels: shape must be (H, W, C), got %s", shape);
    }

    @Override
    public String name() {
        return "pixels";
    }

    /** Returns "": there are no weights. */
    @Override
    public String hash() {
        return "";
    }

    @Override
    public int channels() {
        return shape.dim(2);
    }

    @Override
    public int width() {
        return Math.toIntExact(shape.size());
    }

    @Override
    public Tensor features(Tensor images) {
        Check.shape(
                images.rank() == 4 && images.shape().drop(0).equals(shape),
                "RawPixels: images must be (B, H, W, C) with (H, W, C) = %s, got %s",
                shape,
                images.shape());
        return images.reshape(images.dim(0), width());
    }

    @Override
    public List<Tensor> maps(Tensor images) {
        return List.of(images);
    }
}
