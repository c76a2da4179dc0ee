package org.atelier4j.io;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atelier4j.tensor.Tensor;

/**
 * One array in NumPy's format, as {@code numpy.save} writes it: versions 1 to 3, either byte order, C or Fortran order.
 *
 * <p>float16 becomes FLOAT32; int8, int16 and uint16 become INT32, uint32 becomes INT64. Arrays of objects, texts or
 * records are refused. Structured data belongs into safetensors.
 */
public final class Npy {
    private Npy() {}

    /**
     * Returns the array of a file.
     *
     * @throws MalformedFileException if it breaks the format, or holds other than numbers
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public static Tensor read(Path path) {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(path), 1 << 16)) {
            return NpyFormat.read(in, path, Files.size(path));
        } catch (IOException e) {
            throw FileFailure.reading(path, e);
        }
    }

    /** Writes a file, whole or not at all: version 1.0, C order, little-endian. */
    public static void write(Path path, Tensor tensor) {
        AtomicFile.write(path, out -> NpyFormat.write(tensor, out));
    }
}
