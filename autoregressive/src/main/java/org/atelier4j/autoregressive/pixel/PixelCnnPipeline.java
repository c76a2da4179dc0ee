package org.atelier4j.autoregressive.pixel;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.autoregressive.DrawingListener;
import org.atelier4j.autoregressive.TokenSampler;
import org.atelier4j.image.Image;
import org.atelier4j.image.PixelRange;
import org.atelier4j.io.Json;
import org.atelier4j.io.SafeTensors;
import org.atelier4j.model.LabelDropout;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.jspecify.annotations.Nullable;

/**
 * A trained PixelCNN of images, ready to draw by class and to complete the lower part of images.
 *
 * <pre>{@code
 * PixelCnnPipeline pipeline = PixelCnnPipeline.load(Path.of("fashion-mnist-pixelcnn.safetensors"));
 * List<Image> images = pipeline.generate(PixelCnnPipeline.Request.of(List.of(7, 8)), DrawingListener.silent());
 * }</pre>
 *
 * <p>One pipeline serves any number of threads. Image i depends on the seed, i and its class, but not on how many are asked
 * for.
 */
public final class PixelCnnPipeline {
    private static final String FILE = "model.safetensors";
    private static final String CONFIG = "config";
    private static final String CLASS_NAMES = "classNames";
    private static final int MAX_BATCH = 64;

    private final PixelCnn model;
    private final PixelLevels levels;
    private final Classes classes;

    /**
     * The classes that a model knows.
     *
     * @param names one for each, in order
     * @param dropout how many were hidden in training: what guidance and images of no class need. Files that do not say it
     *     are from when none were, unless asked for
     */
    public record Classes(List<String> names, LabelDropout dropout) {
        /** Copies the list. */
        public Classes {
            names = List.copyOf(names);
        }

        /** Returns whether the model can be guided: it has classes, and saw images without them. */
        public boolean allowGuidance() {
            return dropout.allowsGuidance(names.size());
        }
    }

    /**
     * What is wanted.
     *
     * @param labels the class of each image, in [0, classes], {@code classes} being none
     * @param sampler how values are chosen
     * @param seed of all randomness
     */
    public record Request(List<Integer> labels, TokenSampler sampler, long seed) {
        /** Copies the list. */
        public Request {
            labels = List.copyOf(labels);
            Check.that(!labels.isEmpty(), "Request: there must be at least one label, got none");
        }

        /** Returns a request for what the model learned, with seed 0. */
        public static Request of(List<Integer> labels) {
            return new Request(labels, TokenSampler.plain(), 0);
        }

        /** Returns the same with another seed. */
        public Request withSeed(long other) {
            return new Request(labels, sampler, other);
        }

        /** Returns the same with another sampler. */
        public Request withSampler(TokenSampler other) {
            return new Request(labels, other, seed);
        }
    }

    /**
     * Makes a pipeline around a model, which stays the caller's.
     *
     * @param classes what it knows of classes
     */
    public PixelCnnPipeline(PixelCnn model, Classes classes) {
        PixelCnn.Config config = model.config();
        int bits = Integer.numberOfTrailingZeros(config.grid().levels());
        Check.that(
                config.embedding() == 0 && config.grid().levels() == 1 << bits,
                "PixelCnnPipeline: the model must be one of pixels, with 2 to 256 levels, got %s",
                config);
        Check.that(
                classes.names().size() == config.classes(),
                "PixelCnnPipeline: there must be %d class names, got %d",
                config.classes(),
                classes.names().size());
        this.model = model;
        this.levels = new PixelLevels(bits);
        this.classes = classes;
    }

