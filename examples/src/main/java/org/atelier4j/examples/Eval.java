package org.atelier4j.examples;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.atelier4j.data.Dataset;
import org.atelier4j.data.Datasets;
import org.atelier4j.io.Json;
import org.atelier4j.model.FeatureExtractor;
import org.atelier4j.tensor.Shape;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code ./atelier eval}: judges a model, or images in a folder, against a data set. Drawing 10,000 images with the model
 * that ships takes a quarter of an hour on two CPU cores, measuring them a few minutes.
 */
@Command(
        name = "eval",
        description = "Judges a model, or images in a folder, by what the field measures.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Metrics:",
            "  fd         Fréchet distance           is         Inception Score",
            "  kid        kernel distance            prdc       precision, recall,",
            "  accuracy   of the class asked for                density, coverage",
            "  nn         are they copies?           tstr       train on them, test on real",
            "  diversity  LPIPS of pairs (color)     dl4j       tstr by DeepLearning4J (slow)",
            "Of a codec (VQ-VAE, VQGAN, autoencoder) its reconstructions of test images are",
            "judged: psnr, ssim, accuracy and fd of what comes back, and the codes in use.",
            "",
            "Examples:",
            "  atelier eval --count 1000             a first impression of the shipped model",
            "  atelier eval --seeds 0,1,2 --keep out/drawn --json out/eval.json",
            "  atelier eval --guidance 0 --metrics fd,prdc,accuracy",
            "  atelier eval --model out/prior --json out/prior.json",
            "  atelier eval --model out/maskgit --compare out/prior.json",
            "  atelier eval --model fashion-mnist-vqvae",
            "  atelier eval --images out/mine        pictures made by any program",
            "  atelier eval --images a --pairs b     equal names: PSNR, SSIM, LPIPS"
        })
