package org.atelier4j.vqvae;

import java.util.Map;
import org.atelier4j.data.Batch;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.optim.Optimizer;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.train.StepReport;
import org.atelier4j.train.TrainStep;

/**
 * One step of training an autoencoder against a discriminator: VQGAN (arXiv:2012.09841) with a {@link VqVae}, the
 * autoencoder of latent diffusion (arXiv:2112.10752) with an {@link AutoencoderKl}. First the autoencoder learns, then, from
 * its start on, the discriminator from the same reconstructions.
 *
 * <p>All randomness of step n comes from stream n of the settings' stream: a resumed run needs nothing but n, beside weights
 * and optimizers. The report names {@code loss} (of the pixels), {@code perceptual}, the autoencoder's own terms and notes,
 * {@code adversarial}, {@code adversarialWeight} (w·λ), {@code discriminator}, {@code gradientNorm} (before clipping) and
 * {@code learningRate}.
 */
public final class AdversarialStep implements TrainStep<Batch> {
    private final Autoencoder autoencoder;
    private final VqGanLoss loss;
    private final Optimizer generator;
    private final Optimizer discriminator;
    private final Settings settings;

    /**
     * What a step does beside its loss.
     *
     * @param clip largest norm of the autoencoder's gradient
     * @param rng where the randomness of all steps comes from; it is only split, never read
     */
    public record Settings(GradientClip clip, Rng rng) {}

    /**
     * Makes a step.
     *
     * @param autoencoder what is trained
     * @param loss how its images are judged
     * @param generator over the autoencoder's parameters
     * @param discriminator over those of the loss's discriminator
     */
    public AdversarialStep(
            Autoencoder autoencoder, VqGanLoss loss, Optimizer generator, Optimizer discriminator, Settings settings) {
        this.autoencoder = autoencoder;
        this.loss = loss;
        this.generator = generator;
        this.discriminator = discriminator;
        this.settings = settings;
    }

    @Override
    public StepReport run(Batch batch, long step) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor images = batch.images();
            Autoencoder.Pass pass =
                    autoencoder.pass(images, step, settings.rng().split(step));
            VqGanLoss.Judgement judgement = loss.judge(pass.images(), images, autoencoder.lastWeight(), step);
            StepReport report = StepReport.of("loss", judgement.pixels()).with("perceptual", judgement.perceptual());
            Tensor objective = judgement.objective();
            for (Quantization.Term term : pass.terms()) {
                objective = objective.add(term.value().mul(term.weight()));
                report = report.with(term.name(), term.value());
            }
            for (Map.Entry<String, Tensor> note : pass.notes().entrySet()) {
                report = report.with(note.getKey(), note.getValue());
            }
            Tensor norm = generator.step(objective.backward(), settings.clip());
            pass.learn().run();
            return report.with("adversarial", judgement.adversarial())
                    .with("adversarialWeight", judgement.weight())
                    .with("discriminator", teach(pass.images(), images, step))
                    .with("gradientNorm", norm)
                    .with("learningRate", generator::lastLearningRate);
        }
    }

    /** The first step is another one, since codebooks start; then the discriminator learns, then it is heard. */
    @Override
    public long phase(long step) {
        return Math.min(step, 1) + (loss.config().start().isLearning(step) ? 1 : 0) + (loss.isHeard(step) ? 1 : 0);
    }

    /** Trains the discriminator, if it has started, and returns its loss. */
    private Tensor teach(Tensor reconstruction, Tensor images, long step) {
        if (!loss.config().start().isLearning(step)) {
            return Tensor.scalar(0);
        }
        Tensor hinge = loss.discriminatorLoss(reconstruction, images);
        discriminator.step(hinge.backward());
        return hinge;
    }
}
