package org.atelier4j.examples;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.atelier4j.autoregressive.DrawingListener;
import org.atelier4j.autoregressive.pixel.PixelCnnPipeline;
import org.atelier4j.image.Image;
import org.atelier4j.image.PixelRange;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;

/**
 * Completes with a PixelCNN.
 *
 * @param pipeline the model
 */
record PixelCompleter(PixelCnnPipeline pipeline) implements Completer {

    /** Loads a PixelCNN; see {@link Completer#open}. */
    static PixelCompleter open(String model) {
        PixelCnnPipeline pipeline = Models.open(model, PixelCnnPipeline::load);
        PixelCnnPipeline.Classes classes = pipeline.classes();
        classes.dropout().check(model, classes.names().size(), false, 0);
        return new PixelCompleter(pipeline);
    }

    @Override
    public Set<Edit.Half> halves() {
        return EnumSet.of(Edit.Half.LOWER);
    }

    @Override
    public Image complete(Image image, Edit.Half half, long seed) {
        int noClass = pipeline.model().config().classes();
        var request = PixelCnnPipeline.Request.of(List.of(noClass)).withSeed(seed);
        try (TensorScope scope = TensorScope.open()) {
            Tensor one = PixelRange.SIGNED.toTensor(List.of(image)); // (1, H, W, C)
            return pipeline.complete(one, image.height() / 2, request, DrawingListener.silent())
                    .get(0);
        }
    }

    /** The pipeline holds nothing that must be given back. */
    @Override
    public void close() {}
}
