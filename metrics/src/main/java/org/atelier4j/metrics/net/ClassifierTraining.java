package org.atelier4j.metrics.net;

import java.util.List;
import org.atelier4j.data.Augmentation;
import org.atelier4j.data.Batch;
import org.atelier4j.data.Batches;
import org.atelier4j.data.Dataset;
import org.atelier4j.nn.Layer;
import org.atelier4j.nn.Losses;
import org.atelier4j.optim.Ema;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.optim.LearningRate;
import org.atelier4j.optim.Sgd;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.train.StepListener;
import org.atelier4j.train.StepReport;
import org.atelier4j.train.StopSignal;
import org.atelier4j.train.TrainingLength;
import org.atelier4j.train.TrainingLoop;
import org.atelier4j.train.TrainingProgress;
import org.atelier4j.train.TrainingState;

/**
 * Trains a {@link ClassifierNet}: cross-entropy with smoothed labels (Szegedy et al. 2016, arXiv:1512.00567, sec. 7),
 * Nesterov's momentum, a rate that rises for a fifth of the run and falls along half a cosine (Smith, Topin 2017,
 * arXiv:1708.07120), images shifted and mirrored, weights averaged. All randomness comes from one stream: the same images
 * and seed give the same network.
 */
public final class ClassifierTraining implements AutoCloseable {
    private static final double EMA_RAMP_UP = 0.05;
    private static final double LAST_RATE = 0.002; // of the highest
    private static final double RISE = 0.2; // of the run
    private static final int STATISTICS_BATCHES = 100;
    private static final double MAX_NORM = 5;

    /**
     * How a classifier is trained.
     *
     * @param net its sizes
     * @param passes how often each image is seen
     * @param batch images in a step
     * @param learningRate highest rate
     * @param weightDecay λ of {@link Sgd.Config}
     * @param smoothing part of the target spread over all classes
     * @param augmentation what is done to images
     */
    public record Config(
            ClassifierNet.Config net,
            double passes,
            int batch,
            double learningRate,
            double weightDecay,
            double smoothing,
            Augmentation augmentation) {

        /** Checks the numbers. */
        public Config {
            Check.that(
                    passes > 0 && batch >= 1 && learningRate > 0,
                    "ClassifierTraining: passes, batch and learningRate must be > 0, got %s, %d and %s",
                    passes,
                    batch,
                    learningRate);
        }

        /** Returns what suits small images of about {@code data}'s kind: FM-Net's settings for gray ones, more of all for color. */
        public static Config of(Dataset data) {
            int channels = data.imageShape().dim(2);
            int classes = data.classNames().size();
            boolean gray = channels == 1;
            List<Integer> widths = gray ? List.of(16, 32, 64, 128) : List.of(32, 64, 128, 128);
            ClassifierNet.Config net = new ClassifierNet.Config(channels, widths, classes, false);
            return new Config(net, gray ? 12 : 15, 128, 0.1, 5e-4, 0.1, new Augmentation(true, gray ? 2 : 4, 0));
        }

        /** Returns the same for another length. */
        public Config withPasses(double other) {
            return new Config(net, other, batch, learningRate, weightDecay, smoothing, augmentation);
        }

        /** Returns the number of steps for a data set of {@code size} images. */
        public long steps(int size) {
            return Math.max(1, Math.round(passes * size / batch));
        }
    }

    private final Config config;
    private final Batches batches;
    private final ClassifierNet net;
    private final Sgd optimizer;
    private final Ema ema;
    private final long steps;

    /** Prepares a run; nothing is computed yet. */
    public ClassifierTraining(Config config, Dataset data, Rng rng) {
        this.config = config;
        steps = config.steps(data.size());
        Batches.Config order = Batches.Config.training(config.batch()).withAugmentation(config.augmentation());
        batches = new Batches(data, order, rng.split("data"));
        net = new ClassifierNet(config.net(), rng.split("network"));
        long rise = Math.max(1, Math.round(RISE * steps));
        LearningRate rate = LearningRate.linear(config.learningRate() / rise, config.learningRate(), rise)
                .then(
                        rise,
                        LearningRate.cosine(
                                config.learningRate(), LAST_RATE * config.learningRate(), Math.max(1, steps - rise)));
        optimizer = new Sgd(net.parameters(), new Sgd.Config(rate, 0.9, config.weightDecay(), true));
        ema = new Ema(net, new Ema.Config(0.25 * data.size(), EMA_RAMP_UP));
    }

    /** Returns the number of steps of the whole run. */
    public long steps() {
        return steps;
    }

    /** Returns what a checkpoint must hold. */
    public TrainingState state() {
        return new TrainingState()
                .tensors("model", net::state, net::load)
                .tensors("optim", optimizer::state, optimizer::load)
                .tensors("ema", ema::state, ema::load)
                .position("data", batches::position, batches::seek);
    }

    /** Trains from a point on and returns how far it came. */
    public TrainingProgress run(TrainingProgress from, List<? extends StepListener> listeners, StopSignal stop) {
        return new TrainingLoop<>(batches::next, Batch::size, this::step, listeners, stop).run(from);
    }

    /** Trains from the start to the end and returns the network. */
    public ClassifierNet run() {
        run(TrainingProgress.start(TrainingLength.steps(steps)), List.of(), new StopSignal());
        return result();
    }

    private StepReport step(Batch batch, long step) {
        Tensor logits = net.forward(batch.images()); // (B, K)
        Tensor loss = Losses.crossEntropy(logits, batch.labels(), new Losses.ClassTargets(config.smoothing(), -1));
        Tensor norm = optimizer.step(loss.backward(), new GradientClip(MAX_NORM));
        ema.update(batch.size(), step * batch.size());
        return StepReport.of("loss", loss).with("gradientNorm", norm).with("learningRate", optimizer::lastLearningRate);
    }

    /**
     * Returns the averaged network in its folded form. The running statistics of its batch norms are measured anew, for
     * those of the last weights are not those of the averaged ones.
     */
    public ClassifierNet result() {
        try (Ema.Scope averaged = ema.applied();
                NoGrad off = NoGrad.open();
                Layer.Mode training = net.training()) {
            for (int i = 0; i < STATISTICS_BATCHES; i++) {
                try (TensorScope scope = TensorScope.open()) {
                    net.forward(batches.next().images());
                }
            }
            return net.folded(net.state());
        }
    }

    @Override
    public void close() {
        batches.close();
    }
}
