package org.atelier4j.autoregressive;

import java.util.List;
import org.atelier4j.model.CodeGrid;
import org.atelier4j.optim.Ema;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.optim.Optimizer;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.train.CapturedStep;
import org.atelier4j.train.StepReport;
import org.atelier4j.train.TrainStep;

/**
 * One step of training any prior, with labels dropped at random (Ho, Salimans 2022, arXiv:2207.12598, algorithm 1) and a
 * moving average of the weights.
 *
 * <p>All randomness of step n but dropout's comes from stream n of the settings' stream: a resumed run needs nothing but n,
 * beside the weights, the optimizer, the average and the positions of the network's own streams. The report names
 * {@code loss} in nats per code, {@code gradientNorm} (before clipping) and {@code learningRate}.
 */
public final class PriorStep implements TrainStep<CodeBatch> {
    private final CodePrior prior;
    private final Optimizer optimizer;
    private final Ema ema;
    private final Settings settings;

    /**
     * What a step does beside its loss.
     *
     * @param labelDropout probability that a grid is shown without its class, in [0, 1]; 0.1 is usual
     * @param clip largest norm of the gradient
     * @param rng where the randomness of all steps comes from; it is only split, never read
     */
    public record Settings(double labelDropout, GradientClip clip, Rng rng) {
        /** Checks the range. */
        public Settings {
            Check.that(
                    labelDropout >= 0 && labelDropout <= 1,
                    "PriorStep: labelDropout must lie in [0, 1], got %s",
                    labelDropout);
        }

        /** Returns the usual settings: a tenth of the labels dropped, gradients clipped at norm 1. */
        public static Settings standard(Rng rng) {
            return new Settings(0.1, new GradientClip(1), rng);
        }
    }

    /**
     * Makes a step.
     *
     * @param prior what is trained
     * @param optimizer over the parameters of its network
     * @param ema the average of the same parameters
     */
    public PriorStep(CodePrior prior, Optimizer optimizer, Ema ema, Settings settings) {
        this.prior = prior;
        this.optimizer = optimizer;
        this.ema = ema;
        this.settings = settings;
    }

    @Override
    public StepReport run(CodeBatch batch, long step) {
        try (TensorScope scope = TensorScope.open()) {
            Rng rng = settings.rng().split(step);
            Tensor loss = prior.loss(batch.grid(), dropped(batch.labels(), rng.split("labels")), rng.split("loss"));
            Tensor norm = optimizer.step(loss.backward(), settings.clip());
            ema.update(batch.size(), step * batch.size());
            return StepReport.of("loss", loss)
                    .with("gradientNorm", norm)
                    .with("learningRate", optimizer::lastLearningRate);
        }
    }

    /** Returns this step as one graph on a card, and as itself on the host. */
    public CapturedStep<CodeBatch> captured() {
        int size = prior.space().size();
        return new CapturedStep<>(
                this,
                batch -> List.of(batch.grid().codes(), batch.labels()),
                parts -> new CodeBatch(new CodeGrid(parts.get(0), size), parts.get(1)));
    }

    private Tensor dropped(Tensor labels, Rng rng) {
        if (settings.labelDropout() == 0) {
            return labels;
        }
        Tensor drop = rng.bernoulli(settings.labelDropout(), labels.shape()); // (B)
        Tensor none = Tensor.full(prior.space().noClass(), labels.dtype(), Shape.scalar());
        return Tensor.where(drop, none, labels);
    }
}
