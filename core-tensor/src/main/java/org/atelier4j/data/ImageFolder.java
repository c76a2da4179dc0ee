package org.atelier4j.data;

import static org.atelier4j.io.MalformedFileException.check;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.io.FileFailure;
import org.atelier4j.io.MalformedFileException;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;

/**
 * A folder with one subfolder of pictures per class. Classes and pictures are sorted by name (by code point), so labels
 * and indices are the same on every machine. Hidden files and files other than .png, .jpg, .jpeg, .bmp and .gif are left
 * out. All pictures are read at once and stay in memory as bytes.
 */
public final class ImageFolder {
    private static final Set<String> ENDINGS = Set.of("png", "jpg", "jpeg", "bmp", "gif");

    private ImageFolder() {}

    /**
     * Returns pictures that have one size.
     *
     * @param channels 1, 3 or 4; pictures are converted
     * @throws MalformedFileException naming the file that is damaged or of another size
     */
    public static Dataset read(Path folder, int channels) {
        return read(folder, channels, UnaryOperator.identity());
    }

    /**
     * Returns pictures of any size, cut to the middle part of the wanted proportions and resized.
     *
     * @param channels 1, 3 or 4; pictures are converted
     * @throws MalformedFileException naming the file that is damaged
     */
    public static Dataset read(Path folder, int channels, int width, int height) {
        Check.that(width > 0 && height > 0, "ImageFolder: size must be positive, got %d x %d", width, height);
        return read(folder, channels, image -> fit(image, width, height));
    }

    private static Dataset read(Path folder, int channels, UnaryOperator<Image> resize) {
        List<Path> classes = sorted(folder, Files::isDirectory);
        check(!classes.isEmpty(), folder, "folder must have a subfolder for each class");
        List<String> names =
                classes.stream().map(p -> p.getFileName().toString()).toList();
        List<Integer> labels = new ArrayList<>();
        ByteArrayOutputStream pixels = new ByteArrayOutputStream();
        Shape shape = Shape.scalar();
        for (int label = 0; label < classes.size(); label++) {
            List<Path> files = sorted(classes.get(label), ImageFolder::isPicture);
            check(!files.isEmpty(), classes.get(label), "folder of a class must hold pictures");
            for (Path file : files) {
                Image image = resize.apply(ImageFiles.read(file).withChannels(channels));
                Shape own = Shape.of(image.height(), image.width(), image.channels());
                shape = labels.isEmpty() ? own : shape;
                check(
                        own.equals(shape),
                        file,
                        "pictures must have one size, or a size must be given to resize them to: expected " + shape
                                + ", got " + own);
                check(
                        (long) pixels.size() + own.size() < Integer.MAX_VALUE - 8,
                        file,
                        "pictures must take less than 2 GiB together");
                pixels.writeBytes(image.toBytes());
                labels.add(label);
            }
        }
        return Dataset.of(
                names,
                shape,
                pixels.toByteArray(),
                labels.stream().mapToInt(Integer::intValue).toArray());
    }

    /** Returns the largest middle part of the wanted proportions, resized. */
    static Image fit(Image image, int width, int height) {
        double scale = Math.min((double) image.width() / width, (double) image.height() / height);
        int cropWidth = (int) Math.max(1, Math.min(image.width(), Math.round(width * scale)));
        int cropHeight = (int) Math.max(1, Math.min(image.height(), Math.round(height * scale)));
        int x = (image.width() - cropWidth) / 2;
        int y = (image.height() - cropHeight) / 2;
        return image.crop(x, y, cropWidth, cropHeight).resize(width, height);
    }

    private static boolean isPicture(Path path) {
        String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
        return ENDINGS.contains(name.substring(name.lastIndexOf('.') + 1)) && Files.isRegularFile(path);
    }

    private static List<Path> sorted(Path folder, Predicate<Path> filter) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(p -> !p.getFileName().toString().startsWith("."))
                    .filter(filter)
                    .sorted(Comparator.comparing(p -> p.getFileName().toString()))
                    .toList();
        } catch (IOException e) {
            throw FileFailure.reading(folder, e);
        }
    }
}
