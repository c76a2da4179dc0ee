package org.atelier4j.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.atelier4j.io.FileFailure;

/**
 * A folder beside another one, on the same disk, in which that one is prepared: a reader finds all of it or none. It is gone
 * with all that is in it when closed.
 *
 * @param path the folder
 */
record WorkFolder(Path path) implements AutoCloseable {

    /** Makes one beside a folder that need not exist. */
    static WorkFolder beside(Path folder) {
        Path parent = parent(folder);
        try {
            Files.createDirectories(parent);
            return new WorkFolder(Files.createTempDirectory(parent, "." + folder.getFileName() + "-"));
        } catch (IOException e) {
            throw FileFailure.writing(parent, e);
        }
    }

    /**
     * Puts a folder that was prepared here into its place. If that fails, what was in the place is there again.
     *
     * @return where that is now which was in the place before, if there was something
     */
    Optional<Path> replace(Path prepared, Path place) {
        try {
            if (!Files.exists(place)) {
                Files.move(prepared, place);
                return Optional.empty();
            }
            Path aside = Files.createTempDirectory(parent(place), place.getFileName() + "-before-");
            Path old = Files.move(place, aside.resolve(place.getFileName()));
            try {
                Files.move(prepared, place);
            } catch (IOException e) {
                Files.move(old, place);
                Files.delete(aside);
                throw e;
            }
            return Optional.of(old);
        } catch (IOException e) {
            throw FileFailure.writing(place, e);
        }
    }

    private static Path parent(Path folder) {
        return Objects.requireNonNull(folder.toAbsolutePath().getParent());
    }

    /** Removes the folder. */
    @Override
    public void close() {
        try (Stream<Path> tree = Files.walk(path)) {
            List<Path> deepestFirst = tree.sorted(Comparator.reverseOrder()).toList();
            for (Path each : deepestFirst) {
                Files.delete(each);
            }
        } catch (IOException e) {
            throw FileFailure.writing(path, e);
        }
    }
}