public final class Eval implements Callable<Integer> {
    private static final double GIGABYTE = 1e9;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--model",
            paramLabel = "NAME",
            description = "of any family, or a codec: file, run folder or name (" + Models.FASHION + ")")
    private @Nullable String model;

    @Option(
            names = "--images",
            paramLabel = "FOLDER",
            description = "folder of pictures to judge in place of a model's")
    private @Nullable Path images;

    @Option(
            names = "--pairs",
            paramLabel = "FOLDER",
            description = "folder of pictures that those of --images should equal")
    private @Nullable Path pairs;

    @Option(
            names = "--data",
            paramLabel = "NAME",
            defaultValue = "fashion-mnist",
            description = "real images (${DEFAULT-VALUE})")
    private String data;

    @Option(
            names = "--count",
            paramLabel = "N",
            defaultValue = "10000",
            description = "images to draw (${DEFAULT-VALUE})")
    private int count;

    @Mixin
    private DrawingOptions drawing;

    @Option(
            names = {"--seeds", "--seed"},
            paramLabel = "N",
            split = ",",
            defaultValue = "0",
            description = "of all randomness, several with commas between (${DEFAULT-VALUE})")
    private List<Long> seeds = List.of();

    @Option(
            names = "--metrics",
            paramLabel = "NAME",
            split = ",",
            description = "which, with commas between (all but dl4j)")
    private List<Evaluation.Metric> metrics = List.of();

    @Option(
            names = "--extractor",
            paramLabel = "NAME",
            description =
                    "network that looks at the images: fm-net (for gray ones), efficientnet-lite0 (for color),"
                            + " cifar10-net, inception (its weights are yours to bring), or a file of ./atelier train classifier")
    private @Nullable String extractor;

    @Option(
            names = "--keep",
            paramLabel = "FOLDER",
            description = "folder that keeps drawn images, so that they need not be drawn again")
    private @Nullable Path keep;

    @Option(names = "--json", paramLabel = "FILE", description = "file for the results")
    private @Nullable Path json;

    @Option(
            names = "--compare",
            paramLabel = "FILE",
            description = "file that --json wrote of another model: print how they compare")
    private @Nullable Path other;

    @Override
    public Integer call() {
        PrintWriter screen = spec.commandLine().getOut();
        checkOptions();
        if (images != null && pairs != null) {
            Map<String, Object> result = PictureComparison.run(images, pairs, screen);
            save(result);
            return 0;
        }
        Datasets.Resolved real = Datasets.resolve(data);
        FeatureExtractor eye =
                Extractors.of(extractor, real.train().imageShape().dim(2));
        Map<String, Object> result = new LinkedHashMap<>();
        result.put(
                "command",
                "atelier "
                        + String.join(" ", spec.commandLine().getParseResult().originalArgs()));
        Set<Evaluation.Metric> wanted = metrics.isEmpty() ? Evaluation.Metric.usual() : EnumSet.copyOf(metrics);
        result.put("data", real.name() + ": " + real.source());
        result.put("extractor", Map.of("name", eye.name(), "sha256", eye.hash()));
        long start = System.nanoTime();
        String name = name();
        List<Measure> measures;
        if (images != null) {
            measures = judgeFolder(images, wanted, real, eye, result, screen);
        } else if (CodecEvaluation.isCodec(name)) {
            measures = judgeCodec(name, real, eye, result, screen);
        } else {
            measures = judgeModel(name, wanted, real, eye, result, screen);
        }
        Map<String, Object> lines = new LinkedHashMap<>();
        measures.forEach(m -> lines.put(m.name(), m.toTree()));
        result.put("metrics", lines);
        result.put("seconds", Math.round((System.nanoTime() - start) * 1e-9));
        OptionalLong memory = Machine.peakMemory();
        memory.ifPresent(bytes -> result.put("peakMemory", bytes));
        result.put("machine", Machine.processor());
        result.put("java", Machine.java());
        screen.printf(Locale.ROOT, "%nSeen by %s, SHA-256 %s%n", eye.name(), eye.hash());
        MeasureTable.print(measures, screen);
        memory.ifPresent(bytes -> screen.printf(Locale.ROOT, "Memory: %.2f GB at most%n", bytes / GIGABYTE));
        save(result);
        if (other != null) {
            Comparison.read(other).print(result, measures, screen);
        }
        return 0;
    }

    private void checkOptions() {
        if (count < 1) {
            throw new RunException("--count must be at least 1, got " + count);
        }
        if (images != null && model != null) {
            throw new RunException("--model and --images exclude each other: what shall be judged?");
        }
        if (pairs != null && other != null) {
            throw new RunException("--pairs and --compare exclude each other: pairs of pictures have no model");
        }
        if (pairs != null && images == null) {
            throw new RunException("--pairs needs --images: the pictures to compare with those of " + pairs);
        }
        if (pairs != null) {
            refuse("pairs of pictures", "--data", "--count", "--metrics", "--extractor");
        }
        if (images != null) {
            refuse("pictures in a folder", "--seeds", "--keep");
            refuseDrawing("pictures in a folder");
        } else if (CodecEvaluation.isCodec(name())) {
            refuse("a codec", "--metrics", "--seeds", "--keep");
            refuseDrawing("a codec");
        }
    }

    /** Refuses options that would not change anything. */
    private void refuse(String judged, String... options) {
        for (String option : options) {
            if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
                throw new RunException(option + " does not apply to " + judged + "; leave it out");
            }
        }
    }

    private void refuseDrawing(String judged) {
        for (OptionSpec option :
                Objects.requireNonNull(spec.mixins().get("drawing")).options()) {
            refuse(judged, option.longestName());
        }
    }

    private String name() {
        return model == null ? Models.FASHION : model;
    }

    private List<Measure> judgeCodec(
            String name, Datasets.Resolved real, FeatureExtractor eye, Map<String, Object> result, PrintWriter screen) {
        Dataset test = real.test().first(Math.min(count, real.test().size()));
        screen.printf("%s: reconstructions of %d test images of %s%n", name, test.size(), data);
        screen.flush();
        result.put("model", name);
        result.put("weights", Models.hash(name));
        result.put("count", test.size());
        try (WorkProgress progress = progress(screen, "there and back", test.size())) {
            return CodecEvaluation.of(name).measure(test, eye, progress);
        }
    }

    private List<Measure> judgeModel(
            String name,
            Set<Evaluation.Metric> wanted,
            Datasets.Resolved real,
            FeatureExtractor eye,
            Map<String, Object> result,
            PrintWriter screen) {
        try (Generator generator = drawing.open(name)) {
            checkFits(generator, real.train());
            screen.printf(
                    Locale.ROOT,
                    "%s: %d images, %s, seeds %s, against %s (%d training images, from %s)%n",
                    name,
                    count,
                    words(generator.settings()),
                    seeds,
                    data,
                    real.train().size(),
                    real.source());
            screen.flush();
            String weights = Models.hash(name);
            result.put("model", name);
            result.put("weights", weights);
            result.putAll(generator.settings());
            result.put("seeds", seeds);
            result.put("count", count);
            checkComparable(result); // before the work
            Evaluation evaluation = evaluation(wanted, real, eye, count, screen);
            List<Double> forwards = new ArrayList<>();
            double seconds = 0;
            for (long seed : seeds) {
                var order = new DrawnImages.Order(weights, generator.settings(), count, seed);
                try (WorkProgress progress = progress(screen, "drawing, seed " + seed, count)) {
                    DrawnImages drawn = DrawnImages.drawOrRead(generator, order, keep, progress);
                    evaluation.add(drawn.images(), !generator.classNames().isEmpty());
                    forwards.add((double) drawn.forwards());
                    seconds += drawn.seconds();
                }
            }
            result.put("secondsPerImage", seconds / seeds.size() / count);
            List<Measure> measures = new ArrayList<>(finished(evaluation, count, result, screen));
            measures.add(Measure.of("forwards", "lower", forwards, OptionalDouble.empty(), OptionalDouble.empty()));
            return measures;
        }
    }

    /** Returns settings as {@code guidance 1.0, steps 10}; hashes are cut. */
    private static String words(Map<String, Object> settings) {
        return settings.entrySet().stream()
                .map(e -> {
                    String value = String.valueOf(e.getValue());
                    return e.getKey() + " " + value.substring(0, Math.min(12, value.length()));
                })
                .collect(Collectors.joining(", "));
    }

    private void checkComparable(Map<String, Object> result) {
        if (other != null) {
            Comparison.read(other).checkAlike(result);
        }
    }

    private List<Measure> judgeFolder(
            Path folder,
            Set<Evaluation.Metric> wanted,
            Datasets.Resolved real,
            FeatureExtractor eye,
            Map<String, Object> result,
            PrintWriter screen) {
        int channels = real.train().imageShape().dim(2);
        PictureFolder all = PictureFolder.open(folder, real.train().classNames(), channels);
        int n = spec.commandLine().getParseResult().hasMatchedOption("--count")
                ? Math.min(count, all.size())
                : all.size();
        Dataset pictures = n == all.size()
                ? all
                : all.select(IntStream.range(0, n)
                        .map(i -> (int) ((long) i * all.size() / n))
                        .toArray());
        screen.printf(
                "%s: %d pictures, %s, against %s (%d training images, from %s)%n",
                folder,
                n,
                all.isLabelled() ? "their classes known by name" : "of unknown classes",
                data,
                real.train().size(),
                real.source());
        screen.flush();
        Evaluation evaluation = evaluation(wanted, real, eye, n, screen);
        evaluation.add(pictures, all.isLabelled());
        result.put("images", folder.toString());
        return finished(evaluation, n, result, screen);
    }

    private List<Measure> finished(Evaluation evaluation, int n, Map<String, Object> result, PrintWriter screen) {
        List<Measure> measures = evaluation.finish();
        evaluation.leftOut().forEach(why -> screen.println("  left out: " + why));
        result.put("count", n);
        result.put("realCount", evaluation.realCount());
        return measures;
    }

    private Evaluation evaluation(
            Set<Evaluation.Metric> wanted, Datasets.Resolved real, FeatureExtractor eye, int n, PrintWriter screen) {
        return new Evaluation(
                wanted, eye, real.train(), real.test(), n, (task, images) -> progress(screen, task, images));
    }

    private static WorkProgress progress(PrintWriter screen, String task, long all) {
        return new WorkProgress(screen, ProgressDisplay.isTerminal(), task, all);
    }

    /** Checks that a model draws what the data show, of the same classes if it has any. */
    private void checkFits(Generator generator, Dataset real) {
        Shape drawn = generator.imageShape();
        List<String> classes = generator.classNames();
        if (!drawn.equals(real.imageShape()) || !classes.isEmpty() && !classes.equals(real.classNames())) {
            throw new RunException("the model draws " + drawn + " images of " + generator.classNames() + ", but " + data
                    + " has " + real.imageShape() + " images of " + real.classNames()
                    + "; name its data set with --data");
        }
    }

    private void save(Map<String, Object> result) {
        if (json != null) {
            Json.save(json, result);
        }
    }
}
