package org.atelier4j.autoregressive.pixel;

import org.atelier4j.data.Batch;
import org.atelier4j.optim.Ema;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.optim.Optimizer;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.train.StepReport;
import org.atelier4j.train.TrainStep;

/**
 * One step of training a PixelCNN on images: fewer bits, forward, bits per dimension, backward, optimizer, average.
 *
 * <p>The report names {@code loss} in bits per dimension, {@code gradientNorm} (before clipping) and {@code learningRate}.
 */
public final class PixelCnnStep implements TrainStep<Batch> {
    private final PixelCnn model;
    private final Optimizer optimizer;
    private final Ema ema;
    private final Settings settings;

    /**
     * What a step does beside its loss.
     *
     * @param levels bits of a pixel; the model's levels
     * @param labelDropout probability that an image is shown without its class, in [0, 1); 0 for models without guidance
     * @param clip largest norm of the gradient
     * @param rng where the randomness of all steps comes from; it is only split, never read
     */
    public record Settings(PixelLevels levels, double labelDropout, GradientClip clip, Rng rng) {
        /** Checks the range. */
        public Settings {
            Check.that(
                    labelDropout >= 0 && labelDropout < 1,
                    "PixelCnnStep: labelDropout must lie in [0, 1), got %s",
                    labelDropout);
        }
    }

    /**
     * Makes a step.
     *
     * @param optimizer over the parameters of the model
     * @param ema the average of the same parameters
     */
    public PixelCnnStep(PixelCnn model, Optimizer optimizer, Ema ema, Settings settings) {
        Check.that(
                model.config().grid().levels() == settings.levels().count(),
                "PixelCnnStep: the model must have 2^%d levels, got %d",
                settings.levels().bits(),
                model.config().grid().levels());
        this.model = model;
        this.optimizer = optimizer;
        this.ema = ema;
        this.settings = settings;
    }

    @Override
    public StepReport run(Batch batch, long step) {
        Tensor values = settings.levels().quantize(batch.images()); // (B, H, W, C)
        Tensor loss = model.bitsPerDimension(
                values, shown(batch.labels(), settings.rng().split(step)));
        Tensor norm = optimizer.step(loss.backward(), settings.clip());
        ema.update(batch.size(), step * batch.size());
        return StepReport.of("loss", loss).with("gradientNorm", norm).with("learningRate", optimizer::lastLearningRate);
    }

    /** Returns the labels, some of them replaced by "no class"; all of them where the model knows no classes. */
    private Tensor shown(Tensor labels, Rng rng) {
        int classes = model.config().classes();
        Tensor none = Tensor.full(classes, labels.dtype(), Shape.scalar());
        if (classes == 0) {
            return none.broadcastTo(labels.shape());
        } else if (settings.labelDropout() == 0) {
            return labels;
        }
        return Tensor.where(rng.bernoulli(settings.labelDropout(), labels.shape()), none, labels);
    }
}
