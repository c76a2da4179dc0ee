package org.atelier4j.io;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Writes a file so that its name shows the former contents or the new ones, whole, whenever the program, the disk or
 * the power fails: into a temporary file of the same folder, which is forced to the disk and then renamed.
 */
public final class AtomicFile {
    private AtomicFile() {}

    /** What goes into a file. */
    @FunctionalInterface
    public interface Content {

        /** Writes everything to {@code out}, which the caller closes. */
        void writeTo(OutputStream out) throws IOException;
    }

    /**
     * Writes a file; folders that are missing are made.
     *
     * @throws java.io.UncheckedIOException if it cannot be written; the former file is then untouched
     */
    public static void write(Path path, Content content) {
        try {
            Path target = Files.isSymbolicLink(path) ? path.toRealPath() : path.toAbsolutePath();
            Path folder = target.getParent();
            if (folder == null) {
                throw new IOException("it is no name of a file");
            }
            Files.createDirectories(folder);
            Path temporary = writeBeside(target, content);
            try {
                Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException e) {
                Files.deleteIfExists(temporary);
                throw e;
            }
            force(folder);
        } catch (IOException e) {
            throw FileFailure.writing(path, e);
        }
    }

    /**
     * Forces a file, or the list of names that is a folder, to the disk. Windows knows no such request for folders; there
     * it does nothing.
     */
    static void force(Path path) throws IOException {
        boolean folder = Files.isDirectory(path);
        StandardOpenOption mode = folder ? StandardOpenOption.READ : StandardOpenOption.WRITE;
        try (FileChannel channel = FileChannel.open(path, mode)) {
            channel.force(true);
        } catch (IOException e) {
            if (!folder) {
                throw e;
            }
        }
    }

    private static Path writeBeside(Path target, Content content) throws IOException {
        Path temporary = freeName(target);
        try (FileChannel channel =
                FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
            content.writeTo(out);
            out.flush();
            channel.force(true);
        } catch (FileAlreadyExistsException e) {
            throw e; // not ours to delete
        } catch (IOException | RuntimeException | Error e) {
            Files.deleteIfExists(temporary);
            throw e;
        }
        return temporary;
    }

    /** Returns a name that no other process takes; what a killed one left behind is passed over. */
    private static Path freeName(Path target) {
        String stem =
                "." + target.getFileName() + ".tmp-" + ProcessHandle.current().pid() + "-";
        for (int i = 0; ; i++) {
            Path candidate = target.resolveSibling(stem + i);
            if (Files.notExists(candidate)) {
                return candidate;
            }
        }
    }
}
