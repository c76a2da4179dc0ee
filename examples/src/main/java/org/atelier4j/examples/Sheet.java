package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.atelier4j.image.AnimatedGif;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageGrid;

/**
 * Drawn images as a table: one row for each class, its name at the left.
 *
 * @param names of the rows
 * @param images row after row
 * @param seconds time it took to draw them
 */
record Sheet(List<String> names, List<Image> images, double seconds) {
    private static final int SCALE = 3;
    private static final int FILM_SCALE = 2;
    private static final int FILM_MILLIS = 3000;
    private static final int SHORTEST_FRAME = 60;
    private static final int LONGEST_FRAME = 250;
    private static final int LAST_MILLIS = 1500; // how long the finished images stay

    /** Draws some images of each class. */
    static Sheet draw(Generator generator, List<Integer> classes, int columns, long seed) {
        long start = System.nanoTime();
        List<Image> images = generator.draw(repeated(classes, columns), seed).images();
        double seconds = (System.nanoTime() - start) * 1e-9;
        return new Sheet(names(generator, classes), images, seconds);
    }

    /** Draws, with as many columns as a film can have, and writes how the table looks after each step. */
    static void film(Generator generator, List<Integer> classes, int columns, long seed, Path gif) {
        List<String> names = names(generator, classes);
        int most = Math.max(1, Math.min(columns, Generator.BATCH / classes.size()));
        List<Image> frames = new ArrayList<>();
        generator.draw(
                repeated(classes, most), seed, unfinished -> frames.add(table(names, unfinished.get(), FILM_SCALE)));
        int millis = Math.max(SHORTEST_FRAME, Math.min(LONGEST_FRAME, FILM_MILLIS / frames.size()));
        frames.addAll(Collections.nCopies(LAST_MILLIS / millis, frames.get(frames.size() - 1)));
        AnimatedGif.write(gif, frames, millis, true);
    }

    private static List<Integer> repeated(List<Integer> classes, int columns) {
        if (columns < 1) {
            throw new RunException("there must be at least one image of each class, got " + columns);
        }
        List<Integer> labels = new ArrayList<>();
        classes.forEach(label -> labels.addAll(Collections.nCopies(columns, label)));
        return labels;
    }

    private static List<String> names(Generator generator, List<Integer> classes) {
        return classes.stream().map(generator.kinds()::get).toList();
    }

    /** Returns the table as one picture. */
    Image picture() {
        return table(names, images, SCALE);
    }

    private static Image table(List<String> names, List<Image> cells, int scale) {
        return ImageGrid.columns(cells.size() / names.size())
                .withScale(scale)
                .withRowLabels(names)
                .draw(cells);
    }
}
