package org.atelier4j.autoregressive.pipeline;

import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.atelier4j.autoregressive.Canvas;
import org.atelier4j.autoregressive.CodePrior;
import org.atelier4j.autoregressive.CodeSpace;
import org.atelier4j.autoregressive.Decoding;
import org.atelier4j.autoregressive.DrawingListener;
import org.atelier4j.image.Image;
import org.atelier4j.image.PixelRange;
import org.atelier4j.io.SafeTensors;
import org.atelier4j.model.CodeGrid;
import org.atelier4j.model.ImageTokenizer;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * A trained prior and the tokenizer whose codes it learned, ready to draw images and to complete them.
 *
 * <pre>{@code
 * ImageTokenizer codec = VqVae.load(Path.of("fashion-vqvae.safetensors"));
 * try (CodePipeline pipeline = CodePipeline.load(codec, Path.of("fashion-maskgit.safetensors"))) {
 *     var request = GenerateRequest.of(16).withLabels(List.of(7)).withSeed(42);
 *     List<BufferedImage> images = pipeline.generate(request, progress -> true).images();
 * }
 * }</pre>
 *
 * <p>One pipeline serves any number of threads. The same request gives the same images, and image i depends on the seed and
 * i but not on how many are asked for (up to the rounding of kernels that choose their loops by batch size, which now and
 * then tips the choice of a code).
 */
public final class CodePipeline implements AutoCloseable {
    private static final String FILE = "model.safetensors";
    private static final int MAX_BATCH = 64;

    private final ImageTokenizer codec;
    private final CodePrior prior;
    private final PriorConfig config;
    private final Layer.Mode evaluation;
    private final boolean ownsPrior;
    private final ReadWriteLock inUse = new ReentrantReadWriteLock();
    private boolean closed;

    /**
     * What was drawn.
     *
     * @param images one picture per image
     * @param tensor the same as numbers near [−1, 1], FLOAT32 (B, H, W, C)
     * @param grid their codes (B, h, w)
     */
    public record Result(List<BufferedImage> images, Tensor tensor, CodeGrid grid) {}

    /**
     * Makes a pipeline around a prior, which stays the caller's and is in evaluation mode until the pipeline closes. The
     * tokenizer stays the caller's, too.
     *
     * @throws IllegalArgumentException if the prior learned the codes of another codebook
     */
    public CodePipeline(ImageTokenizer codec, CodePrior prior, PriorConfig config) {
        this(codec, prior, config, false);
    }

    private CodePipeline(ImageTokenizer codec, CodePrior prior, PriorConfig config, boolean ownsPrior) {
        Check.that(
                config.codebook().equals(codec.hash()),
                "CodePipeline: the prior learned the codes of codebook %s, so the codec must have it, got %s",
                brief(config.codebook()),
                brief(codec.hash()));
        Check.that(
                prior.space().equals(config.space())
                        && codec.size() == config.space().size(),
                "CodePipeline: prior and codec must be for %s, got %s and %d codes",
                config.space(),
                prior.space(),
                codec.size());
        this.codec = codec;
        this.prior = prior;
        this.config = config;
        this.ownsPrior = ownsPrior;
        this.evaluation = prior.network().evaluating();
    }

