package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.atelier4j.data.Batch;
import org.atelier4j.data.Batches;
import org.atelier4j.data.Dataset;
import org.atelier4j.data.Datasets;
import org.atelier4j.image.Image;
import org.atelier4j.optim.Adam;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.tensor.Rng;
import org.atelier4j.train.CapturedStep;
import org.atelier4j.train.StepListener;
import org.atelier4j.train.TrainStep;
import org.atelier4j.train.TrainingState;
import org.atelier4j.vqvae.CodebookUsage;
import org.atelier4j.vqvae.VqVae;
import org.atelier4j.vqvae.VqVaeStep;

/** Trains a VQ-VAE: config → data → model → step → export. The verb {@code train vqvae} only chooses its configuration. */
final class VqVaeRun implements Run<Batch> {
    private static final int MEASURED_BATCH = 250;

    private final VqVaeRunConfig config;
    private final Dataset test;
    private final Batches batches;
    private final VqVae model;
    private final Adam optimizer;
    private final CodebookUsage usage;
    private final CapturedStep<Batch> step;

    VqVaeRun(VqVaeRunConfig config, Datasets.Resolved data) {
        this.config = config;
        test = data.test();
        Rng rng = Rng.of(config.seed());
        Optimization optimization = config.optimization();

        batches = new Batches(data.train(), Batches.Config.training(optimization.batch()), rng.split("data"));

        model = new VqVae(config.model(), rng.split("network"));
        var rate = optimization.schedule(config.steps());
        optimizer = new Adam(model.parameters(), Adam.Config.of(rate.at(0)).withRate(rate));
        usage = new CodebookUsage(model.size(), batches.batchesPerPass());
        var settings = new VqVaeStep.Settings(
                config.loss(), usage, new GradientClip(optimization.maxNorm()), rng.split("step"));
        step = CapturedStep.of(new VqVaeStep(model, optimizer, settings));
    }

    /** Returns what is being trained. */
    VqVae model() {
        return model;
    }

    @Override
    public Batch next() {
        return batches.next();
    }

    @Override
    public int size(Batch batch) {
        return batch.size();
    }

    @Override
    public TrainStep<Batch> step() {
        return step;
    }

    @Override
    public TrainingState state() {
        return new TrainingState()
                .tensors("model", model::state, model::load)
                .tensors("optim", optimizer::state, optimizer::load)
                .tensors("usage", usage::state, usage::load)
                .position("data", batches::position, batches::seek);
    }

    @Override
    public List<StepListener> listeners() {
        return List.of(usage);
    }

    /** Draws test images, each row above its reconstructions. */
    @Override
    public Image samples() {
        return Reconstructions.draw(model::reconstruct, test);
    }

    /** Writes the model, its latents measured, and how often each code is used; returns what it is worth on test images. */
    @Override
    public Map<String, Double> export(Path folder, Map<String, String> notes) {
        try (Batches images = new Batches(test, Batches.Config.evaluation(MEASURED_BATCH), Rng.of(0))) {
            return VqVaeExport.write(folder, model, images, notes);
        }
    }

    @Override
    public void close() {
        step.close();
        batches.close();
    }
}
