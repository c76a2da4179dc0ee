package org.atelier4j.examples;

import org.atelier4j.data.Batch;
import org.atelier4j.data.Batches;
import org.atelier4j.data.Dataset;
import org.atelier4j.data.Datasets;
import org.atelier4j.nn.Layer;
import org.atelier4j.optim.Adam;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.tensor.Rng;
import org.atelier4j.train.CapturedStep;
import org.atelier4j.train.TrainStep;
import org.atelier4j.train.TrainingState;
import org.atelier4j.vqvae.AdversarialStep;
import org.atelier4j.vqvae.Autoencoder;
import org.atelier4j.vqvae.PatchDiscriminator;

/** What runs share that train an autoencoder against a discriminator: data, two optimizers, the step. */
abstract class AdversarialRun implements Run<Batch> {
    static final int MEASURED_BATCH = 250;

    private final Dataset test;
    private final Batches batches;
    private final Layer model;
    private final PatchDiscriminator judge;
    private final Adam generator;
    private final Adam discriminator;
    private final CapturedStep<Batch> step;

    /** Makes a run of a model; {@code autoencoder} is the same model as its training sees it. */
    AdversarialRun(
            RunConfig config, Adversary adversary, Datasets.Resolved data, Layer model, Autoencoder autoencoder) {
        this.model = model;
        test = data.test();
        Rng rng = Rng.of(config.seed());
        Optimization optimization = config.optimization();

        batches = new Batches(data.train(), Batches.Config.training(optimization.batch()), rng.split("data"));

        judge = adversary.judge(rng.split("discriminator"));
        var rate = optimization.schedule(config.steps());
        generator = new Adam(model.parameters(), Adam.Config.of(rate.at(0)).withRate(rate));
        discriminator = new Adam(judge.parameters(), Adam.Config.gan());
        var settings = new AdversarialStep.Settings(new GradientClip(optimization.maxNorm()), rng.split("step"));
        step = CapturedStep.of(new AdversarialStep(
                autoencoder, adversary.loss(config.steps(), judge), generator, discriminator, settings));
    }

    /** Returns the images that the model was not trained on. */
    final Dataset test() {
        return test;
    }

    /** Returns the test images from the first to the last. */
    final Batches tested() {
        return new Batches(test, Batches.Config.evaluation(MEASURED_BATCH), Rng.of(0));
    }

    @Override
    public final Batch next() {
        return batches.next();
    }

    @Override
    public final int size(Batch batch) {
        return batch.size();
    }

    @Override
    public final TrainStep<Batch> step() {
        return step;
    }

    @Override
    public TrainingState state() {
        return new TrainingState()
                .tensors("model", model::state, model::load)
                .tensors("optim", generator::state, generator::load)
                .tensors("judge", judge::state, judge::load)
                .tensors("judgeOptim", discriminator::state, discriminator::load)
                .position("data", batches::position, batches::seek);
    }

    @Override
    public final void close() {
        step.close();
        batches.close();
    }
}
