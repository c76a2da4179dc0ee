package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.autoregressive.TokenSampler;
import org.atelier4j.autoregressive.pixel.BitsPerDimension;
import org.atelier4j.autoregressive.pixel.PixelCnn;
import org.atelier4j.autoregressive.pixel.PixelCnnPipeline;
import org.atelier4j.autoregressive.pixel.PixelCnnStep;
import org.atelier4j.autoregressive.pixel.PixelLevels;
import org.atelier4j.data.Batch;
import org.atelier4j.data.Batches;
import org.atelier4j.data.Datasets;
import org.atelier4j.image.Image;
import org.atelier4j.model.LabelDropout;
import org.atelier4j.optim.AdamW;
import org.atelier4j.optim.Ema;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.tensor.Rng;
import org.atelier4j.train.CapturedStep;
import org.atelier4j.train.TrainStep;
import org.atelier4j.train.TrainingState;

/** Trains a PixelCNN: config → data → model → step → export. The verb {@code train pixelcnn} only chooses its configuration. */
final class PixelCnnRun implements Run<Batch> {
    private static final double EMA_RAMP_UP = 0.05; // as EDM
    private static final int MEASURED_BATCH = 50;
    private static final int COLUMNS = 4;

    private final PixelCnnRunConfig config;
    private final Datasets.Resolved data;
    private final Batches batches;
    private final PixelCnn model;
    private final AdamW optimizer;
    private final Ema ema;
    private final CapturedStep<Batch> step;

    PixelCnnRun(PixelCnnRunConfig config, Datasets.Resolved data) {
        this.config = config;
        this.data = data;
        Rng rng = Rng.of(config.seed());
        Optimization optimization = config.optimization();

        batches = new Batches(data.train(), Batches.Config.training(optimization.batch()), rng.split("data"));

        model = new PixelCnn(config.model(), rng.split("network"));
        var rate = optimization.schedule(config.steps());
        var adam = AdamW.Config.of(rate.at(0)).withRate(rate).withWeightDecay(0);
        optimizer = new AdamW(model.parameters(), adam);
        ema = new Ema(model, new Ema.Config(optimization.emaHalfLife(), EMA_RAMP_UP));
        var settings = new PixelCnnStep.Settings(
                new PixelLevels(config.bits()),
                config.labelDropout(),
                new GradientClip(optimization.maxNorm()),
                rng.split("step"));
        step = CapturedStep.of(new PixelCnnStep(model, optimizer, ema, settings));
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
                .tensors("model", model::state, model::load)
                .tensors("optim", optimizer::state, optimizer::load)
                .tensors("ema", ema::state, ema::load)
                .position("data", batches::position, batches::seek);
    }

    /** Draws a few images of each class with the averaged weights. */
    @Override
    public Image samples() {
        var pipeline = new PixelCnnPipeline(model, classes());
        try (Ema.Scope averaged = ema.applied();
                Generator generator = new PixelGenerator(pipeline, TokenSampler.plain())) {
            return Sheet.draw(generator, generator.labels(), COLUMNS, config.seed())
                    .picture();
        }
    }

    private PixelCnnPipeline.Classes classes() {
        return new PixelCnnPipeline.Classes(data.train().classNames(), new LabelDropout(config.labelDropout()));
    }

    /** Writes the averaged weights; returns what they are worth on test images. */
    @Override
    public Map<String, Double> export(Path folder, Map<String, String> notes) {
        PixelCnnPipeline.save(folder.resolve("model.safetensors"), config.model(), classes(), ema.state(), notes);
        Map<String, Double> numbers = new LinkedHashMap<>();
        try (Ema.Scope averaged = ema.applied()) {
            BitsPerDimension bits =
                    BitsPerDimension.of(model, new PixelLevels(config.bits()), data.test(), MEASURED_BATCH);
            numbers.put("bitsPerDimension", bits.model());
            numbers.put("marginalEntropy", bits.marginal());
            numbers.put("ratio", bits.ratio());
        }
        return numbers;
    }

    @Override
    public void close() {
        step.close();
        batches.close();
    }
}
