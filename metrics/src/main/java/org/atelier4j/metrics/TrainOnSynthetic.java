package org.atelier4j.metrics;

import java.util.List;
import org.atelier4j.data.Augmentation;
import org.atelier4j.data.Dataset;
import org.atelier4j.metrics.net.ClassifierNet;
import org.atelier4j.metrics.net.ClassifierTraining;
import org.atelier4j.metrics.net.FrozenClassifier;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;

/**
 * Train on synthetic, test on real: a small classifier learns from generated images alone, their labels being the classes
 * that were asked for, and is tested on real ones (Esteban et al. 2017, arXiv:1706.02633, sec. 4.1.2; Ravuri, Vinyals 2019,
 * "Classification Accuracy Score", arXiv:1905.10887). It falls if the images are bad, if they show another class than asked
 * for, and if they lack variety; no feature network of somebody else's stands between.
 *
 * <p>The number depends on how many images there are and on the training, so compare it with that of equally many real
 * images, trained in the same way: the ceiling. With labels dealt out anew at random it must fall to chance, else
 * the measurement is broken: the null test. Chance is 1/K, give or take thrice {@link Confusion#chanceDeviation}.
 *
 * @param widths of the {@link ClassifierNet}
 * @param passes how often each image is seen
 */
public record TrainOnSynthetic(List<Integer> widths, double passes) {
    private static final int LEAST_PASS_IMAGES = 10_000;

    /** Checks the numbers. */
    public TrainOnSynthetic {
        Check.that(passes > 0, "TrainOnSynthetic: passes must be > 0, got %s", passes);
        widths = List.copyOf(widths);
    }

    /** Returns the setting that all committed numbers are made with: a minute of one core for 10,000 small gray images. */
    public static TrainOnSynthetic usual() {
        return new TrainOnSynthetic(List.of(16, 32, 64), 10);
    }

    /**
     * Returns the part of the real images, in [0, 1], that a classifier gets right which saw only synthetic ones.
     *
     * @param synthetic at least as many images as a batch has, 64
     * @param real of the same classes and shape
     * @param rng decides everything that is random; only split
     */
    public double accuracy(Dataset synthetic, Dataset real, Rng rng) {
        return confusion(synthetic, real, rng).accuracy();
    }

    /**
     * Returns for which classes a classifier that saw only synthetic images takes the real ones.
     *
     * @param synthetic at least as many images as a batch has, 64
     * @param real of the same classes and shape
     * @param rng decides everything that is random; only split
     */
    public Confusion confusion(Dataset synthetic, Dataset real, Rng rng) {
        Check.shape(
                synthetic.imageShape().equals(real.imageShape()),
                "TrainOnSynthetic: images must have one shape, got %s and %s",
                synthetic.imageShape(),
                real.imageShape());
        Check.that(
                synthetic.classNames().size() == real.classNames().size(),
                "TrainOnSynthetic: synthetic and real images must have the same classes, got %d and %d",
                synthetic.classNames().size(),
                real.classNames().size());
        ClassifierTraining.Config config = config(synthetic);
        Check.that(
                synthetic.size() >= config.batch(),
                "TrainOnSynthetic: at least %d synthetic images are needed, got %d",
                config.batch(),
                synthetic.size());
        try (ClassifierTraining training = new ClassifierTraining(config, synthetic, rng)) {
            return ClassAccuracy.confusion(FrozenClassifier.of("tstr", synthetic.classNames(), training.run()), real);
        }
    }

    /** Returns {@link #confusion} with the labels dealt out at random. */
    public Confusion nullTest(Dataset synthetic, Dataset real, Rng rng) {
        return confusion(ShuffledLabels.of(synthetic, rng.split("labels")), real, rng);
    }

    private ClassifierTraining.Config config(Dataset data) {
        int channels = data.imageShape().dim(2);
        ClassifierNet.Config net =
                new ClassifierNet.Config(channels, widths, data.classNames().size(), false);
        double enough = passes * Math.max(1, (double) LEAST_PASS_IMAGES / data.size()); // few images: as many steps
        return new ClassifierTraining.Config(net, enough, 64, 0.1, 5e-4, 0.1, new Augmentation(true, 2, 0));
    }
}
