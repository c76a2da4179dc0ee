package org.atelier4j.examples;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import org.atelier4j.data.Dataset;
import org.atelier4j.examples.dl4j.LeNetJudge;
import org.atelier4j.image.Image;
import org.atelier4j.image.PixelRange;
import org.atelier4j.metrics.ClassAccuracy;
import org.atelier4j.metrics.Confusion;
import org.atelier4j.metrics.Diversity;
import org.atelier4j.metrics.Estimate;
import org.atelier4j.metrics.FeatureBank;
import org.atelier4j.metrics.FeatureReader;
import org.atelier4j.metrics.FrechetDistance;
import org.atelier4j.metrics.InceptionScore;
import org.atelier4j.metrics.KernelDistance;
import org.atelier4j.metrics.NearestNeighbors;
import org.atelier4j.metrics.PrecisionRecall;
import org.atelier4j.metrics.RawPixels;
import org.atelier4j.metrics.ShuffledLabels;
import org.atelier4j.metrics.TrainOnSynthetic;
import org.atelier4j.metrics.net.Inception2015;
import org.atelier4j.metrics.net.Lpips;
import org.atelier4j.model.FeatureExtractor;
import org.atelier4j.model.ImageClassifier;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/**
 * Measures generated images against real ones. Two disjoint parts of the training images, drawn once for all with the same
 * seed, play the real ones: the one is what is compared with, the other stands in for generated images and so tells what
 * a perfect model would get.
 */
final class Evaluation {
    private static final long SPLIT_SEED = 0;
    private static final int QUARTERS = 4;
    private static final int SMALLEST_QUARTER = 25;
    private static final int LARGEST_ROW = 3072; // numbers of an image up to which copies are looked for in pixels
    private static final int LARGEST_TRAINED = 64; // side of images up to which TSTR trains on them
    private static final int SMALLEST_LPIPS = 31; // side that AlexNet needs
    private static final int DIVERSITY_IMAGES = 1000;
    private static final String TSTR = "TSTR";
    private static final String TSTR_DL4J = "TSTR_DL4J";

    /** Groups of numbers, by the names that {@code --metrics} takes. */
    enum Metric {
        FD,
        IS,
        KID,
        PRDC,
        ACCURACY,
        NN,
        TSTR,
        DIVERSITY,
        DL4J;

        /** Returns what is measured if nothing is asked for: all but the slow second opinion. */
        static Set<Metric> usual() {
            return EnumSet.complementOf(EnumSet.of(DL4J));
        }
    }

    /** Shows a task of so many images. */
    interface Watch {
        WorkProgress start(String task, long images);
    }

    private final Set<Metric> metrics;
    private final FeatureExtractor eye;
    private final Dataset train;
    private final Dataset test;
    private final Watch watch;
    private final int realCount;
    private final Dataset standIn;
    private final FeatureBank reference;
    private final Map<String, List<Double>> values = new LinkedHashMap<>();
    private final Map<String, Confusion> chance = new LinkedHashMap<>();
    private final List<String> left = new ArrayList<>();
    private Map<String, Double> noise = Map.of();

    /**
     * Reads the features of the images that are compared with.
     *
     * @param count generated images of a seed; as many real ones are taken, but at most half of {@code train}
     */
    Evaluation(Set<Metric> metrics, FeatureExtractor eye, Dataset train, Dataset test, int count, Watch watch) {
        this.metrics = metrics;
        this.eye = eye;
        this.train = train;
        this.test = test;
        this.watch = watch;
        realCount = Math.min(count, train.size() / 2);
        standIn = part(0, realCount);
        reference = bank(eye, part(realCount, realCount), "real images");
    }

    /** Returns how many real images stand on either side of the floor. */
    int realCount() {
        return realCount;
    }

    /** Returns what could not be measured, and why. */
    List<String> leftOut() {
        return List.copyOf(left);
    }

    /**
     * Measures the images of one seed.
     *
     * @param labelled whether their labels mean something
     */
    void add(Dataset images, boolean labelled) {
        boolean first = values.isEmpty();
        FeatureBank bank = bank(eye, images, "generated images");
        Map<String, Double> now = ofFeatures(bank);
        noise = first ? noiseOf(bank) : Map.of(); // it is seen between seeds where there are several
        if (wants(Metric.ACCURACY) && can(labelled && knows(images), "ACC: the classes of the images must be known")) {
            ImageClassifier classifier = (ImageClassifier) eye;
            int[] labels = labels(images);
            now.put(
                    "ACC" + suffix(),
                    ClassAccuracy.confusion(classifier, bank, labels).accuracy());
            if (first) {
                chance.put("ACC" + suffix(), ClassAccuracy.confusion(classifier, bank, shuffled(labels)));
            }
        }
        bank.discard();
        if (wants(Metric.NN)) {
            now.put("NN-ratio", nearest(images));
        }
        if (wants(Metric.DIVERSITY)
                && can(isColorful(images), "LPIPS: color images of 31 pixels and more are needed")) {
            now.put("LPIPS-diversity", diversity(images));
        }
        boolean trains = wants(Metric.TSTR) || wants(Metric.DL4J);
        if (trains && can(labelled && isTrainable(images), "TSTR: small images of known classes are needed")) {
            now.putAll(accuracies(trained(images, "generated images")));
            if (first) {
                chance.putAll(trained(ShuffledLabels.of(images, rng("null")), "shuffled labels, the null test"));
            }
        }
        now.forEach((name, v) ->
                values.computeIfAbsent(name, n -> new ArrayList<>()).add(v));
    }

