package org.atelier4j.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.atelier4j.data.Dataset;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.io.FileFailure;
import org.atelier4j.tensor.Shape;

/**
 * Pictures in a folder to be measured, read when they are asked for, so that any number of them fits in memory. Their
 * classes are told by the names of subfolders, or of the files as {@code ./atelier sample} gives them
 * ({@code ankle-boot-003.png}); where they are not, all have label 0.
 */
final class PictureFolder implements Dataset {
    private static final Set<String> ENDINGS = Set.of("png", "jpg", "jpeg", "bmp", "gif");

    private final List<Path> files;
    private final List<Integer> labels;
    private final List<String> classNames;
    private final Shape shape;
    private final boolean labelled;

    private PictureFolder(List<Path> files, List<Integer> labels, List<String> names, Shape shape, boolean labelled) {
        this.files = files;
        this.labels = labels;
        this.classNames = names;
        this.shape = shape;
        this.labelled = labelled;
    }

    /**
     * Lists a folder.
     *
     * @param classNames names the labels are found by
     * @param channels 1 or 3; pictures are converted
     */
    static PictureFolder open(Path folder, List<String> classNames, int channels) {
        List<Path> all = pictures(folder);
        if (all.isEmpty()) {
            throw new RunException("there are no pictures (.png, .jpg, .bmp, .gif) in " + folder);
        }
        List<Path> known = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        for (Path file : all) {
            int label = label(folder, file, classNames);
            if (label >= 0) {
                known.add(file);
                labels.add(label);
            }
        }
        boolean labelled = !known.isEmpty();
        List<Path> used = labelled ? known : all;
        Image first = ImageFiles.read(used.get(0));
        Shape shape = Shape.of(first.height(), first.width(), channels);
        return new PictureFolder(used, labels, classNames, shape, labelled);
    }

    private static List<Path> pictures(Path folder) {
        try (Stream<Path> tree = Files.walk(folder, 2)) {
            return tree.filter(PictureFolder::isPicture)
                    .sorted(Comparator.comparing(Path::toString))
                    .toList();
        } catch (IOException e) {
            throw FileFailure.reading(folder, e);
        }
    }

    private static boolean isPicture(Path path) {
        String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
        return !name.startsWith(".")
                && ENDINGS.contains(name.substring(name.lastIndexOf('.') + 1))
                && Files.isRegularFile(path);
    }

    /** Returns the class that the subfolder or the file is named after, −1 if neither is. */
    private static int label(Path folder, Path file, List<String> classNames) {
        Path inside = folder.relativize(file);
        String name = inside.getNameCount() > 1
                ? inside.getName(0).toString()
                : inside.toString().replaceFirst("(-\\d+)?\\.\\w+$", "");
        List<String> known = classNames.stream().map(ClassNames::plain).toList();
        return known.indexOf(ClassNames.plain(name));
    }

    /** Returns whether the classes of the pictures are known. */
    boolean isLabelled() {
        return labelled;
    }

    /** Returns the file of a picture. */
    Path file(int index) {
        return files.get(index);
    }

    @Override
    public int size() {
        return files.size();
    }

    @Override
    public Shape imageShape() {
        return shape;
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public int label(int index) {
        return labelled ? labels.get(index) : 0;
    }

    @Override
    public void copyPixels(int index, byte[] target, int offset) {
        Image image = ImageFiles.read(files.get(index)).withChannels(shape.dim(2));
        if (image.height() != shape.dim(0) || image.width() != shape.dim(1)) {
            throw new RunException("pictures must have one size: " + files.get(0) + " is " + shape.dim(1) + " x "
                    + shape.dim(0) + ", " + files.get(index) + " is " + image.width() + " x " + image.height());
        }
        image.copyTo(target, offset);
    }
}
