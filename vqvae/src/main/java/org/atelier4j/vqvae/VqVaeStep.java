package org.atelier4j.vqvae;

import org.atelier4j.data.Batch;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.optim.Optimizer;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.train.StepReport;
import org.atelier4j.train.TrainStep;

/**
 * One step of training a {@link VqVae}: van den Oord et al. 2017 (arXiv:1711.00937), eq. 3. Before the first, the codebook
 * starts from the batch's latents; after each, it learns what no gradient teaches.
 *
 * <p>All randomness of step n comes from stream n of the settings' stream: a resumed run needs nothing but n, beside weights,
 * optimizer and usage. The report names {@code loss}, {@code reconstruction}, the codebook's own terms, {@code used} and
 * {@code perplexity} (of the last whole epoch), {@code gradientNorm} (before clipping) and {@code learningRate}.
 */
public final class VqVaeStep implements TrainStep<Batch> {
    private final VqVae model;
    private final Optimizer optimizer;
    private final Settings settings;

    /**
     * What a step needs beside model and optimizer.
     *
     * @param loss how reconstructions are judged
     * @param usage counts the codes; also a listener of the loop
     * @param clip largest norm of the gradient
     * @param rng where the randomness of all steps comes from; it is only split, never read
     */
    public record Settings(VqLoss loss, CodebookUsage usage, GradientClip clip, Rng rng) {}

    /**
     * Makes a step.
     *
     * @param model what is trained
     * @param optimizer over its parameters
     */
    public VqVaeStep(VqVae model, Optimizer optimizer, Settings settings) {
        this.model = model;
        this.optimizer = optimizer;
        this.settings = settings;
    }

    @Override
    public StepReport run(Batch batch, long step) {
        try (TensorScope scope = TensorScope.open()) {
            Rng rng = settings.rng().split(step);
            if (step == 0) {
                start(batch, rng.split("start"));
            }
            VqVae.Pass pass = model.forward(batch.images(), step, rng.split("codes"));
            VqLoss.Value loss = settings.loss().of(pass, batch.images());
            Tensor norm = optimizer.step(loss.total().backward(), settings.clip());
            model.codebook().learn(pass.latents().detach(), pass.quantization(), rng.split("learn"));
            return report(pass, loss).with("gradientNorm", norm).with("learningRate", optimizer::lastLearningRate);
        }
    }

    /** The first step is another one: the codebook starts. */
    @Override
    public long phase(long step) {
        return Math.min(step, 1);
    }

    private void start(Batch batch, Rng rng) {
        try (NoGrad off = NoGrad.open()) {
            model.codebook().start(model.latents(batch.images()), rng);
        }
    }

    private StepReport report(VqVae.Pass pass, VqLoss.Value loss) {
        settings.usage().add(pass.quantization().codes());
        CodeCounts epoch = settings.usage().epoch();
        StepReport report = StepReport.of("loss", loss.total()).with("reconstruction", loss.reconstruction());
        for (Quantization.Term term : pass.quantization().terms()) {
            report = report.with(term.name(), term.value());
        }
        return report.with("used", epoch.usedPart()).with("perplexity", epoch.equalCodes());
    }
}
