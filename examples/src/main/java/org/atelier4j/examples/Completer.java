package org.atelier4j.examples;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.atelier4j.autoregressive.DrawingListener;
import org.atelier4j.autoregressive.pipeline.CodePipeline;
import org.atelier4j.autoregressive.pipeline.CompleteRequest;
import org.atelier4j.autoregressive.pixel.PixelCnn;
import org.atelier4j.autoregressive.pixel.PixelCnnPipeline;
import org.atelier4j.image.Image;
import org.atelier4j.image.PixelRange;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;

/** A model that draws one half of an image from the other half, not told what it shows. */
interface Completer extends AutoCloseable {

    /** Returns the halves that it can draw: a model that goes row by row knows nothing of what lies below. */
    Set<Edit.Half> halves();

    /** Returns the image with a half of it drawn. */
    Image complete(Image image, Edit.Half half, long seed);

    @Override
    void close();

    /** Loads a prior of codes or a PixelCNN: a name of one that ships, a file or a run folder. */
    static Completer open(String model) {
        return Models.isOf(PixelCnn.class, model)
                ? new OfPixels(Models.open(model, PixelCnnPipeline::load))
                : new OfCodes(CodeModels.open(model, ""));
    }

    /**
     * Completes with a prior of codes.
     *
     * @param pipeline closed with this
     */
    record OfCodes(CodePipeline pipeline) implements Completer {
        @Override
        public Set<Edit.Half> halves() {
            return EnumSet.of(Edit.Half.LOWER, Edit.Half.UPPER);
        }

        @Override
        public Image complete(Image image, Edit.Half half, long seed) {
            try (TensorScope scope = TensorScope.open()) {
                CompleteRequest request =
                        CompleteRequest.of(image, half.mask(image)).withSeed(seed);
                return PixelRange.SIGNED
                        .toImages(pipeline.complete(request).tensor())
                        .get(0);
            }
        }

        @Override
        public void close() {
            pipeline.close();
        }
    }

    /**
     * Completes with a PixelCNN, which must have been trained with a part of the classes hidden.
     *
     * @param pipeline the model
     */
    record OfPixels(PixelCnnPipeline pipeline) implements Completer {
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

        @Override
        public void close() {}
    }
}