    /**
     * Loads a prior that {@link #save} wrote.
     *
     * @param codec the tokenizer whose codes the prior learned
     * @param path the file, or a folder with a file {@code model.safetensors}
     * @throws IllegalArgumentException if the file holds no prior of this library, its weights do not fit what it says of
     *     itself, or it learned the codes of another codebook
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public static CodePipeline load(ImageTokenizer codec, Path path) {
        Path file = Files.isDirectory(path) ? path.resolve(FILE) : path;
        try (TensorScope scope = TensorScope.open();
                SafeTensors saved = SafeTensors.open(file)) {
            PriorConfig config = PriorConfig.ofMetadata(saved.metadata(), file);
            CodePrior prior = config.make(Rng.of(0));
            Map<String, Tensor> weights = new LinkedHashMap<>();
            saved.names().forEach(name -> weights.put(name, saved.tensor(name)));
            prior.network().load(weights);
            return new CodePipeline(codec, prior, config, true);
        }
    }

    /**
     * Writes a prior to one file, whole or not at all.
     *
     * @param weights by path, as {@code ema.state()} or {@code network.state()} gives them
     * @param stored element type in the file: FLOAT32, or BFLOAT16 for half of the size
     * @param notes texts to keep beside the config, as {@code seed} and {@code step}
     */
    public static void save(
            Path file, PriorConfig config, Map<String, Tensor> weights, DType stored, Map<String, String> notes) {
        Check.that(stored.isFloating(), "CodePipeline.save: stored must be floating, got %s", stored);
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("format", "pt");
        metadata.put("class", CodePrior.class.getName());
        metadata.putAll(config.toMetadata());
        notes.forEach((key, text) -> Check.that(
                metadata.putIfAbsent(key, text) == null, "CodePipeline.save: notes must not use the name %s", key));
        try (TensorScope scope = TensorScope.open();
                NoGrad off = NoGrad.open()) {
            Map<String, Tensor> written = new LinkedHashMap<>();
            weights.forEach((path, t) -> written.put(path, t.detach().to(stored)));
            SafeTensors.write(file, written, metadata);
        }
    }

    /** Returns what is known of the prior. */
    public PriorConfig config() {
        return config;
    }

    /** Returns the shape of an image, (H, W, C), drawn from a grid of the size that the prior was trained on. */
    public Shape imageShape() {
        Shape one = Shape.of(1, config.space().height(), config.space().width());
        try (TensorScope scope = TensorScope.open()) {
            return preview(Tensor.full(0, DType.INT32, one)).shape().drop(0);
        }
    }

    /** Draws, unwatched. */
    public Result generate(GenerateRequest request) {
        return generate(request, DrawingListener.silent());
    }

    /**
     * Draws.
     *
     * @param listener told after each step, and asked whether to go on. More than {@value #MAX_BATCH} images are drawn in
     *     several batches; steps count over all of them, and the codes are those of the batch at work
     * @throws IllegalArgumentException if the prior cannot do what is asked for
     * @throws java.util.concurrent.CancellationException if the listener said no
     * @throws IllegalStateException if the pipeline was closed
     */
    public Result generate(GenerateRequest request, DrawingListener listener) {
        int[] labels = labels(request.labels(), request.count(), request.decoding());
        CodeSpace space = config.space();
        int height = request.height() == 0 ? space.height() : request.height();
        int width = request.width() == 0 ? space.width() : request.width();
        return use(() -> {
            CodeGrid grid = drawn(Canvas.blank(height, width, labels), request.decoding(), request.seed(), listener);
            return result(grid, decoded(grid));
        });
    }

    /** Completes, unwatched. */
    public Result complete(CompleteRequest request) {
        return complete(request, DrawingListener.silent());
    }

    /**
     * Draws the part of an image that a mask covers, in as many ways as asked for. A code is drawn anew where any pixel of
     * its patch is covered; the others stay as the tokenizer made them.
     *
     * @param listener as for {@link #generate(GenerateRequest, DrawingListener)}
     * @throws IllegalArgumentException if image or mask are of the wrong size, or the mask covers nothing
     * @throws java.util.concurrent.CancellationException if the listener said no
     * @throws IllegalStateException if the pipeline was closed
     */
    public Result complete(CompleteRequest request, DrawingListener listener) {
        int[] labels = labels(request.labels(), request.count(), request.decoding());
        return use(() -> {
            Tensor image = PixelRange.SIGNED.toTensor(List.of(request.image())); // (1, H, W, C)
            Check.that(
                    codec.gridShape(image.shape().drop(0)).equals(grid()),
                    "CodePipeline: the image must become a grid of %s codes, as trained, got one of %s for %s",
                    grid(),
                    codec.gridShape(image.shape().drop(0)),
                    request.image());
            Canvas canvas = CodeMask.canvas(request, codec.tokenize(image), labels);
            CodeGrid grid = drawn(canvas, request.decoding(), request.seed(), listener);
            Tensor images = decoded(grid);
            return result(grid, request.keepPixels() ? CodeMask.kept(request, image, images) : images);
        });
    }

