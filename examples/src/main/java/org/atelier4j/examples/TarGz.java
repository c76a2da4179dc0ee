package org.atelier4j.examples;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.zip.GZIPInputStream;
import org.atelier4j.io.FileFailure;
import org.atelier4j.io.MalformedFileException;

/**
 * Reads archives as npm packs them: POSIX ustar in gzip. Each file has a header of 512 bytes (name at 0, length in octal
 * digits at 124, type at 156, the name's beginning at 345) and is filled up to a multiple of 512.
 */
final class TarGz {
    private static final int BLOCK = 512;
    private static final int NAME_LENGTH = 100;
    private static final int SIZE = 124;
    private static final int SIZE_LENGTH = 12;
    private static final int TYPE = 156;
    private static final int PREFIX = 345;
    private static final int PREFIX_LENGTH = 155;
    private static final int LARGEST = 1 << 30;

    private TarGz() {}

    /**
     * Returns the files that are wanted, by name.
     *
     * @throws MalformedFileException if it is no such archive, or a part of one
     */
    static Map<String, byte[]> read(Path archive, Predicate<String> wanted) {
        Map<String, byte[]> files = new LinkedHashMap<>();
        try (InputStream raw = new BufferedInputStream(Files.newInputStream(archive), 1 << 16);
                InputStream in = new GZIPInputStream(raw, 1 << 16)) {
            byte[] header = new byte[BLOCK];
            while (isRead(in, header, archive) && header[0] != 0) {
                String name = name(header);
                long size = size(header, archive);
                boolean file = header[TYPE] == '0' || header[TYPE] == 0;
                if (file && wanted.test(name)) {
                    MalformedFileException.check(size <= LARGEST, archive, name + " is too large: " + size + " bytes");
                    byte[] bytes = in.readNBytes((int) size);
                    MalformedFileException.check(bytes.length == size, archive, "it ends within " + name);
                    files.put(name, bytes);
                } else {
                    in.skipNBytes(size);
                }
                in.skipNBytes((BLOCK - size % BLOCK) % BLOCK);
            }
        } catch (java.io.EOFException | java.util.zip.ZipException e) {
            throw new MalformedFileException(archive, "it must be a whole .tgz archive, got " + e.getMessage(), e);
        } catch (IOException e) {
            throw FileFailure.reading(archive, e);
        }
        return files;
    }

    private static boolean isRead(InputStream in, byte[] header, Path archive) throws IOException {
        int n = in.readNBytes(header, 0, BLOCK);
        MalformedFileException.check(n == 0 || n == BLOCK, archive, "it ends within a header");
        return n == BLOCK;
    }

    private static String name(byte[] header) {
        String prefix = text(header, PREFIX, PREFIX_LENGTH);
        String name = text(header, 0, NAME_LENGTH);
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    private static long size(byte[] header, Path archive) {
        String digits = text(header, SIZE, SIZE_LENGTH).strip();
        MalformedFileException.check(
                digits.matches("[0-7]{1,11}"), archive, "a length must be octal digits, got '" + digits + "'");
        return Long.parseLong(digits, 8);
    }

    private static String text(byte[] header, int from, int length) {
        int end = from;
        while (end < from + length && header[end] != 0) {
            end++;
        }
        return new String(header, from, end - from, StandardCharsets.UTF_8);
    }
}
