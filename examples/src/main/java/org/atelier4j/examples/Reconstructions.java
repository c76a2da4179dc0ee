package org.atelier4j.examples;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.atelier4j.data.Batches;
import org.atelier4j.data.Dataset;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageGrid;
import org.atelier4j.image.PixelRange;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;

/** Pictures of images above what a codec makes of them. */
final class Reconstructions {
    private static final int PAIRS = 10; // originals in a row
    private static final int ROWS = 3;
    private static final int SCALE = 3;

    private Reconstructions() {}

    /** Draws the first images of a set, each row above the same images as {@code codec} brings them back. */
    static Image draw(UnaryOperator<Tensor> codec, Dataset set) {
        List<Image> cells = new ArrayList<>();
        try (TensorScope scope = TensorScope.open();
                Batches rows = new Batches(set, Batches.Config.evaluation(PAIRS).withPrefetch(0), Rng.of(0))) {
            for (int row = 0; row < ROWS; row++) {
                Tensor images = rows.next().images(); // (B, H, W, C)
                cells.addAll(PixelRange.SIGNED.toImages(images));
                cells.addAll(PixelRange.SIGNED.toImages(codec.apply(images)));
            }
        }
        return ImageGrid.columns(PAIRS).withScale(SCALE).draw(cells);
    }
}
