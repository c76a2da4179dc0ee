package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.atelier4j.autoregressive.Decoding;
import org.atelier4j.autoregressive.pipeline.CodePipeline;
import org.atelier4j.autoregressive.pipeline.GenerateRequest;
import org.atelier4j.image.AnimatedGif;
import org.atelier4j.image.Image;
import org.atelier4j.image.PixelRange;
import org.atelier4j.tensor.TensorScope;

/** Tables of images that a prior of codes draws. */
final class CodeSheet {
    private static final int FILM_IMAGES = 64; // one batch of a pipeline
    private static final int FRAME_MILLIS = 250;
    private static final int LAST_FRAMES = 6; // how long the finished images stay

    private CodeSheet() {}

    /**
     * Draws some images of each class.
     *
     * @param classes names or numbers, none for all
     */
    static Sheet draw(CodePipeline pipeline, List<String> classes, int columns, Decoding decoding, long seed) {
        List<String> known = pipeline.config().classNames();
        List<Integer> labels = ClassNames.labels(classes, known);
        GenerateRequest request = request(labels, columns, decoding, seed);
        try (TensorScope scope = TensorScope.open()) {
            long start = System.nanoTime();
            CodePipeline.Result result = pipeline.generate(request);
            double seconds = (System.nanoTime() - start) * 1e-9;
            List<Image> images = PixelRange.SIGNED.toImages(result.tensor());
            return new Sheet(labels.stream().map(known::get).toList(), images, seconds);
        }
    }

    /** Draws likewise, with as many columns as a film can have, and writes how the table looks after each step. */
    static void film(CodePipeline pipeline, List<String> classes, int columns, Decoding decoding, long seed, Path gif) {
        List<String> known = pipeline.config().classNames();
        List<Integer> labels = ClassNames.labels(classes, known);
        List<String> names = labels.stream().map(known::get).toList();
        int most = Math.max(1, Math.min(columns, FILM_IMAGES / labels.size()));
        List<Image> frames = new ArrayList<>();
        try (TensorScope scope = TensorScope.open()) {
            pipeline.generate(request(labels, most, decoding, seed), progress -> {
                List<Image> cells = PixelRange.SIGNED.toImages(pipeline.preview(progress.codes()));
                frames.add(new Sheet(names, cells, 0).picture());
                return true;
            });
        }
        frames.addAll(Collections.nCopies(LAST_FRAMES, frames.get(frames.size() - 1)));
        AnimatedGif.write(gif, frames, FRAME_MILLIS, true);
    }

    private static GenerateRequest request(List<Integer> labels, int columns, Decoding decoding, long seed) {
        List<Integer> each = new ArrayList<>();
        labels.forEach(label -> each.addAll(Collections.nCopies(columns, label)));
        return GenerateRequest.of(each.size())
                .withLabels(each)
                .withDecoding(decoding)
                .withSeed(seed);
    }
}
