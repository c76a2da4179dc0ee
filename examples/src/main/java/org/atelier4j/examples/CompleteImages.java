package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.atelier4j.autoregressive.DrawingListener;
import org.atelier4j.autoregressive.pixel.PixelCnnPipeline;
import org.atelier4j.data.Dataset;
import org.atelier4j.data.Datasets;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.image.ImageGrid;
import org.atelier4j.image.PixelRange;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;

/**
 * Completes the lower halves of test images with a PixelCNN: each row shows an image, its upper half, and four ways in which
 * it may go on. A few seconds.
 *
 * <pre>{@code
 * java @examples/target/jvm.flags -cp examples/target/atelier.jar org.atelier4j.examples.CompleteImages MODEL PICTURE.png
 * }</pre>
 *
 * <p>{@code MODEL} is {@code fashion-mnist-pixelcnn}, which ships with Atelier, or the folder of a run of
 * {@code ./atelier train pixelcnn}.
 */
public final class CompleteImages {
    private static final int ROWS = 10;
    private static final int WAYS = 4;
    private static final int SCALE = 3;

    private CompleteImages() {}

    /** Completes with the model {@code args[0]} and writes the picture {@code args[1]}. */
    public static void main(String[] args) {
        PixelCnnPipeline pipeline = Models.open(args[0], PixelCnnPipeline::load);
        Dataset test = Datasets.resolve("fashion-mnist-small").test();
        int height = test.imageShape().dim(0);
        List<Image> cells = new ArrayList<>();
        for (int label = 0; label < ROWS; label++) {
            Image original = test.image(first(test, label));
            cells.add(original);
            cells.add(upper(original, height / 2));
            cells.addAll(ways(pipeline, original, label));
        }
        ImageFiles.write(
                Path.of(args[1]),
                ImageGrid.columns(2 + WAYS)
                        .withScale(SCALE)
                        .withRowLabels(test.classNames())
                        .draw(cells));
    }

    // region complete
    /** Returns different lower halves for one upper half: image i draws from stream i. */
    private static List<Image> ways(PixelCnnPipeline pipeline, Image original, int label) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor images = PixelRange.SIGNED.toTensor(Collections.nCopies(WAYS, original));
            var request = PixelCnnPipeline.Request.of(Collections.nCopies(WAYS, label));
            return pipeline.complete(images, original.height() / 2, request, DrawingListener.silent());
        }
    }
    // endregion

    /** Returns the image with its lower rows black. */
    private static Image upper(Image image, int rows) {
        byte[] pixels = new byte[image.height() * image.width() * image.channels()];
        image.copyTo(pixels, 0);
        Arrays.fill(pixels, rows * image.width() * image.channels(), pixels.length, (byte) 0);
        return Image.of(image.width(), image.height(), image.channels(), pixels);
    }

    private static int first(Dataset set, int label) {
        int index = 0;
        while (set.label(index) != label) {
            index++;
        }
        return index;
    }
}