    /**
     * Returns what grids at work look like, (B, H, W, C): gray where a code is still open.
     *
     * @param codes INT32 (B, h, w), −1 where open, as listeners are told
     */
    public Tensor preview(Tensor codes) {
        int[] values = codes.toInts();
        int[] settled = new int[values.length];
        Arrays.setAll(settled, i -> Math.max(0, values[i]));
        int[] shape = codes.shape().dims();
        try (TensorScope scope = TensorScope.open()) {
            Tensor images = decoded(
                    new CodeGrid(Tensor.of(settled, shape), config.space().size()));
            Tensor open = CodeMask.open(values, codes.shape(), images.shape());
            return scope.keep(Tensor.where(open, Tensor.zeros(1, 1, 1, 1), images));
        }
    }

    /** Waits for requests at work, then frees the prior's weights if the pipeline loaded them; later requests are refused. */
    @Override
    public void close() {
        inUse.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                evaluation.close();
                if (ownsPrior) {
                    prior.network().state().values().forEach(TensorScope::discard);
                }
            }
        } finally {
            inUse.writeLock().unlock();
        }
    }

    private Result use(Supplier<Result> work) {
        inUse.readLock().lock();
        try (TensorScope scope = TensorScope.open();
                NoGrad off = NoGrad.open()) {
            Check.state(!closed, "CodePipeline: must be open, was closed");
            Result result = work.get();
            scope.keep(result.tensor());
            scope.keep(result.grid().codes());
            return result;
        } finally {
            inUse.readLock().unlock();
        }
    }

    private CodeGrid drawn(Canvas canvas, Decoding decoding, long seed, DrawingListener listener) {
        int count = canvas.images();
        int batches = (count + MAX_BATCH - 1) / MAX_BATCH;
        List<Tensor> parts = new ArrayList<>();
        Rng rng = Rng.of(seed);
        for (int b = 0; b < batches; b++) {
            int first = b * MAX_BATCH;
            int size = Math.min(MAX_BATCH, count - first);
            int done = b;
            List<Rng> streams = IntStream.range(first, first + size)
                    .mapToObj(i -> rng.split((long) i))
                    .toList();
            DrawingListener overall = p -> listener.onStep(
                    new DrawingListener.Progress(done * p.steps() + p.step(), batches * p.steps(), p.codes()));
            parts.add(prior.draw(canvas.slice(first, size), decoding, streams, overall)
                    .codes());
        }
        return new CodeGrid(
                Tensor.concat(0, parts.toArray(Tensor[]::new)), config.space().size());
    }

    private Tensor decoded(CodeGrid grid) {
        List<Tensor> parts = new ArrayList<>();
        for (int first = 0; first < grid.codes().dim(0); first += MAX_BATCH) {
            int size = Math.min(MAX_BATCH, grid.codes().dim(0) - first);
            parts.add(codec.detokenize(new CodeGrid(grid.codes().slice(0, first, size), grid.size())));
        }
        return Tensor.concat(0, parts.toArray(Tensor[]::new)); // (B, H, W, C)
    }

    private static Result result(CodeGrid grid, Tensor images) {
        List<BufferedImage> pictures = PixelRange.SIGNED.toImages(images).stream()
                .map(Image::toBufferedImage)
                .toList();
        return new Result(pictures, images, grid);
    }

    /** Returns one label for each image; without any, "no class". */
    private int[] labels(List<Integer> given, int count, Decoding decoding) {
        int classes = config.space().classes();
        config.labelDropout()
                .check(
                        "CodePipeline",
                        classes,
                        !given.isEmpty(),
                        decoding.sampler().guidanceScale());
        for (int label : given) {
            Check.that(
                    label >= 0 && label < classes, "CodePipeline: labels must lie in [0, %d), got %d", classes, label);
        }
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = given.isEmpty() ? classes : given.get(given.size() == 1 ? 0 : i);
        }
        return labels;
    }

    private Shape grid() {
        return Shape.of(config.space().height(), config.space().width());
    }

    private static String brief(String hash) {
        return hash.substring(0, Math.min(12, hash.length()));
    }
}
