package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.Map;
import org.atelier4j.data.Batch;
import org.atelier4j.data.Batches;
import org.atelier4j.data.Datasets;
import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.DiffusionLoss;
import org.atelier4j.diffusion.pipeline.DiffusionPipeline;
import org.atelier4j.diffusion.pipeline.PipelineConfig;
import org.atelier4j.diffusion.unet.UNet;
import org.atelier4j.image.Image;
import org.atelier4j.model.LabelDropout;
import org.atelier4j.optim.AdamW;
import org.atelier4j.optim.Ema;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.train.CapturedStep;
import org.atelier4j.train.StepReport;
import org.atelier4j.train.TrainStep;
import org.atelier4j.train.TrainingState;

/**
 * Trains a class-conditional diffusion model: config → data → model → step → loop → export. This is the program to read
 * before writing one's own; the verbs {@code train} and {@code quickstart} only choose its configuration.
 */
final class DiffusionRun implements Run<Batch> {
    private static final double EMA_RAMP_UP = 0.05; // as EDM
    private static final int COLUMNS = 4;

    private final DiffusionConfig config;
    private final PipelineConfig model;
    private final Rng rng;
    private final Batches batches;
    private final UNet network;
    private final AdamW optimizer;
    private final Ema ema;
    private final DiffusionLoss loss;
    private final CapturedStep<Batch> step = CapturedStep.of(this::train);

    DiffusionRun(DiffusionConfig config, Datasets.Resolved data) {
        this.config = config;
        model = new PipelineConfig(
                config.network(),
                config.objective(),
                data.train().classNames(),
                new LabelDropout(config.labelDropout()));
        rng = Rng.of(config.seed());

        batches = new Batches(
                data.train(), Batches.Config.training(config.optimization().batch()), rng.split("data"));

        network = new UNet(config.network(), rng.split("network"));
        var rate = config.optimization().schedule(config.steps());
        optimizer = new AdamW(network.parameters(), AdamW.Config.of(rate.at(0)).withRate(rate));
        ema = new Ema(network, new Ema.Config(config.optimization().emaHalfLife(), EMA_RAMP_UP));
        loss = config.objective().loss();
    }

    private StepReport train(Batch batch, long step) {
        Rng random = rng.split("step").split(step);
        Condition noClass = Condition.labels(config.network().conditions().classes());
        Condition condition =
                Condition.labels(batch.labels()).dropped(noClass, config.labelDropout(), random.split("dropped"));
        Tensor error = loss.loss(network::forward, batch.images(), condition, random);
        Tensor norm = optimizer.step(
                error.backward(), new GradientClip(config.optimization().maxNorm()));
        ema.update(batch.size(), step * batch.size());
        return StepReport.of("loss", error)
                .with("gradientNorm", norm)
                .with("learningRate", optimizer::lastLearningRate);
    }

    @Override
    public TrainStep<Batch> step() {
        return step;
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
    public TrainingState state() {
        return new TrainingState()
                .tensors("model", network::state, network::load)
                .tensors("streams", network::positions, network::seek)
                .tensors("optim", optimizer::state, optimizer::load)
                .tensors("ema", ema::state, ema::load)
                .position("data", batches::position, batches::seek);
    }

    /** Draws a few images of each class with the averaged weights. */
    @Override
    public Image samples() {
        try (Ema.Scope averaged = ema.applied();
                Generator generator = DiffusionGenerator.usual(new DiffusionPipeline(network, model))) {
            return Sheet.draw(generator, generator.labels(), COLUMNS, config.seed())
                    .picture();
        }
    }

    /** Writes the averaged weights with all that must be known to draw with them. */
    @Override
    public Map<String, Double> export(Path folder, Map<String, String> notes) {
        DiffusionPipeline.save(folder.resolve("model.safetensors"), model, ema.state(), notes);
        return Map.of();
    }

    @Override
    public void close() {
        step.close();
        batches.close();
    }
}
