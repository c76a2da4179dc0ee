package org.atelier4j.examples;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongConsumer;
import org.atelier4j.data.Dataset;
import org.atelier4j.diffusion.pipeline.DiffusionPipeline;
import org.atelier4j.diffusion.pipeline.DiffusionPipeline.Request;
import org.atelier4j.diffusion.pipeline.SamplerKind;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.atelier4j.image.PixelRange;
import org.atelier4j.io.FileFailure;
import org.atelier4j.io.Json;
import org.atelier4j.io.SafeTensors;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.jspecify.annotations.Nullable;

/**
 * Many images of a model, as bytes, to be measured: the classes in turn, 0 1 2 … 0 1 2 …, in blocks of {@value #BLOCK}, each
 * with noise of its own. So the first images of a longer order are those of a shorter one.
 *
 * <p>What was drawn can be kept in a folder, for drawing takes much longer than measuring.
 */
final class DrawnImages {
    private static final int BLOCK = 64; // one batch of the pipeline
    private static final String IMAGES = "images";
    private static final String ORDER = "order";

    private DrawnImages() {}

    /**
     * What to draw.
     *
     * @param weights hash of the model's weights
     * @param count images in all
     * @param sampler way from noise to images
     * @param steps sampling steps
     * @param guidance w of classifier-free guidance, 0 for none
     * @param seed of the noise
     */
    record Order(String weights, int count, SamplerKind sampler, int steps, double guidance, long seed) {
        Order {
            Check.that(count >= 1 && steps >= 1, "count and steps must be >= 1, got %d and %d", count, steps);
        }

        /** Returns the file for the images in a folder. */
        Path file(Path folder) {
            return folder.resolve(String.format(
                    Locale.ROOT,
                    "%s-%s-%d-w%s-seed%d-%d.safetensors",
                    weights.substring(0, Math.min(12, weights.length())),
                    sampler.label(),
                    steps,
                    guidance,
                    seed,
                    count));
        }
    }

    /** Returns the SHA-256 of a model's weights, the model named as for {@link Models#load}. */
    static String weightsHash(String model) {
        Path path = Path.of(model);
        Path file = Files.isDirectory(path) ? path.resolve("model.safetensors") : path;
        try (InputStream shipped = DrawnImages.class.getResourceAsStream("models/" + model + ".safetensors");
                InputStream in = shipped != null ? shipped : Files.newInputStream(file)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(in.readAllBytes()));
        } catch (NoSuchFileException e) {
            throw new RunException("there is no model " + model + ": neither a file or folder of this path nor one of"
                    + " those that ship, " + Models.shipped());
        } catch (IOException e) {
            throw FileFailure.reading(file, e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Draws, unless the folder has the images already; then they are kept there. Null keeps nothing. */
    static Dataset drawOrRead(DiffusionPipeline pipeline, Order order, @Nullable Path folder, LongConsumer seen) {
        if (folder == null) {
            return draw(pipeline, order, seen);
        }
        Path file = order.file(folder);
        if (!Files.exists(file)) {
            Dataset drawn = draw(pipeline, order, seen);
            write(file, drawn, order);
            return drawn;
        }
        Dataset kept = read(file, pipeline.config().classNames(), order);
        seen.accept(kept.size());
        return kept;
    }

    /** Draws; {@code seen} is told how many images there are after each block. */
    static Dataset draw(DiffusionPipeline pipeline, Order order, LongConsumer seen) {
        UNetConfig.Images size = pipeline.config().network().images();
        List<String> names = pipeline.config().classNames();
        Shape shape = Shape.of(size.height(), size.width(), size.in());
        int each = Math.toIntExact(shape.size());
        byte[] pixels = new byte[Math.multiplyExact(each, order.count())];
        int[] labels = new int[order.count()];
        Rng blocks = Rng.of(order.seed()).split("blocks");
        for (int first = 0; first < order.count(); first += BLOCK) {
            int n = Math.min(BLOCK, order.count() - first);
            List<Integer> wanted = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                labels[first + i] = (first + i) % names.size();
                wanted.add(labels[first + i]);
            }
            long seed = blocks.split(first / BLOCK).key();
            try (TensorScope scope = TensorScope.open()) {
                Request request = new Request(n, wanted, order.sampler(), order.steps(), order.guidance(), seed);
                float[] numbers = pipeline.generate(request).tensor().toFloats();
                for (int i = 0; i < numbers.length; i++) {
                    pixels[first * each + i] = PixelRange.SIGNED.toByte(numbers[i]);
                }
            }
            seen.accept(first + n);
        }
        return Dataset.of(names, shape, pixels, labels);
    }

    private static void write(Path file, Dataset drawn, Order order) {
        int each = Math.toIntExact(drawn.imageShape().size());
        byte[] pixels = new byte[each * drawn.size()];
        for (int i = 0; i < drawn.size(); i++) {
            drawn.copyPixels(i, pixels, i * each);
        }
        int[] dims = drawn.imageShape().insert(0, drawn.size()).dims();
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> content = new LinkedHashMap<>();
            content.put(IMAGES, Tensor.of(pixels, dims));
            SafeTensors.write(file, content, Map.of(ORDER, Json.write(order.toString())));
        }
    }

    private static Dataset read(Path file, List<String> names, Order order) {
        try (TensorScope scope = TensorScope.open();
                SafeTensors saved = SafeTensors.open(file)) {
            String wanted = Json.write(order.toString());
            if (!wanted.equals(saved.metadata().get(ORDER))) {
                throw new RunException(file + " holds images of another order; give another folder with --keep");
            }
            Tensor images = saved.tensor(IMAGES);
            ByteBuffer bytes = images.download();
            byte[] pixels = new byte[bytes.remaining()];
            bytes.get(pixels);
            int[] labels = new int[images.dim(0)];
            for (int i = 0; i < labels.length; i++) {
                labels[i] = i % names.size();
            }
            return Dataset.of(names, images.shape().drop(0), pixels, labels);
        }
    }
}
