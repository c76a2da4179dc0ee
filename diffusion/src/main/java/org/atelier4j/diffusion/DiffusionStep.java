package org.atelier4j.diffusion;

import org.atelier4j.data.Batch;
import org.atelier4j.optim.Ema;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.optim.Optimizer;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.train.StepReport;
import org.atelier4j.train.TrainStep;

/**
 * One step of training: Ho et al. 2020 (arXiv:2006.11239), algorithm 1, with labels dropped at random (Ho, Salimans 2022,
 * arXiv:2207.12598, algorithm 1) and a moving average of the weights.
 *
 * <p>All randomness of step n comes from stream n of the settings' stream: a resumed run needs nothing but n, beside the
 * weights, the optimizer and the average. The report names {@code loss}, {@code gradientNorm} (before clipping) and
 * {@code learningRate}.
 */
public final class DiffusionStep implements TrainStep<Batch> {
    private final Denoiser network;
    private final DiffusionLoss objective;
    private final Optimizer optimizer;
    private final Ema ema;
    private final Settings settings;

    /**
     * What a step does beside its loss.
     *
     * @param unconditional ∅ for one image, as the label K; {@link Condition#none()} if labels are not used at all
     * @param dropout probability that an image is shown without its label, in [0, 1]; 0.1 is usual
     * @param clip largest norm of the gradient
     * @param rng where the randomness of all steps comes from; it is only split, never read
     */
    public record Settings(Condition unconditional, double dropout, GradientClip clip, Rng rng) {
        /** Checks the range. */
        public Settings {
            Check.that(dropout >= 0 && dropout <= 1, "DiffusionStep: dropout must lie in [0, 1], got %s", dropout);
        }

        /** Returns the usual settings for K classes: a tenth of the labels dropped, gradients clipped at norm 1. */
        public static Settings classes(int classes, Rng rng) {
            return new Settings(Condition.labels(classes), 0.1, new GradientClip(1), rng);
        }

        /** Returns settings for a network that is told no labels, gradients clipped at norm 1. */
        public static Settings unconditional(Rng rng) {
            return new Settings(Condition.none(), 0, new GradientClip(1), rng);
        }
    }

    /**
     * Makes a step.
     *
     * @param network what is trained, as {@code unet::forward}
     * @param objective its loss
     * @param optimizer over the network's parameters
     * @param ema the average of the same parameters
     */
    public DiffusionStep(Denoiser network, DiffusionLoss objective, Optimizer optimizer, Ema ema, Settings settings) {
        this.network = network;
        this.objective = objective;
        this.optimizer = optimizer;
        this.ema = ema;
        this.settings = settings;
    }

    @Override
    public StepReport run(Batch batch, long step) {
        try (TensorScope scope = TensorScope.open()) {
            Rng rng = settings.rng().split(step);
            Tensor loss = objective.loss(network, batch.images(), condition(batch, rng.split("labels")), rng);
            Gradients gradients = loss.backward();
            Tensor norm = optimizer.step(gradients, settings.clip());
            ema.update(batch.size(), step * batch.size());
            return StepReport.of("loss", loss)
                    .with("gradientNorm", norm)
                    .with("learningRate", optimizer::lastLearningRate);
        }
    }

    private Condition condition(Batch batch, Rng rng) {
        return settings.unconditional().isNone()
                ? Condition.none()
                : Condition.labels(batch.labels()).dropped(settings.unconditional(), settings.dropout(), rng);
    }
}
