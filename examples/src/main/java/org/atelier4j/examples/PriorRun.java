package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.autoregressive.CodeBatch;
import org.atelier4j.autoregressive.CodeDataset;
import org.atelier4j.autoregressive.CodePrior;
import org.atelier4j.autoregressive.Decoding;
import org.atelier4j.autoregressive.PriorStep;
import org.atelier4j.autoregressive.pipeline.CodePipeline;
import org.atelier4j.autoregressive.pipeline.PriorConfig;
import org.atelier4j.data.Batches;
import org.atelier4j.data.Dataset;
import org.atelier4j.data.Datasets;
import org.atelier4j.image.Image;
import org.atelier4j.model.LabelDropout;
import org.atelier4j.nn.Layer;
import org.atelier4j.optim.AdamW;
import org.atelier4j.optim.Ema;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.train.CapturedStep;
import org.atelier4j.train.TrainStep;
import org.atelier4j.train.TrainingState;
import org.atelier4j.vqvae.VqVae;

/**
 * Trains a prior on the codes of a VQ-VAE: config → codes → model → step → export. The verbs {@code train prior} and
 * {@code train maskgit} only choose its configuration.
 */
final class PriorRun implements Run<CodeBatch> {
    private static final double EMA_RAMP_UP = 0.05; // as EDM
    private static final int TOKENIZED_BATCH = 250;
    private static final int MEASURED_BATCH = 100;
    private static final int COLUMNS = 4;

    private final PriorRunConfig config;
    private final Datasets.Resolved data;
    private final VqVae codec;
    private final PriorConfig prior;
    private final CodePrior model;
    private final CodeDataset.Batches batches;
    private final AdamW optimizer;
    private final Ema ema;
    private final CapturedStep<CodeBatch> step;

    PriorRun(PriorRunConfig config, Datasets.Resolved data) {
        this.config = config;
        this.data = data;
        Rng rng = Rng.of(config.seed());
        Optimization optimization = config.optimization();

        codec = CodeModels.codec(config.codec());
        batches = codes(data.train()).batches(optimization.batch(), rng.split("data"));

        prior = new PriorConfig(
                config.kind(),
                config.network(),
                codec.hash(),
                data.train().classNames(),
                new LabelDropout(config.labelDropout()));
        model = prior.make(rng.split("network"));
        var rate = optimization.schedule(config.steps());
        optimizer = new AdamW(
                model.network().parameters(), AdamW.Config.of(rate.at(0)).withRate(rate));
        ema = new Ema(model.network(), new Ema.Config(optimization.emaHalfLife(), EMA_RAMP_UP));
        var settings = new PriorStep.Settings(
                config.labelDropout(), new GradientClip(optimization.maxNorm()), rng.split("step"));
        step = new PriorStep(model, optimizer, ema, settings).captured();
    }

    private CodeDataset codes(Dataset images) {
        try (Batches pass = new Batches(images, Batches.Config.evaluation(TOKENIZED_BATCH), Rng.of(0))) {
            return CodeDataset.of(
                    codec,
                    pass,
                    images.imageShape(),
                    images.size(),
                    images.classNames().size());
        }
    }

    @Override
    public CodeBatch next() {
        return batches.next();
    }

    @Override
    public int size(CodeBatch batch) {
        return batch.size();
    }

    @Override
    public TrainStep<CodeBatch> step() {
        return step;
    }

    @Override
    public TrainingState state() {
        return new TrainingState()
                .tensors("model", model.network()::state, model.network()::load)
                .tensors("streams", model.network()::positions, model.network()::seek)
                .tensors("optim", optimizer::state, optimizer::load)
                .tensors("ema", ema::state, ema::load)
                .position("data", batches::position, batches::seek);
    }

    /** Draws a few images of each class with the averaged weights. */
    @Override
    public Image samples() {
        try (Ema.Scope averaged = ema.applied();
                Generator generator = new CodeGenerator(new CodePipeline(codec, model, prior), Decoding.standard())) {
            return Sheet.draw(generator, generator.labels(), COLUMNS, config.seed())
                    .picture();
        }
    }

    /** Writes the averaged weights, and the codec beside them; returns the loss on test images, in nats and in bits. */
    @Override
    public Map<String, Double> export(Path folder, Map<String, String> notes) {
        Map<String, String> all = new LinkedHashMap<>(notes);
        all.put("codec", config.codec());
        CodePipeline.save(folder.resolve("model.safetensors"), prior, ema.state(), DType.BFLOAT16, all);
        VqVae.save(folder.resolve(CodeModels.CODEC), codec.config(), codec.state(), Map.of());
        double loss = testLoss();
        Map<String, Double> numbers = new LinkedHashMap<>();
        numbers.put("natsPerCode", loss);
        numbers.put("bitsPerCode", loss / Math.log(2));
        return numbers;
    }

    private double testLoss() {
        CodeDataset test = codes(data.test());
        double sum = 0;
        try (Ema.Scope averaged = ema.applied();
                Layer.Mode evaluation = model.network().evaluating();
                NoGrad off = NoGrad.open()) {
            for (int first = 0; first < test.size(); first += MEASURED_BATCH) {
                try (TensorScope scope = TensorScope.open()) {
                    CodeBatch batch = test.range(first, Math.min(MEASURED_BATCH, test.size() - first));
                    Rng masks = Rng.of(0).split(first);
                    sum += batch.size()
                            * model.loss(batch.grid(), batch.labels(), masks).item();
                }
            }
        }
        return sum / test.size();
    }

    @Override
    public void close() {
        step.close();
    }
}