    /**
     * Loads a model that {@link #save} wrote.
     *
     * @param path the file, or a folder with a file {@code model.safetensors}
     * @throws IllegalArgumentException if the file is not of a PixelCNN, or its weights do not fit what it says of itself
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public static PixelCnnPipeline load(Path path) {
        Path file = Files.isDirectory(path) ? path.resolve(FILE) : path;
        try (TensorScope scope = TensorScope.open();
                SafeTensors saved = SafeTensors.open(file)) {
            Map<String, String> texts = saved.metadata();
            String config = texts.get(CONFIG);
            String names = texts.get(CLASS_NAMES);
            Check.that(
                    config != null && names != null && PixelCnn.class.getName().equals(texts.get("class")),
                    "PixelCnnPipeline: %s must hold a PixelCNN, with class, config and classNames in its metadata, got"
                            + " %s",
                    file,
                    texts);
            PixelCnn model = new PixelCnn(Json.record(PixelCnn.Config.class, Json.parse(config)), Rng.of(0));
            Map<String, Tensor> weights = new LinkedHashMap<>();
            saved.names().forEach(name -> weights.put(name, saved.tensor(name)));
            model.load(weights);
            LabelDropout dropout = LabelDropout.ofMetadata(texts, LabelDropout.NONE, file);
            return new PixelCnnPipeline(model, new Classes(names(Json.parse(names), file), dropout));
        }
    }

    private static List<String> names(@Nullable Object tree, Path file) {
        Check.that(tree instanceof List<?>, "PixelCnnPipeline: classNames of %s must be a list, got %s", file, tree);
        return ((List<?>) tree).stream().map(String::valueOf).toList();
    }

    /**
     * Writes a model to one file, whole or not at all.
     *
     * @param weights by path, as {@code ema.state()} or {@code model.state()} gives them
     * @param notes texts to keep beside the config, as {@code seed} and {@code step}
     */
    public static void save(
            Path file,
            PixelCnn.Config config,
            Classes classes,
            Map<String, Tensor> weights,
            Map<String, String> notes) {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("format", "pt");
        metadata.put("class", PixelCnn.class.getName());
        metadata.put(CONFIG, Json.write(config));
        metadata.put(CLASS_NAMES, Json.write(classes.names()));
        classes.dropout().putInto(metadata);
        notes.forEach((key, text) -> Check.that(
                metadata.putIfAbsent(key, text) == null, "PixelCnnPipeline.save: notes must not use the name %s", key));
        SafeTensors.write(file, weights, metadata);
    }

    /** Returns the model. */
    public PixelCnn model() {
        return model;
    }

    /** Returns the bits of a pixel. */
    public PixelLevels levels() {
        return levels;
    }

    /** Returns what the model knows of classes. */
    public Classes classes() {
        return classes;
    }

    /**
     * Draws images.
     *
     * @param listener told after each row of a batch of at most {@value #MAX_BATCH}, and asked whether to go on
     * @throws IllegalArgumentException if the model cannot do what is asked for
     * @throws java.util.concurrent.CancellationException if the listener said no
     */
    public List<Image> generate(Request request, DrawingListener listener) {
        return draw(
                request,
                listener,
                (from, labels) -> PixelCanvas.blank(model.config().grid(), labels));
    }

    /**
     * Completes images: the first rows stay as they are, in the model's bits, and the others are drawn.
     *
     * @param images FLOAT32 (B, H, W, C) in [−1, 1], one for each label
     * @param rows how many rows stay
     * @throws IllegalArgumentException if the model cannot do what is asked for
     * @throws java.util.concurrent.CancellationException if the listener said no
     */
    public List<Image> complete(Tensor images, int rows, Request request, DrawingListener listener) {
        int count = request.labels().size();
        Check.shape(
                images.shape().equals(model.config().grid().batch(count)),
                "PixelCnnPipeline: images must have shape %s, got %s",
                model.config().grid().batch(count),
                images.shape());
        try (TensorScope scope = TensorScope.open()) {
            Tensor values = levels.quantize(images);
            return draw(
                    request,
                    listener,
                    (from, labels) -> PixelCanvas.upper(values.slice(0, from, labels.length), rows, labels));
        }
    }

    /** Makes the canvas of images {@code [from, from + labels.length)}. */
    private interface Canvases {
        PixelCanvas of(int from, int[] labels);
    }

    private List<Image> draw(Request request, DrawingListener listener, Canvases canvases) {
        int none = model.config().classes();
        boolean labelled = !request.labels().contains(none);
        classes.dropout()
                .check("PixelCnnPipeline", none, labelled, request.sampler().guidanceScale());
        var sampler = new PixelCnnSampler(model, request.sampler());
        Rng rng = Rng.of(request.seed());
        List<Image> images = new ArrayList<>();
        int count = request.labels().size();
        for (int from = 0; from < count; from += MAX_BATCH) {
            try (TensorScope scope = TensorScope.open()) {
                List<Integer> part = request.labels().subList(from, Math.min(count, from + MAX_BATCH));
                List<Rng> streams = new ArrayList<>();
                for (int i = 0; i < part.size(); i++) {
                    streams.add(rng.split((long) from + i));
                }
                int[] labels = part.stream().mapToInt(Integer::intValue).toArray();
                Tensor drawn = sampler.draw(canvases.of(from, labels), streams, listener);
                images.addAll(PixelRange.SIGNED.toImages(levels.toImages(drawn)));
            }
        }
        return images;
    }
}
