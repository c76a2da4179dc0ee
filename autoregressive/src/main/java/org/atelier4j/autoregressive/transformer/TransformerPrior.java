package org.atelier4j.autoregressive.transformer;

import java.util.List;
import org.atelier4j.autoregressive.Canvas;
import org.atelier4j.autoregressive.CodePrior;
import org.atelier4j.autoregressive.CodeSpace;
import org.atelier4j.autoregressive.Decoding;
import org.atelier4j.autoregressive.DrawingListener;
import org.atelier4j.model.CodeGrid;
import org.atelier4j.nn.Layer;
import org.atelier4j.nn.Losses;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * Draws code after code, row by row, from a {@link CausalTransformer}: {@code p(s | c) = Π p(s_i | s_<i, c)} (Esser et al. 2021,
 * eq. 8).
 *
 * <p>Grids of the size it was trained on take one token per code, thanks to a cache of what was read. Larger ones are drawn
 * through a {@linkplain Window sliding window}: what lies outside of it has no influence at all. Given codes are kept, and
 * those before a code in reading order influence it; those behind it cannot.
 */
public final class TransformerPrior implements CodePrior {
    private static final String NAME = "TransformerPrior";

    private final CausalTransformer network;
    private final CodeSpace space;

    /** Makes a prior around a network. */
    public TransformerPrior(CausalTransformer network) {
        this.network = network;
        this.space = network.config().codes();
    }

    @Override
    public CodeSpace space() {
        return space;
    }

    @Override
    public Layer network() {
        return network;
    }

    /** Returns {@code −1/n Σ_i log p(s_i | s_<i, c)}, averaged over the images. */
    @Override
    public Tensor loss(CodeGrid grid, Tensor labels, Rng rng) {
        return Losses.crossEntropy(logits(grid, labels), codes(grid));
    }

    /**
     * Returns the exact {@code log p(s | c)} of each grid in nats; runs unrecorded and in evaluation mode.
     *
     * @param grid codes (B, h, w) of this space
     * @param labels INT32 (B)
     */
    public double[] logLikelihoods(CodeGrid grid, Tensor labels) {
        space.checked(NAME, grid);
        space.checkedLabels(NAME, labels, grid.codes().dim(0));
        try (Layer.Mode evaluation = network.evaluating();
                NoGrad off = NoGrad.open();
                TensorScope scope = TensorScope.open()) {
            Tensor logits = logits(grid, labels).to(DType.FLOAT64);
            double[] losses = Losses.crossEntropies(logits, codes(grid), Losses.ClassTargets.PLAIN)
                    .sum(1)
                    .toDoubles();
            double[] logs = new double[losses.length];
            for (int i = 0; i < logs.length; i++) {
                logs[i] = -losses[i];
            }
            return logs;
        }
    }

    @Override
    public CodeGrid draw(Canvas canvas, Decoding decoding, List<Rng> streams, DrawingListener listener) {
        canvas.checked(NAME, space);
        Check.that(
                canvas.height() >= space.height() && canvas.width() >= space.width(),
                "TransformerPrior: grids must be at least %d x %d codes, as trained, got %d x %d",
                space.height(),
                space.width(),
                canvas.height(),
                canvas.width());
        Check.that(
                streams.size() == canvas.images(),
                "TransformerPrior: there must be one stream for each of %d images, got %d",
                canvas.images(),
                streams.size());
        try (Layer.Mode evaluation = network.evaluating();
                NoGrad off = NoGrad.open();
                Drawing drawing = new Drawing(network, canvas, decoding.sampler(), streams)) {
            int n = canvas.height() * canvas.width();
            for (int place = drawing.firstOpen(); place < n; place++) {
                try (TensorScope scope = TensorScope.open()) {
                    drawing.draw(place);
                    DrawingListener.tell(listener, new DrawingListener.Progress(place + 1, n, drawing.codes()));
                }
            }
            return new CodeGrid(drawing.codes(), space.size());
        }
    }

    private Tensor logits(CodeGrid grid, Tensor labels) {
        Tensor codes = codes(grid); // (B, n)
        return network.forward(labels, codes.slice(1, 0, codes.dim(1) - 1)); // (B, n, K)
    }

    private Tensor codes(CodeGrid grid) {
        return grid.codes().reshape(-1, space.length());
    }
}
