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
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * Draws whole grids in a few rounds from a {@link MaskedTransformer} (Chang et al. 2022, sec. 3.2): each round guesses all masked
 * codes at once and keeps those it is surest of. Given codes are known from the first round on, wherever they stand: any region
 * can be filled in.
 */
public final class MaskedPrior implements CodePrior {
    private static final String NAME = "MaskedPrior";
    private static final int IGNORED = -100;

    private final MaskedTransformer network;
    private final CodeSpace space;

    /** Makes a prior around a network. */
    public MaskedPrior(MaskedTransformer network) {
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

    /**
     * Returns {@code −E Σ_(i∈M) log p(y_i | Y_M̄, c)} per masked code (eq. 1): for each grid a ratio r uniform on [0, 1) is drawn
     * and {@code ⌈γ(r)·n⌉} of its codes are masked.
     */
    @Override
    public Tensor loss(CodeGrid grid, Tensor labels, Rng rng) {
        Tensor codes = grid.codes().reshape(-1, space.length()); // (B, n)
        return loss(codes, labels, masks(codes.dim(0), rng));
    }

    /**
     * Returns the loss for given masks.
     *
     * @param codes INT32 (B, n)
     * @param labels INT32 (B)
     * @param masked BOOL (B, n), true where the code is hidden
     */
    Tensor loss(Tensor codes, Tensor labels, Tensor masked) {
        Tensor seen = Tensor.where(masked, number(network.mask()), codes);
        Tensor targets = Tensor.where(masked, codes, number(IGNORED));
        Tensor logits = network.forward(labels, seen); // (B, n, K)
        double smoothing = network.config().smoothing();
        return Losses.crossEntropy(logits, targets, new Losses.ClassTargets(smoothing, IGNORED));
    }

    private static Tensor number(int value) {
        return Tensor.full(value, DType.INT32, Shape.scalar());
    }

    /** Returns which codes training hides, BOOL (B, n): those with the smallest of random keys. */
    Tensor masks(int images, Rng rng) {
        int n = space.length();
        Tensor counts = MaskSchedule.trained(n, rng.uniform(Shape.of(images))); // (B)
        Tensor keys = rng.uniform(Shape.of(images, n));
        Tensor last = keys.sort(false).gather(-1, counts.sub(number(1)).reshape(images, 1)); // (B, 1)
        return keys.lessEqual(last);
    }

    @Override
    public CodeGrid draw(Canvas canvas, Decoding decoding, List<Rng> streams, DrawingListener listener) {
        canvas.checked(NAME, space);
        Check.that(
                canvas.height() == space.height() && canvas.width() == space.width(),
                "MaskedPrior: grids must be %d x %d codes, as trained, got %d x %d",
                space.height(),
                space.width(),
                canvas.height(),
                canvas.width());
        Check.that(
                streams.size() == canvas.images(),
                "MaskedPrior: there must be one stream for each of %d images, got %d",
                canvas.images(),
                streams.size());
        try (Layer.Mode evaluation = network.evaluating();
                NoGrad off = NoGrad.open()) {
            Rounds rounds = new Rounds(network, canvas, decoding, streams);
            for (int round = 0; round < rounds.count(); round++) {
                try (TensorScope scope = TensorScope.open()) {
                    rounds.run(round);
                    DrawingListener.tell(
                            listener, new DrawingListener.Progress(round + 1, rounds.count(), rounds.codes()));
                }
            }
            return new CodeGrid(rounds.codes(), space.size());
        }
    }
}