    /** Measures real images in the same way and returns all lines. */
    List<Measure> finish() {
        FeatureBank inTheirPlace = bank(eye, standIn, "real images in their place");
        Map<String, Double> real = ofFeatures(inTheirPlace);
        inTheirPlace.discard();
        if (values.containsKey("ACC" + suffix())) {
            FeatureBank unseen = bank(eye, test, "test images");
            real.put(
                    "ACC" + suffix(),
                    ClassAccuracy.confusion((ImageClassifier) eye, unseen, labels(test))
                            .accuracy());
            unseen.discard();
        }
        if (values.containsKey("NN-ratio")) {
            real.put("NN-ratio", nearest(standIn));
        }
        if (values.containsKey("LPIPS-diversity")) {
            real.put("LPIPS-diversity", diversity(standIn));
        }
        if (values.containsKey(TSTR) || values.containsKey(TSTR_DL4J)) {
            real.putAll(accuracies(trained(standIn, "real images")));
        }
        List<Measure> lines = new ArrayList<>();
        values.forEach((name, v) -> {
            OptionalDouble floor = real.containsKey(name) ? OptionalDouble.of(real.get(name)) : OptionalDouble.empty();
            OptionalDouble scatter =
                    noise.containsKey(name) ? OptionalDouble.of(noise.get(name)) : OptionalDouble.empty();
            Measure line = Measure.of(name, goal(name), v, scatter, floor);
            lines.add(chance.containsKey(name) ? line.withChance(chance.get(name)) : line);
        });
        return lines;
    }

    private String suffix() {
        return suffix(eye);
    }

    /** Returns the ending of names, so that no number is taken for one of another network: {@code _FM} is FM-Net. */
    static String suffix(FeatureExtractor eye) {
        return eye.name().equals("fm-net") ? "_FM" : "_" + eye.name();
    }

    private String frechetName() {
        return Inception2015.isFid(eye) ? "FID" : "FD" + suffix();
    }

    private static String goal(String name) {
        if (name.startsWith("FD") || name.startsWith("FID") || name.startsWith("KID")) {
            return "lower";
        }
        return name.equals("NN-ratio") || name.equals("density") || name.equals("LPIPS-diversity")
                ? "near real"
                : "higher";
    }

    private Map<String, Double> ofFeatures(FeatureBank bank) {
        Map<String, Double> now = new LinkedHashMap<>();
        if (metrics.contains(Metric.FD)) {
            now.put(frechetName(), FrechetDistance.between(reference.statistics(), bank.statistics()));
        }
        if (metrics.contains(Metric.IS) && can(eye instanceof ImageClassifier, "IS: needs a classifier")) {
            double score = InceptionScore.paper()
                    .measure((ImageClassifier) eye, bank, rng("is"))
                    .mean();
            now.put("IS" + suffix(), score);
        }
        if (metrics.contains(Metric.KID)) {
            int size = Math.min(KernelDistance.usual().subsetSize(), Math.min(bank.count(), reference.count()));
            KernelDistance distance = new KernelDistance(KernelDistance.usual().subsets(), size);
            now.put(
                    "KID" + suffix(),
                    distance.measure(reference, bank, rng("kid")).mean());
        }
        if (metrics.contains(Metric.PRDC)) {
            PrecisionRecall.Result r = PrecisionRecall.paper().measure(reference, bank);
            now.put("precision", r.precision());
            now.put("recall", r.recall());
            now.put("density", r.density());
            now.put("coverage", r.coverage());
        }
        return now;
    }

    /** Returns the standard error of each number, from those of four quarters of the images; of few images, none. */
    private Map<String, Double> noiseOf(FeatureBank bank) {
        if (bank.count() < QUARTERS * SMALLEST_QUARTER) {
            return Map.of();
        }
        Map<String, List<Double>> parts = new LinkedHashMap<>();
        int[] order = rng("quarters").permutation(bank.count());
        for (int q = 0; q < QUARTERS; q++) {
            int from = (int) ((long) q * order.length / QUARTERS);
            int to = (int) ((long) (q + 1) * order.length / QUARTERS);
            FeatureBank quarter = bank.select(Arrays.copyOfRange(order, from, to));
            ofFeatures(quarter)
                    .forEach((name, v) ->
                            parts.computeIfAbsent(name, n -> new ArrayList<>()).add(v));
            quarter.discard();
        }
        Map<String, Double> errors = new LinkedHashMap<>();
        parts.forEach((name, v) -> {
            double[] numbers = v.stream().mapToDouble(Double::doubleValue).toArray();
            errors.put(name, Estimate.of(numbers).standardError());
        });
        return errors;
    }

