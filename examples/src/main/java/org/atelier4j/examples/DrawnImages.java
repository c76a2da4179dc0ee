package org.atelier4j.examples;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import org.atelier4j.data.Dataset;
import org.atelier4j.image.Image;
import org.atelier4j.io.Json;
import org.atelier4j.io.SafeTensors;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.HostPool;
import org.jspecify.annotations.Nullable;

/**
 * Many images of a model, as bytes, to be measured: the classes in turn, 0 1 2 … 0 1 2 …, in blocks of
 * {@value Generator#BATCH}, each with randomness of its own. So the first images of a longer order are those of a shorter one.
 *
 * <p>What was drawn can be kept in a folder, for drawing takes much longer than measuring.
 *
 * @param images with the classes that were asked for
 * @param forwards how often the network ran for an image
 * @param seconds it took to draw them all
 */
record DrawnImages(Dataset images, int forwards, double seconds) {
    private static final String IMAGES = "images";
    private static final String ORDER = "order";
    private static final String FORWARDS = "forwards";
    private static final String SECONDS = "seconds";
    private static final int BRIEF = 12; // letters of a hash that are enough for a file's name

    /**
     * What to draw.
     *
     * @param weights hash of the model's weights
     * @param settings how the generator draws
     * @param count images in all
     * @param seed of all randomness
     */
    record Order(String weights, Map<String, Object> settings, int count, long seed) {
        Order {
            Check.that(count >= 1, "count must be >= 1, got %d", count);
        }

        /** Returns the file for the images in a folder; its name tells all that is in here, so that no other order has it. */
        Path file(Path folder) {
            String way = settings.entrySet().stream()
                    .map(setting -> setting.getKey() + "-" + brief(String.valueOf(setting.getValue())))
                    .collect(Collectors.joining("-"));
            return folder.resolve(
                    String.format(Locale.ROOT, "%s-%s-seed%d-%d.safetensors", brief(weights), way, seed, count));
        }

        private static String brief(String text) {
            return text.substring(0, Math.min(BRIEF, text.length()));
        }
    }

    /** Draws, unless the folder has the images already; then they are kept there. Null keeps nothing. */
    static DrawnImages drawOrRead(Generator generator, Order order, @Nullable Path folder, LongConsumer seen) {
        if (folder == null) {
            return draw(generator, order, seen);
        }
        Path file = order.file(folder);
        if (!Files.exists(file)) {
            DrawnImages drawn = draw(generator, order, seen);
            drawn.write(file, order);
            return drawn;
        }
        DrawnImages kept = read(file, generator.kinds(), order);
        seen.accept(order.count());
        return kept;
    }

    /** Draws; {@code seen} is told how many images there are after each block. */
    static DrawnImages draw(Generator generator, Order order, LongConsumer seen) {
        List<String> names = generator.kinds();
        Shape shape = generator.imageShape();
        int each = Math.toIntExact(shape.size());
        byte[] pixels = new byte[Math.multiplyExact(each, order.count())];
        int[] labels = new int[order.count()];
        int forwards = 0;
        Rng blocks = Rng.of(order.seed()).split("blocks");
        long start = System.nanoTime();
        for (int first = 0; first < order.count(); first += Generator.BATCH) {
            List<Integer> wanted = new ArrayList<>();
            for (int i = first; i < Math.min(order.count(), first + Generator.BATCH); i++) {
                labels[i] = i % names.size();
                wanted.add(labels[i]);
            }
            Generator.Drawn drawn =
                    generator.draw(wanted, blocks.split(first / Generator.BATCH).key());
            forwards = drawn.forwards();
            for (int i = 0; i < wanted.size(); i++) {
                Image image = drawn.images().get(i);
                image.copyTo(pixels, (first + i) * each);
            }
            seen.accept(first + (long) wanted.size());
        }
        double seconds = (System.nanoTime() - start) * 1e-9;
        HostPool.SHARED.trim(); // measuring asks for blocks of other sizes
        return new DrawnImages(Dataset.of(names, shape, pixels, labels), forwards, seconds);
    }

    private void write(Path file, Order order) {
        int each = Math.toIntExact(images.imageShape().size());
        byte[] pixels = new byte[each * images.size()];
        for (int i = 0; i < images.size(); i++) {
            images.copyPixels(i, pixels, i * each);
        }
        int[] dims = images.imageShape().insert(0, images.size()).dims();
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> content = new LinkedHashMap<>();
            content.put(IMAGES, Tensor.of(pixels, dims));
            Map<String, String> notes = new LinkedHashMap<>();
            notes.put(ORDER, Json.write(order));
            notes.put(FORWARDS, String.valueOf(forwards));
            notes.put(SECONDS, String.valueOf(seconds));
            SafeTensors.write(file, content, notes);
        }
    }

    private static DrawnImages read(Path file, List<String> names, Order order) {
        try (TensorScope scope = TensorScope.open();
                SafeTensors saved = SafeTensors.open(file)) {
            Map<String, String> notes = saved.metadata();
            if (!Json.write(order).equals(notes.get(ORDER))) {
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
            return new DrawnImages(
                    Dataset.of(names, images.shape().drop(0), pixels, labels),
                    Integer.parseInt(notes.getOrDefault(FORWARDS, "0")),
                    Double.parseDouble(notes.getOrDefault(SECONDS, "0")));
        }
    }
}
