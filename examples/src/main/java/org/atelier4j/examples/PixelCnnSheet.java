package org.atelier4j.examples;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.atelier4j.autoregressive.DrawingListener;
import org.atelier4j.autoregressive.TokenSampler;
import org.atelier4j.autoregressive.pixel.PixelCnnPipeline;
import org.atelier4j.image.Image;

/** Tables of images that a PixelCNN draws. */
final class PixelCnnSheet {
    private PixelCnnSheet() {}

    /**
     * Draws some images of each class.
     *
     * @param classes names or numbers, none for all
     */
    static Sheet draw(PixelCnnPipeline pipeline, List<String> classes, int columns, TokenSampler sampler, long seed) {
        List<String> known = pipeline.classNames();
        List<Integer> labels = ClassNames.labels(classes, known);
        List<Integer> each = new ArrayList<>();
        labels.forEach(label -> each.addAll(Collections.nCopies(columns, label)));
        long start = System.nanoTime();
        List<Image> images =
                pipeline.generate(new PixelCnnPipeline.Request(each, sampler, seed), DrawingListener.silent());
        double seconds = (System.nanoTime() - start) * 1e-9;
        return new Sheet(labels.stream().map(known::get).toList(), images, seconds);
    }
}
