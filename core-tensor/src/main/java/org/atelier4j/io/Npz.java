package org.atelier4j.io;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.atelier4j.tensor.Tensor;

/** Several arrays in one ZIP file, as {@code numpy.savez} and {@code numpy.savez_compressed} write them. */
public final class Npz {
    private static final String SUFFIX = ".npy";
    private static final long MAX_INFLATION = 1032; // of DEFLATE: a byte cannot become more
    private static final LocalDateTime NO_TIME = LocalDateTime.of(1980, 1, 1, 0, 0); // equal contents, equal files

    private Npz() {}

    /**
     * Returns the arrays of a file by name, in order of the file.
     *
     * @throws MalformedFileException if it breaks the format, or holds other than arrays of numbers
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public static Map<String, Tensor> read(Path path) {
        Map<String, Tensor> arrays = new LinkedHashMap<>();
        try (ZipFile zip = new ZipFile(path.toFile())) {
            Enumeration<? extends ZipEntry> entries = zip.entries();
            while (entries.hasMoreElements()) {
                ZipEntry entry = entries.nextElement();
                String name = entry.getName();
                if (!name.endsWith(SUFFIX)) {
                    throw new MalformedFileException(path, "entries must be named *.npy, got " + name);
                }
                String key = name.substring(0, name.length() - SUFFIX.length());
                if (arrays.put(key, read(zip, entry, path)) != null) {
                    throw new MalformedFileException(path, "names must be used once, got " + name + " again");
                }
            }
        } catch (ZipException | IllegalArgumentException e) { // the latter for names that are not text
            throw new MalformedFileException(path, "must be a ZIP file of arrays: " + e.getMessage(), e);
        } catch (IOException e) {
            throw FileFailure.reading(path, e);
        }
        return arrays;
    }

    /** Writes a compressed file, whole or not at all. */
    public static void write(Path path, Map<String, Tensor> arrays) {
        AtomicFile.write(path, out -> {
            ZipOutputStream zip = new ZipOutputStream(out);
            for (Map.Entry<String, Tensor> e : arrays.entrySet()) {
                ZipEntry entry = new ZipEntry(e.getKey() + SUFFIX);
                entry.setTimeLocal(NO_TIME);
                zip.putNextEntry(entry);
                NpyFormat.write(e.getValue(), zip);
                zip.closeEntry();
            }
            zip.finish();
        });
    }

    private static Tensor read(ZipFile zip, ZipEntry entry, Path path) throws IOException {
        String source = path + "!" + entry.getName();
        long limit = Math.max(0, entry.getCompressedSize()) * MAX_INFLATION;
        try (InputStream raw = zip.getInputStream(entry);
                CheckedInputStream in = new CheckedInputStream(new BufferedInputStream(raw), new CRC32())) {
            Tensor tensor = NpyFormat.read(in, source, limit);
            if (entry.getCrc() != in.getChecksum().getValue()) {
                throw new MalformedFileException(source, "checksum does not match: the file is damaged");
            }
            return tensor;
        } catch (ZipException e) {
            throw new MalformedFileException(source, "entry is damaged: " + e.getMessage(), e);
        }
    }
}
