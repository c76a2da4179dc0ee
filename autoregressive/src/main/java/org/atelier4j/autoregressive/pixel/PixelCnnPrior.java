package org.atelier4j.autoregressive.pixel;

import java.util.List;
import org.atelier4j.autoregressive.Canvas;
import org.atelier4j.autoregressive.CodePrior;
import org.atelier4j.autoregressive.CodeSpace;
import org.atelier4j.autoregressive.Decoding;
import org.atelier4j.autoregressive.DrawingListener;
import org.atelier4j.model.CodeGrid;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * A PixelCNN as the prior of a VQ-VAE's codes, what van den Oord et al. 2017, "Neural Discrete Representation Learning"
 * (arXiv:1711.00937), sec. 3.3, draw images with. Codes go in as learned vectors and come out of a softmax. Given codes
 * stay; a drawn one knows of those above it and to its left.
 */
public final class PixelCnnPrior implements CodePrior {
    private static final String NAME = "PixelCnnPrior";

    private final PixelCnn model;
    private final CodeSpace space;

    /** Makes a prior around a model of codes, that is one with an embedding. */
    public PixelCnnPrior(PixelCnn model) {
        PixelCnn.Config config = model.config();
        Check.that(config.embedding() > 0, "PixelCnnPrior: the model must have an embedding, got %s", config);
        this.model = model;
        space = space(config);
    }

    /** Returns what a model of this configuration is about. */
    public static CodeSpace space(PixelCnn.Config config) {
        PixelCnn.Grid grid = config.grid();
        return new CodeSpace(grid.levels(), grid.height(), grid.width(), config.classes());
    }

    /**
     * Returns the configuration of a model for grids of codes.
     *
     * @param size of the network; its width is also the length of the vector that stands for a code
     */
    public static PixelCnn.Config config(CodeSpace space, PixelCnn.Size size) {
        PixelCnn.Grid grid = new PixelCnn.Grid(space.height(), space.width(), 1, space.size());
        return new PixelCnn.Config(grid, 0, size.width(), size, space.classes());
    }

    @Override
    public CodeSpace space() {
        return space;
    }

    @Override
    public Layer network() {
        return model;
    }

    /** Returns {@code −1/n Σ_i log p(s_i | s_<i, c)}, averaged over the images. */
    @Override
    public Tensor loss(CodeGrid grid, Tensor labels, Rng rng) {
        return nats(grid, labels).mean().div(space.length());
    }

    /** Returns the exact {@code log p(s | c)} of each grid in nats; runs unrecorded and in evaluation mode. */
    public double[] logLikelihoods(CodeGrid grid, Tensor labels) {
        try (Layer.Mode evaluation = model.evaluating();
                NoGrad off = NoGrad.open();
                TensorScope scope = TensorScope.open()) {
            return nats(grid, labels).neg().toDoubles();
        }
    }

    private Tensor nats(CodeGrid grid, Tensor labels) {
        space.checked(NAME, grid);
        space.checkedLabels(NAME, labels, grid.codes().dim(0));
        return model.nats(grid.codes().unsqueeze(3), labels); // (B)
    }

    @Override
    public CodeGrid draw(Canvas canvas, Decoding decoding, List<Rng> streams, DrawingListener listener) {
        canvas.checked(NAME, space);
        Check.that(
                canvas.height() == space.height() && canvas.width() == space.width(),
                "PixelCnnPrior: grids must be %d x %d codes, as trained, got %d x %d",
                space.height(),
                space.width(),
                canvas.height(),
                canvas.width());
        DrawingListener perRow = p -> listener.onStep(new DrawingListener.Progress(
                p.step() * space.width(), space.length(), p.codes().squeeze(3)));
        PixelCanvas pixels = new PixelCanvas(canvas.labels(), canvas.codes().unsqueeze(3), canvas.known());
        Tensor drawn = new PixelCnnSampler(model, decoding.sampler()).draw(pixels, streams, perRow);
        return new CodeGrid(drawn.squeeze(3), space.size());
    }
}
