package org.atelier4j.data;

import static org.atelier4j.io.MalformedFileException.check;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.atelier4j.image.Image;
import org.atelier4j.io.Json;
import org.atelier4j.io.SafeTensors;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;

/**
 * Emoji as color images of 32 × 32 pixels on white, in the nine groups of Unicode; the pictures are those of the Noto font
 * (Google, Apache License 2.0). {@code ./atelier fetch emoji} makes the file that is read here.
 *
 * <p>Each emoji is there once: variants of skin tones would be near copies. Every tenth is a test image.
 */
public final class Emoji {
    /** Names of the groups in order of the labels. */
    public static final List<String> CLASS_NAMES = List.of(
            "Smileys & Emotion",
            "People & Body",
            "Animals & Nature",
            "Food & Drink",
            "Travel & Places",
            "Activities",
            "Objects",
            "Symbols",
            "Flags");

    /** Height and width of an image in pixels. */
    public static final int SIDE = 32;

    private static final String FILE = "emoji.safetensors";
    private static final String IMAGES = "images";
    private static final String LABELS = "labels";
    private static final String NAMES = "names";
    private static final int CHANNELS = 3;
    private static final int TENTH = 10;
    private static final Shape IMAGE = Shape.of(SIDE, SIDE, CHANNELS);

    private Emoji() {}

    /**
     * One emoji.
     *
     * @param image 32 × 32 pixels, 3 channels
     * @param label number of its group
     * @param name what it shows, in English
     */
    public record Picture(Image image, int label, String name) {
        /** Checks size and label. */
        public Picture {
            Check.that(
                    image.width() == SIDE && image.height() == SIDE && image.channels() == CHANNELS,
                    "Emoji: images must be %d x %d pixels of %d channels, got %s",
                    SIDE,
                    SIDE,
                    CHANNELS,
                    image);
            Check.that(
                    label >= 0 && label < CLASS_NAMES.size(),
                    "Emoji: label must lie in [0, %d), got %d",
                    CLASS_NAMES.size(),
                    label);
        }
    }

    /** Returns whether a folder holds the set. */
    public static boolean isIn(Path folder) {
        return Files.exists(folder.resolve(FILE));
    }

    /** Writes the set into a folder, whole or not at all. */
    public static void write(Path folder, List<Picture> pictures) {
        int each = Math.toIntExact(IMAGE.size());
        byte[] pixels = new byte[Math.multiplyExact(each, pictures.size())];
        byte[] labels = new byte[pictures.size()];
        for (int i = 0; i < pictures.size(); i++) {
            pictures.get(i).image().copyTo(pixels, i * each);
            labels[i] = (byte) pictures.get(i).label();
        }
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> content = new LinkedHashMap<>();
            content.put(
                    IMAGES, Tensor.of(pixels, IMAGE.insert(0, pictures.size()).dims()));
            content.put(LABELS, Tensor.of(labels, pictures.size()));
            List<String> names = pictures.stream().map(Picture::name).toList();
            SafeTensors.write(folder.resolve(FILE), content, Map.of(NAMES, Json.write(names)));
        }
    }

    /** Returns nine of ten images of a set, or every tenth. */
    static Dataset part(Dataset all, boolean test) {
        return all.select(IntStream.range(0, all.size())
                .filter(i -> test == (i % TENTH == TENTH - 1))
                .toArray());
    }

    /** Returns all images of a folder. */
    static Dataset read(Path folder) {
        Path file = folder.resolve(FILE);
        try (TensorScope scope = TensorScope.open();
                SafeTensors saved = SafeTensors.open(file)) {
            check(
                    saved.names().containsAll(List.of(IMAGES, LABELS)),
                    file,
                    "it must hold images and labels, got " + saved.names());
            byte[] pixels = bytes(saved.tensor(IMAGES), file);
            byte[] labels = bytes(saved.tensor(LABELS), file);
            check(
                    pixels.length == labels.length * IMAGE.size() && labels.length >= TENTH,
                    file,
                    "there must be %d bytes for each of at least %d labels, got %d for %d",
                    IMAGE.size(),
                    TENTH,
                    pixels.length,
                    labels.length);
            int[] numbers = new int[labels.length];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = labels[i];
                check(
                        numbers[i] >= 0 && numbers[i] < CLASS_NAMES.size(),
                        file,
                        "label %d must lie in [0, %d), got %d",
                        i,
                        CLASS_NAMES.size(),
                        numbers[i]);
            }
            return Dataset.of(CLASS_NAMES, IMAGE, pixels, numbers);
        }
    }

    private static byte[] bytes(Tensor tensor, Path file) {
        check(tensor.dtype() == DType.UINT8, file, "numbers must be UINT8, got " + tensor.dtype());
        var buffer = tensor.download();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }
}
