package org.atelier4j.io;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.atelier4j.tensor.Check;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The numbered checkpoints of a run: folders {@code checkpoint-00001234} with whatever files the caller writes and a
 * {@code manifest.json} that lists them with length and CRC-32C.
 *
 * <p>A checkpoint is written under a hidden name, forced to the disk and renamed, so a process that is killed, a full disk
 * or a power cut loses at most the one being written. Reading believes no checkpoint whose files do not match its
 * manifest: it goes back to the one before and logs why. The last few and the best by score are kept.
 *
 * <pre>{@code
 * folder.save(step, loss, to -> SafeTensors.write(to.resolve("model.safetensors"), model.state(), metadata));
 * folder.latest().ifPresent(c -> model.load(SafeTensors.read(c.path().resolve("model.safetensors"))));
 * }</pre>
 *
 * <p>One process writes at a time ({@link RunLock}); others may read.
 */
public final class CheckpointFolder {
    private static final Logger LOG = LoggerFactory.getLogger(CheckpointFolder.class);
    private static final String MANIFEST = "manifest.json";
    private static final String REPLACED = ".replaced-";
    private static final String DELETED = ".deleted-";
    private static final String UNFINISHED = ".unfinished-";
    private static final Pattern NAME = Pattern.compile("(?:\\Q" + REPLACED + "\\E)?checkpoint-(\\d{1,18})");

    private final Path folder;
    private final int keep;

    /**
     * A checkpoint whose files are whole.
     *
     * @param step the step it was saved after
     * @param score the number it was saved with, lower is better; NaN if there was none
     * @param path the folder with its files
     */
    public record Checkpoint(long step, double score, Path path) {}

    /** What the manifest says of a file. */
    private record Facts(long bytes, String crc32c) {}

    /** What goes into a checkpoint. */
    @FunctionalInterface
    public interface Content {

        /** Writes files into {@code folder}, which is empty. */
        void writeTo(Path folder) throws IOException;
    }

    /**
     * Names the folder of a run; it is made when the first checkpoint is saved.
     *
     * @param keep how many of the latest checkpoints stay, ≥ 1; the best one stays besides
     */
    public CheckpointFolder(Path folder, int keep) {
        Check.that(keep >= 1, "CheckpointFolder: keep must be >= 1, got %d", keep);
        this.folder = folder;
        this.keep = keep;
    }

    /**
     * Saves a checkpoint without a score and removes those that are not kept any more.
     *
     * @see #save(long, double, Content)
     */
    public Checkpoint save(long step, Content content) {
        return save(step, Double.NaN, content);
    }

    /**
     * Saves a checkpoint and removes those that are not kept any more. One of the same step is replaced.
     *
     * @param step ≥ 0 and not before the latest whole checkpoint's
     * @param score lower is better; NaN if there is none
     * @throws IllegalStateException if a checkpoint of a later step is there: it belongs to another run
     * @throws UncheckedIOException if it cannot be written; the checkpoints saved before are then untouched
     */
    public Checkpoint save(long step, double score, Content content) {
        Check.that(step >= 0, "CheckpointFolder: step must be >= 0, got %d", step);
        try {
            Files.createDirectories(folder);
            sweep();
            for (Path later : candidates()) {
                Check.state(
                        step(later) <= step || !isWhole(later, false),
                        "CheckpointFolder: step must not lie before that of %s, got %d; resume from it or use another"
                                + " folder",
                        later,
                        step);
            }
            String name = String.format(Locale.ROOT, "checkpoint-%08d", step);
            Path unfinished = Files.createDirectory(folder.resolve(UNFINISHED + name));
            try {
                content.writeTo(unfinished);
                seal(unfinished, step, score);
            } catch (IOException | RuntimeException | Error e) {
                deleteQuietly(unfinished);
                throw e;
            }
            Path path = folder.resolve(name);
            publish(unfinished, path);
            retire();
            return new Checkpoint(step, score, path);
        } catch (IOException e) {
            throw FileFailure.writing(folder, e);
        }
    }

    /** Returns the checkpoint of the highest step that is whole; those passed over are logged with the reason. */
    public Optional<Checkpoint> latest() {
        for (Path path : candidates()) {
            try {
                return Optional.of(verify(path, true));
            } catch (UncheckedIOException e) {
                LOG.warn("checkpoint passed over: {}", e.getMessage());
            }
        }
        return Optional.empty();
    }

    /** Returns the whole checkpoint with the lowest score, the later one of equals; none if none has a score. */
    public Optional<Checkpoint> best() {
        return candidates().stream()
                .filter(path -> isWhole(path, true))
                .map(path -> verify(path, false))
                .filter(c -> !Double.isNaN(c.score()))
                .min(Comparator.comparingDouble(Checkpoint::score));
    }

    /** Returns for each damaged checkpoint, latest first, its path and what is wrong with it. */
    public List<String> damaged() {
        List<String> reasons = new ArrayList<>();
        for (Path path : candidates()) {
            try {
                verify(path, true);
            } catch (UncheckedIOException e) {
                reasons.add(String.valueOf(e.getMessage()));
            }
        }
        return reasons;
    }

    // --- writing ----------------------------------------------------------------------------------------------------

    /** Lists all files with length and checksum, and forces them and the list to the disk. */
    private static void seal(Path unfinished, long step, double score) throws IOException {
        Map<String, Object> files = new LinkedHashMap<>();
        for (Path file : filesBelow(unfinished, Files::isRegularFile)) {
            AtomicFile.force(file);
            String name = unfinished.relativize(file).toString().replace('\\', '/');
            files.put(name, new Facts(Files.size(file), checksum(file)));
        }
        Map<String, @Nullable Object> manifest = new LinkedHashMap<>();
        manifest.put("step", step);
        manifest.put("score", Double.isNaN(score) ? null : score);
        manifest.put("files", files);
        Json.save(unfinished.resolve(MANIFEST), manifest);
        for (Path inner : filesBelow(unfinished, Files::isDirectory)) {
            AtomicFile.force(inner);
        }
    }

