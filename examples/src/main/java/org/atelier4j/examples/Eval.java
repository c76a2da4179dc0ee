package org.atelier4j.examples;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.atelier4j.data.Dataset;
import org.atelier4j.data.Datasets;
import org.atelier4j.diffusion.pipeline.DiffusionPipeline;
import org.atelier4j.diffusion.pipeline.PipelineConfig;
import org.atelier4j.diffusion.pipeline.SamplerKind;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.atelier4j.io.Json;
import org.atelier4j.model.FeatureExtractor;
import org.atelier4j.tensor.Shape;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
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
            "",
            "Examples:",
            "  atelier eval --count 1000             a first impression of the shipped model",
            "  atelier eval --seeds 0,1,2 --keep out/drawn --json out/eval.json",
            "  atelier eval --guidance 1 --metrics fd,prdc,accuracy",
            "  atelier eval --images out/mine        pictures made by any program",
            "  atelier eval --images a --pairs b     equal names: PSNR, SSIM, LPIPS"
        })
public final class Eval implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--model", description = "file, run folder or name (" + Models.FASHION + ")")
    private @Nullable String model;

    @Option(names = "--images", description = "folder of pictures to judge in place of a model's")
    private @Nullable Path images;

    @Option(names = "--pairs", description = "folder of pictures that those of --images should equal")
    private @Nullable Path pairs;

    @Option(names = "--data", defaultValue = "fashion-mnist", description = "real images (${DEFAULT-VALUE})")
    private String data;

    @Option(names = "--count", defaultValue = "10000", description = "images to draw (${DEFAULT-VALUE})")
    private int count;

    @Option(
            names = "--sampler",
            defaultValue = "dpm++",
            converter = Sample.SamplerName.class,
            description = "dpm++, ddim, ddpm, euler or heun (${DEFAULT-VALUE})")
    private SamplerKind sampler;

    @Option(names = "--steps", defaultValue = "10", description = "sampling steps (${DEFAULT-VALUE})")
    private int steps;

    @Option(names = "--guidance", defaultValue = "0", description = "exaggeration of the class (${DEFAULT-VALUE})")
    private double guidance;

    @Option(
            names = {"--seeds", "--seed"},
            split = ",",
            defaultValue = "0",
            description = "of the noise, several with commas between (${DEFAULT-VALUE})")
    private List<Long> seeds = List.of();

    @Option(names = "--metrics", split = ",", description = "which, with commas between (all but dl4j)")
    private List<Evaluation.Metric> metrics = List.of();

    @Option(
            names = "--extractor",
            description = "network that looks at the images: fm-net (for gray ones), efficientnet-lite0 (for color),"
                    + " inception (its weights are yours to bring), or a file of ./atelier train classifier")
    private @Nullable String extractor;

    @Option(names = "--keep", description = "folder that keeps drawn images, so that they need not be drawn again")
    private @Nullable Path keep;

    @Option(names = "--json", description = "file for the results")
    private @Nullable Path json;

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
        long start = System.nanoTime();
        List<Measure> measures = images != null
                ? judgeFolder(images, wanted, real, eye, result, screen)
                : judgeModel(wanted, real, eye, result, screen);
        result.put("data", real.name() + ": " + real.source());
        result.put("extractor", Map.of("name", eye.name(), "sha256", eye.hash()));
        Map<String, Object> lines = new LinkedHashMap<>();
        measures.forEach(m -> lines.put(m.name(), m.toTree()));
        result.put("metrics", lines);
        result.put("seconds", Math.round((System.nanoTime() - start) * 1e-9));
        result.put("machine", Machine.processor());
        result.put("java", Machine.java());
        screen.printf(Locale.ROOT, "%nSeen by %s, SHA-256 %s%n", eye.name(), eye.hash());
        MeasureTable.print(measures, screen);
        save(result);
        return 0;
    }

    private void checkOptions() {
        if (images != null && model != null) {
            throw new RunException("--model and --images exclude each other: what shall be judged?");
        }
        if (pairs != null && images == null) {
            throw new RunException("--pairs needs --images: the pictures to compare with those of " + pairs);
        }
    }

    private List<Measure> judgeModel(
            Set<Evaluation.Metric> wanted,
            Datasets.Resolved real,
            FeatureExtractor eye,
            Map<String, Object> result,
            PrintWriter screen) {
        String name = model == null ? Models.FASHION : model;
        String weights = DrawnImages.weightsHash(name);
        try (DiffusionPipeline pipeline = Models.load(name)) {
            checkFits(pipeline.config(), real.train());
            screen.printf(
                    Locale.ROOT,
                    "%s: %d images, %s in %d steps, guidance %s, seeds %s, against %s (%d training images, from %s)%n",
                    name,
                    count,
                    sampler.label(),
                    steps,
                    guidance,
                    seeds,
                    data,
                    real.train().size(),
                    real.source());
            screen.flush();
            Evaluation evaluation = evaluation(wanted, real, eye, count, screen);
            for (long seed : seeds) {
                var order = new DrawnImages.Order(weights, count, sampler, steps, guidance, seed);
                try (WorkProgress progress = progress(screen, "drawing, seed " + seed, count)) {
                    Dataset drawn = DrawnImages.drawOrRead(pipeline, order, keep, progress);
                    evaluation.add(drawn, true);
                }
            }
            result.put("model", name);
            result.put("weights", weights);
            result.put("sampler", sampler.label());
            result.put("steps", steps);
            result.put("guidance", guidance);
            result.put("seeds", seeds);
            return finished(evaluation, count, result, screen);
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

    /** Checks that a model draws what the data show. */
    private void checkFits(PipelineConfig config, Dataset real) {
        UNetConfig.Images size = config.network().images();
        Shape drawn = Shape.of(size.height(), size.width(), size.in());
        if (!drawn.equals(real.imageShape()) || !config.classNames().equals(real.classNames())) {
            throw new RunException("the model draws " + drawn + " images of " + config.classNames() + ", but " + data
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
