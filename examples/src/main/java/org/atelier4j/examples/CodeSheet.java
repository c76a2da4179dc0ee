package org.atelier4j.examples;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.atelier4j.autoregressive.Decoding;
import org.atelier4j.autoregressive.pipeline.CodePipeline;
import org.atelier4j.autoregressive.pipeline.GenerateRequest;
import org.atelier4j.image.Image;
import org.atelier4j.image.PixelRange;
import org.atelier4j.tensor.TensorScope;

/** Tables of images that a prior of codes draws. */
final class CodeSheet {
    private CodeSheet() {}

    /**
     * Draws some images of each class.
     *
     * @param classes names or numbers, none for all
     */
    static Sheet draw(CodePipeline pipeline, List<String> classes, int columns, Decoding decoding, long seed) {
        List<String> known = pipeline.config().classNames();
        List<Integer> labels = ClassNames.labels(classes, known);
        List<Integer> each = new ArrayList<>();
        labels.forEach(label -> each.addAll(Collections.nCopies(columns, label)));
        GenerateRequest request = GenerateRequest.of(each.size())
                .withLabels(each)
                .withDecoding(decoding)
                .withSeed(seed);
        try (TensorScope scope = TensorScope.open()) {
            long start = System.nanoTime();
            CodePipeline.Result result = pipeline.generate(request);
            double seconds = (System.nanoTime() - start) * 1e-9;
            List<Image> images = PixelRange.SIGNED.toImages(result.tensor());
            return new Sheet(labels.stream().map(known::get).toList(), images, seconds);
        }
    }
}
