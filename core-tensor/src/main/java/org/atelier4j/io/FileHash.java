package org.atelier4j.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atelier4j.tensor.Sha256;

/** What a file is known by, whatever its name. */
public final class FileHash {
    private static final int BUFFER = 1 << 16;

    private FileHash() {}

    /**
     * Returns the SHA-256 of a file, 64 hexadecimal digits.
     *
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public static String sha256(Path file) {
        Sha256 hash = new Sha256();
        byte[] piece = new byte[BUFFER];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
                hash.add(piece, n);
            }
        } catch (IOException e) {
            throw FileFailure.reading(file, e);
        }
        return hash.hex();
    }
}
