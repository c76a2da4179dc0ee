package org.atelier4j.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a second process off a run's folder. The operating system holds the lock and drops it when the process ends, in
 * whatever way, so a lock is never left behind.
 *
 * <pre>{@code
 * try (RunLock lock = RunLock.take(Path.of("out/first-run"))) {
 *     train();
 * }
 * }</pre>
 */
public final class RunLock implements AutoCloseable {
    private static final String FILE = "run.lock";

    private final Path path;
    private final FileChannel channel;

    private RunLock(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /**
     * Takes the lock of a folder, which is made if it is missing.
     *
     * @throws UncheckedIOException if somebody else has it, with their process number
     */
    public static RunLock take(Path folder) {
        Path path = folder.resolve(FILE);
        try {
            Files.createDirectories(folder);
            FileChannel channel = FileChannel.open(
                    path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            try {
                if (lock(channel) == null) {
                    throw new FileSystemException(
                            folder.toString(),
                            null,
                            "is in use by " + Files.readString(path).strip()
                                    + "; wait for it, stop it, or choose another folder");
                }
                String owner = "process " + ProcessHandle.current().pid() + " since "
                        + Instant.now().truncatedTo(ChronoUnit.SECONDS) + "\n";
                channel.truncate(0).write(ByteBuffer.wrap(owner.getBytes(StandardCharsets.UTF_8)), 0);
                return new RunLock(path, channel);
            } catch (IOException | RuntimeException | Error e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            throw new UncheckedIOException("RunLock: " + e.getMessage(), e);
        }
    }

    /** Gives the lock back. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw FileFailure.writing(path, e);
        }
    }

    /** Locks one byte far behind the text, since Windows lets nobody read what is locked. */
    private static @Nullable FileLock lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock(Long.MAX_VALUE - 1, 1, false);
        } catch (OverlappingFileLockException e) {
            return null; // this process has it already
        }
    }
}