    /** Gives the checkpoint its name. Between the two renames the former one is still found, under its hidden name. */
    private void publish(Path unfinished, Path path) throws IOException {
        Path replaced = folder.resolve(REPLACED + path.getFileName());
        boolean replacing = Files.exists(path);
        if (replacing) {
            Files.move(path, replaced, StandardCopyOption.ATOMIC_MOVE);
        }
        Files.move(unfinished, path, StandardCopyOption.ATOMIC_MOVE);
        AtomicFile.force(folder);
        if (replacing) {
            delete(replaced);
        }
    }

    /** Removes all whole checkpoints but the latest and the best. */
    private void retire() {
        List<Checkpoint> whole = candidates().stream()
                .filter(path -> isWhole(path, false))
                .map(path -> verify(path, false))
                .toList();
        double best = whole.stream()
                .mapToDouble(Checkpoint::score)
                .filter(s -> !Double.isNaN(s))
                .min()
                .orElse(Double.NaN);
        boolean bestSeen = false;
        for (int i = 0; i < whole.size(); i++) {
            boolean isBest = !bestSeen && whole.get(i).score() == best;
            bestSeen |= isBest;
            if (i >= keep && !isBest) {
                delete(whole.get(i).path());
            }
        }
    }

    /** Clears what a killed process left behind. */
    private void sweep() throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            for (Path path : entries.toList()) {
                String name = path.getFileName().toString();
                boolean finished =
                        name.startsWith(REPLACED) && isWhole(folder.resolve(name.substring(REPLACED.length())), false);
                if (finished) {
                    delete(path);
                } else if (name.startsWith(UNFINISHED) || name.startsWith(DELETED)) {
                    deleteQuietly(path);
                }
            }
        }
    }

    /** Hides a checkpoint before its files go, so that nobody sees half of it. */
    private void delete(Path path) {
        Path hidden = folder.resolve(DELETED + path.getFileName());
        try {
            Files.move(path, hidden, StandardCopyOption.ATOMIC_MOVE);
            deleteQuietly(hidden);
        } catch (IOException e) {
            LOG.debug("checkpoint {} stays for now: {}", path, e.toString()); // open elsewhere, on Windows
        }
    }

    private static void deleteQuietly(Path path) {
        try {
            List<Path> paths = filesBelow(path, p -> true);
            for (int i = paths.size() - 1; i >= 0; i--) {
                Files.delete(paths.get(i));
            }
        } catch (IOException | UncheckedIOException e) {
            LOG.debug("{} stays until the next checkpoint: {}", path, e.toString());
        }
    }

    // --- reading ----------------------------------------------------------------------------------------------------

    /** Returns all folders that bear a checkpoint's name, latest first. */
    private List<Path> candidates() {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(p -> NAME.matcher(p.getFileName().toString()).matches())
                    .sorted(Comparator.comparingLong(CheckpointFolder::step)
                            .reversed()
                            .thenComparing(p -> p.getFileName().toString().startsWith(REPLACED)))
                    .toList();
        } catch (IOException e) {
            throw FileFailure.reading(folder, e);
        }
    }

    private static long step(Path path) {
        Matcher name = NAME.matcher(path.getFileName().toString());
        Check.that(name.matches(), "CheckpointFolder: %s must be named checkpoint-N", path);
        return Long.parseLong(name.group(1));
    }

    private static boolean isWhole(Path path, boolean contents) {
        try {
            verify(path, contents);
            return true;
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    /**
     * Compares a checkpoint with its manifest.
     *
     * @param contents whether to read all files and compare checksums, or lengths only
     */
    private static Checkpoint verify(Path path, boolean contents) {
        Path manifest = path.resolve(MANIFEST);
        Map<String, @Nullable Object> said = Json.read(manifest);
        long step = step(path);
        MalformedFileException.check(Long.valueOf(step).equals(said.get("step")), manifest, "step must be " + step);
        for (Map.Entry<String, @Nullable Object> e :
                Json.object(said.get("files"), manifest).entrySet()) {
            Path file = path.resolve(e.getKey());
            MalformedFileException.check(
                    file.normalize().startsWith(path), manifest, "files must lie below it, got " + e.getKey());
            Map<String, @Nullable Object> facts = Json.object(e.getValue(), manifest);
            try {
                long bytes = Files.size(file);
                MalformedFileException.check(
                        facts.get("bytes") instanceof Long b && b == bytes,
                        file,
                        "length must be as saved, got " + bytes);
                MalformedFileException.check(
                        !contents || checksum(file).equals(facts.get("crc32c")), file, "contents must be as saved");
            } catch (IOException failure) {
                throw FileFailure.reading(file, failure);
            }
        }
        return new Checkpoint(step, said.get("score") instanceof Number n ? n.doubleValue() : Double.NaN, path);
    }

    private static String checksum(Path file) throws IOException {
        CRC32C crc = new CRC32C();
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                crc.update(buffer, 0, n);
            }
        }
        return String.format(Locale.ROOT, "%08x", crc.getValue());
    }

    private static List<Path> filesBelow(Path path, Predicate<Path> filter) throws IOException {
        try (Stream<Path> files = Files.walk(path)) {
            return files.filter(filter).sorted().toList();
        }
    }
}
