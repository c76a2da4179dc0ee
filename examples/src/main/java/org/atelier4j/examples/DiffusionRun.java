package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
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
import org.atelier4j.io.CheckpointFolder;
import org.atelier4j.optim.AdamW;
import org.atelier4j.optim.Ema;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.train.Checkpoints;
import org.atelier4j.train.DivergenceStop;
import org.atelier4j.train.JsonlLog;
import org.atelier4j.train.SampleGrid;
import org.atelier4j.train.StepListener;
import org.atelier4j.train.StepReport;
import org.atelier4j.train.StopSignal;
import org.atelier4j.train.TensorBoardLog;
import org.atelier4j.train.TrainingLoop;
import org.atelier4j.train.TrainingProgress;
import org.atelier4j.train.TrainingState;

/**
 * Trains a class-conditional diffusion model: config → data → model → step → loop → export. This is the program to read
 * before writing one's own; the verbs {@code train} and {@code quickstart} only choose its configuration.
 */
final class DiffusionRun implements AutoCloseable {
    private static final double EMA_RAMP_UP = 0.05; // as EDM
    private static final int TRIAL_STEPS = 15;

    private final RunConfig config;
    private final Path folder;
    private final PipelineConfig model;
    private final Rng rng;
    private final Batches batches;
    private final UNet network;
    private final AdamW optimizer;
    private final Ema ema;
    private final DiffusionLoss loss;

    DiffusionRun(RunConfig config, Datasets.Resolved data, Path folder) {
        this.config = config;
        this.folder = folder;
        model = new PipelineConfig(
                config.network(), config.objective(), data.train().classNames());
        rng = Rng.of(config.seed());

        batches = new Batches(
                data.train(), Batches.Config.training(config.optimization().batch()), rng.split("data"));

        network = new UNet(config.network(), rng.split("network"));
        var rate = config.optimization().schedule(config.steps());
        optimizer = new AdamW(network.parameters(), AdamW.Config.of(rate.at(0)).withRate(rate));
        ema = new Ema(network, new Ema.Config(config.optimization().emaHalfLife(), EMA_RAMP_UP));
        loss = config.objective().loss();
    }

    /** What one batch does; its random numbers depend on the seed and the number of the step alone. */
    StepReport step(Batch batch, long step) {
        Rng random = rng.split("step").split(step);
        Condition noClass = Condition.labels(config.network().conditions().classes());
        Condition condition =
                Condition.labels(batch.labels()).dropped(noClass, config.labelDropout(), random.split("dropped"));
        Tensor error = loss.loss(network::forward, batch.images(), condition, random);
        double rate = optimizer.learningRate();
        double norm = optimizer.step(
                error.backward(), new GradientClip(config.optimization().maxNorm()));
        ema.update(batch.size(), step * batch.size());
        return StepReport.of("loss", error.item()).with("gradientNorm", norm).with("learningRate", rate);
    }

    /** Trains, from the latest checkpoint on if there is one, and returns how far it came. */
    TrainingProgress train(StepListener display, StopSignal stop) {
        TrainingState state = new TrainingState()
                .tensors("model", network::state, network::load)
                .tensors("streams", network::positions, network::seek)
                .tensors("optim", optimizer::state, optimizer::load)
                .tensors("ema", ema::state, ema::load)
                .position("data", batches::position, batches::seek);
        long often = Math.max(1, Math.min(10, config.steps() / 1000));
        long seldom = Math.max(50, Math.min(1000, config.steps() / 5));
        Checkpoints checkpoints = new Checkpoints(new CheckpointFolder(folder, 2), state, seldom);
        List<StepListener> listeners = List.of(
                new JsonlLog(folder.resolve("stats.jsonl"), often),
                new TensorBoardLog(folder.resolve("events"), often),
                new DivergenceStop(checkpoints::last),
                display,
                checkpoints,
                new SampleGrid(folder, seldom, this::samples));
        TrainingProgress from = checkpoints.resume(config.length());
        return new TrainingLoop<>(batches::next, Batch::size, this::step, listeners, stop).run(from);
    }

    /** Returns how long a step takes on this machine once it is warm; the run is of no use for training afterwards. */
    double secondsPerStep() {
        double[] seconds = new double[TRIAL_STEPS];
        for (int i = -TRIAL_STEPS; i < TRIAL_STEPS; i++) {
            long start = System.nanoTime();
            try (TensorScope scope = TensorScope.open()) {
                step(batches.next(), TRIAL_STEPS + i);
            }
            seconds[Math.max(0, i)] = (System.nanoTime() - start) * 1e-9;
        }
        Arrays.sort(seconds);
        return seconds[TRIAL_STEPS / 2];
    }

    /** Draws a few images of each class with the averaged weights. */
    private Image samples() {
        try (Ema.Scope averaged = ema.applied();
                DiffusionPipeline pipeline = new DiffusionPipeline(network, model)) {
            return Sheet.draw(pipeline, Sheet.Order.ofAll(model, 4, config.seed()))
                    .picture();
        }
    }

    /** Writes the averaged weights with all that must be known to draw with them. */
    Path export(TrainingProgress progress, String source) {
        Path file = folder.resolve("model.safetensors");
        Map<String, String> notes = Map.of(
                "seed", String.valueOf(config.seed()),
                "step", String.valueOf(progress.step()),
                "images", String.valueOf(progress.images()),
                "data", config.data() + ": " + source);
        DiffusionPipeline.save(file, model, ema.state(), notes);
        return file;
    }

    @Override
    public void close() {
        batches.close();
    }
}