    private static Map<String, Double> accuracies(Map<String, Confusion> confusions) {
        Map<String, Double> accuracies = new LinkedHashMap<>();
        confusions.forEach((name, c) -> accuracies.put(name, c.accuracy()));
        return accuracies;
    }

    /** Returns what a network takes the test images for that learned from the images given, for each network wanted. */
    private Map<String, Confusion> trained(Dataset images, String what) {
        Map<String, Confusion> seen = new LinkedHashMap<>();
        if (wants(Metric.TSTR)) {
            try (WorkProgress progress = watch.start("training on " + what, images.size())) {
                seen.put(TSTR, TrainOnSynthetic.usual().confusion(images, test, rng(TSTR)));
            }
        }
        if (wants(Metric.DL4J)) {
            try (WorkProgress progress = watch.start("DeepLearning4J trains on " + what, images.size())) {
                seen.put(TSTR_DL4J, LeNetJudge.usual().confusion(images, test, SPLIT_SEED));
            }
        }
        return seen;
    }

    private double nearest(Dataset images) {
        boolean small = images.imageShape().size() <= LARGEST_ROW;
        FeatureExtractor near = small ? new RawPixels(images.imageShape()) : eye;
        int n = Math.min(test.size(), train.size() - realCount);
        FeatureBank seen = bank(near, part(realCount, n), "nearest training images");
        FeatureBank unseen = bank(near, test, "nearest test images");
        try (WorkProgress progress = watch.start("their distances", images.size())) {
            FeatureReader reader = FeatureReader.of(near).withProgress(progress);
            return NearestNeighbors.compare(reader, images.images(), seen, unseen, rng("nn"))
                    .ratio();
        } finally {
            seen.discard();
            unseen.discard();
        }
    }

    private double diversity(Dataset images) {
        int n = Math.min(DIVERSITY_IMAGES, images.size());
        int[] some = Arrays.copyOf(rng("diversity").permutation(images.size()), n);
        return Diversity.paper()
                .measure(n, numbers -> tensor(images, some, numbers), Lpips.alex(), rng("pairs"))
                .mean();
    }

    /** Returns the images (b, H, W, C) that are {@code some[numbers[0]]}, {@code some[numbers[1]]} … of a set. */
    private static Tensor tensor(Dataset images, int[] some, int[] numbers) {
        List<Image> chosen = new ArrayList<>();
        for (int number : numbers) {
            chosen.add(images.image(some[number]));
        }
        return PixelRange.SIGNED.toTensor(chosen);
    }

    private FeatureBank bank(FeatureExtractor extractor, Dataset images, String task) {
        try (WorkProgress progress = watch.start(task, images.size())) {
            return FeatureReader.of(extractor).withProgress(progress).bank(images.images(), images.size());
        }
    }

    private Dataset part(int from, int count) {
        int[] order = Rng.of(SPLIT_SEED).split("real").permutation(train.size());
        return train.select(Arrays.copyOfRange(order, from, from + count));
    }

    private boolean wants(Metric metric) {
        return metrics.contains(metric);
    }

    private boolean can(boolean possible, String why) {
        if (!possible && !left.contains(why)) {
            left.add(why);
        }
        return possible;
    }

    private boolean knows(Dataset images) {
        return eye instanceof ImageClassifier c
                && c.classes() == images.classNames().size();
    }

    private boolean isTrainable(Dataset images) {
        return images.imageShape().equals(test.imageShape())
                && images.classNames().size() > 1
                && Math.max(images.imageShape().dim(0), images.imageShape().dim(1)) <= LARGEST_TRAINED;
    }

    private static boolean isColorful(Dataset images) {
        return images.imageShape().dim(2) == 3
                && Math.min(images.imageShape().dim(0), images.imageShape().dim(1)) >= SMALLEST_LPIPS;
    }

    private static int[] labels(Dataset images) {
        int[] labels = new int[images.size()];
        Arrays.setAll(labels, images::label);
        return labels;
    }

    private static int[] shuffled(int[] labels) {
        int[] order = rng("labels").permutation(labels.length);
        return Arrays.stream(order).map(i -> labels[i]).toArray();
    }

    private static Rng rng(String purpose) {
        return Rng.of(SPLIT_SEED).split(purpose.toLowerCase(Locale.ROOT));
    }
}
