package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.atelier4j.diffusion.pipeline.DiffusionPipeline;
import org.atelier4j.diffusion.pipeline.DiffusionPipeline.Request;
import org.atelier4j.diffusion.pipeline.PipelineConfig;
import org.atelier4j.diffusion.pipeline.SamplerKind;
import org.atelier4j.image.AnimatedGif;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageGrid;
import org.atelier4j.image.PixelRange;
import org.atelier4j.tensor.TensorScope;

/**
 * Drawn images as a table: one row for each class, its name at the left.
 *
 * @param names of the rows
 * @param images row after row
 * @param seconds time it took to draw them
 */
record Sheet(List<String> names, List<Image> images, double seconds) {
    private static final int SCALE = 3;
    private static final int FILM_SCALE = 2;
    private static final int FILM_IMAGES = 64; // one batch of a pipeline: its preview shows no more
    private static final int FRAME_MILLIS = 120;
    private static final int LAST_FRAMES = 12; // how long the finished images stay

    /**
     * What to draw.
     *
     * @param classes one for each row
     * @param columns images of each
     * @param sampler way from noise to images
     * @param steps sampling steps
     * @param guidance w of classifier-free guidance, 0 for none
     * @param seed of the noise
     */
    record Order(List<Integer> classes, int columns, SamplerKind sampler, int steps, double guidance, long seed) {

        /** Returns an order of all classes in the way that suits small models. */
        static Order ofAll(PipelineConfig model, int columns, long seed) {
            List<Integer> all =
                    IntStream.range(0, model.classNames().size()).boxed().toList();
            return new Order(all, columns, SamplerKind.DPM_SOLVER, 10, 0, seed);
        }

        Order withGuidance(double other) {
            return new Order(classes, columns, sampler, steps, other, seed);
        }

        Order withSteps(int other) {
            return new Order(classes, columns, sampler, other, guidance, seed);
        }

        Order withSampler(SamplerKind other) {
            return new Order(classes, columns, other, steps, guidance, seed);
        }

        Order withColumns(int other) {
            return new Order(classes, other, sampler, steps, guidance, seed);
        }

        List<String> names(PipelineConfig model) {
            return classes.stream().map(model.classNames()::get).toList();
        }

        Request request() {
            List<Integer> labels = new ArrayList<>();
            classes.forEach(label -> labels.addAll(Collections.nCopies(columns, label)));
            return new Request(labels.size(), labels, sampler, steps, guidance, seed);
        }
    }

    /** Draws. */
    static Sheet draw(DiffusionPipeline pipeline, Order order) {
        try (TensorScope scope = TensorScope.open()) {
            long start = System.nanoTime();
            DiffusionPipeline.Result result = pipeline.generate(order.request());
            double seconds = (System.nanoTime() - start) * 1e-9;
            return new Sheet(order.names(pipeline.config()), PixelRange.SIGNED.toImages(result.tensor()), seconds);
        }
    }

    /** Draws, with as many columns as a film can have, and writes how the table looks after each step. */
    static void film(DiffusionPipeline pipeline, Order order, Path gif) {
        List<String> names = order.names(pipeline.config());
        int columns = Math.max(1, Math.min(order.columns(), FILM_IMAGES / names.size()));
        List<Image> frames = new ArrayList<>();
        try (TensorScope scope = TensorScope.open()) {
            pipeline.generate(order.withColumns(columns).request(), progress -> {
                frames.add(table(names, PixelRange.SIGNED.toImages(progress.x0()), FILM_SCALE));
                return true;
            });
        }
        frames.addAll(Collections.nCopies(LAST_FRAMES, frames.get(frames.size() - 1)));
        AnimatedGif.write(gif, frames, FRAME_MILLIS, true);
    }

    /** Returns the table as one picture. */
    Image picture() {
        return table(names, images, SCALE);
    }

    private static Image table(List<String> names, List<Image> cells, int scale) {
        return ImageGrid.columns(cells.size() / names.size())
                .withScale(scale)
                .withRowLabels(names)
                .draw(cells);
    }
}
