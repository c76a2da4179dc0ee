package org.atelier4j.autoregressive.pixel;

import java.util.List;
import org.atelier4j.autoregressive.DrawingListener;
import org.atelier4j.autoregressive.TokenSampler;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * Draws images from a {@link PixelCnn}, pixel after pixel, color after color, and completes given ones; what earlier pixels
 * computed is kept ({@link CachedPass}).
 *
 * <p>Each image draws from its own stream and only for pixels that are not given, so that it is the same in a batch of any
 * size. With guidance (Ho, Salimans 2022, arXiv:2207.12598, eq. 6) every pixel is predicted with and without the class.
 */
public final class PixelCnnSampler {
    private final PixelCnn model;
    private final TokenSampler sampler;

    /**
     * Makes a sampler.
     *
     * @param sampler how a value is chosen from the logits of all levels
     */
    public PixelCnnSampler(PixelCnn model, TokenSampler sampler) {
        Check.that(
                !sampler.isGuided() || model.config().classes() > 0,
                "PixelCnnSampler: guidanceScale must be 0 for a model without classes, got %s",
                sampler.guidanceScale());
        this.model = model;
        this.sampler = sampler;
    }

    /**
     * Returns images INT32 (B, H, W, C); given pixels stay as they are. Runs unrecorded and in evaluation mode.
     *
     * @param streams one for each image
     * @param listener told after each row, with values INT32 (B, H, W, C), −1 where they are open, and asked whether to go
     *     on
     * @throws java.util.concurrent.CancellationException if the listener said no
     */
    public Tensor draw(PixelCanvas canvas, List<Rng> streams, DrawingListener listener) {
        int images = canvas.images();
        Check.that(
                streams.size() == images,
                "PixelCnnSampler: there must be one stream for each of %d images, got %d",
                images,
                streams.size());
        Drawing drawing = new Drawing(canvas, streams);
        try (NoGrad off = NoGrad.open();
                Layer.Mode evaluation = model.evaluating();
                TensorScope scope = TensorScope.open()) {
            int height = model.config().grid().height();
            CachedPass pass = new CachedPass(
                    model.network(),
                    twice(canvas.labels()),
                    model.config().grid().width());
            for (int row = 0; row < height; row++) {
                try (TensorScope ofRow = TensorScope.open()) {
                    drawing.row(row, pass, ofRow);
                    DrawingListener.tell(
                            listener, new DrawingListener.Progress(row + 1, height, drawing.visible(row + 1)));
                }
            }
            return scope.keep(drawing.values());
        }
    }

    /** Returns a batch followed by itself where there is guidance; its second half is predicted without the class. */
    private Tensor twice(Tensor labels) {
        if (!sampler.isGuided()) {
            return labels;
        }
        Tensor none = Tensor.full(model.config().classes(), DType.INT32, labels.shape());
        return labels.concat(none, 0);
    }

    /** The images at work. */
    private final class Drawing {
        private final PixelCnn.Grid grid = model.config().grid();
        private final int images;
        private final List<Rng> streams;
        private final int[] values; // (B, H, W, C)
        private final boolean[] given; // (B, H, W)

        Drawing(PixelCanvas canvas, List<Rng> streams) {
            this.streams = streams;
            images = canvas.images();
            values = canvas.values().toInts();
            given = canvas.given();
            check(canvas);
        }

        private void check(PixelCanvas canvas) {
            Check.shape(
                    canvas.values().shape().equals(grid.batch(images)),
                    "PixelCnnSampler: values must have shape %s, got %s",
                    grid.batch(images),
                    canvas.values().shape());
            for (int i = 0; i < values.length; i++) {
                boolean counts = given[i / grid.channels()];
                Check.that(
                        !counts || values[i] >= 0 && values[i] < grid.levels(),
                        "PixelCnnSampler: given values must lie in [0, %d), got %d",
                        grid.levels(),
                        values[i]);
                values[i] = counts ? values[i] : 0;
            }
            int classes = model.config().classes();
            for (int label : canvas.labels().toInts()) {
                Check.that(
                        label >= 0 && label <= classes,
                        "PixelCnnSampler: labels must lie in [0, %d], where %d is no class, got %d",
                        classes,
                        classes,
                        label);
            }
        }

        void row(int row, CachedPass pass, TensorScope scope) {
            pass.startRow(scope);
            int end = openEnd(row);
            for (int column = 0; column < end; column++) {
                try (TensorScope ofPixel = TensorScope.open()) {
                    pixel(row, column, pass);
                    pass.commit(input(row, column, 1), ofPixel);
                }
            }
            pass.endRow(input(row, 0, grid.width()), scope);
        }

        private void pixel(int row, int column, CachedPass pass) {
            int colors = model.head().colors();
            Tensor parameters = pass.at(column, input(row, column, 1)); // (B, P)
            for (int channel = 0; channel < grid.channels(); channel++) {
                if (channel > 0 && colors > 1) { // the network predicts this color from the ones before
                    parameters = pass.at(column, input(row, column, 1));
                }
                choose(row, column, channel, parameters);
            }
        }

        /** Draws one channel of one pixel of all images that do not have it. */
        private void choose(int row, int column, int channel, Tensor parameters) {
            Tensor known = part(row, column, 1).reshape(images, grid.channels());
            Tensor logits = model.head().logits(parameters.slice(0, 0, images), known, channel); // (B, K)
            if (sampler.isGuided()) {
                Tensor without = model.head().logits(parameters.slice(0, images, images), known, channel);
                logits = sampler.guided(logits.logSoftmax(-1), without.logSoftmax(-1));
            }
            double[][] laws = sampler.laws(logits);
            for (int i = 0; i < images; i++) {
                int pixel = (i * grid.height() + row) * grid.width() + column;
                if (!given[pixel]) {
                    values[pixel * grid.channels() + channel] = TokenSampler.draw(laws[i], streams.get(i));
                }
            }
        }

        /** Returns the column behind the last one of a row that is to be drawn in any image. */
        private int openEnd(int row) {
            for (int column = grid.width() - 1; column >= 0; column--) {
                for (int i = 0; i < images; i++) {
                    if (!given[(i * grid.height() + row) * grid.width() + column]) {
                        return column + 1;
                    }
                }
            }
            return 0;
        }

        /** Returns what the network sees of some pixels of a row, (B, 1, count, in), twice the images with guidance. */
        private Tensor input(int row, int column, int count) {
            Tensor x = model.input(part(row, column, count));
            return sampler.isGuided() ? x.concat(x, 0) : x;
        }

        /** Returns INT32 (B, 1, count, C). */
        private Tensor part(int row, int column, int count) {
            int channels = grid.channels();
            int[] some = new int[images * count * channels];
            for (int i = 0; i < images; i++) {
                int from = ((i * grid.height() + row) * grid.width() + column) * channels;
                System.arraycopy(values, from, some, i * count * channels, count * channels);
            }
            return Tensor.of(some, images, 1, count, channels);
        }

        Tensor values() {
            return Tensor.of(values, grid.batch(images).dims());
        }

        /** Returns the values with −1 for those that are neither given nor drawn in the first {@code rows} rows. */
        Tensor visible(int rows) {
            int[] seen = values.clone();
            int each = grid.dimensions();
            for (int i = 0; i < seen.length; i++) {
                boolean drawn = i % each < rows * grid.width() * grid.channels();
                seen[i] = drawn || given[i / grid.channels()] ? seen[i] : -1;
            }
            Shape shape = grid.batch(images);
            return Tensor.of(seen, shape.dims());
        }
    }
}
