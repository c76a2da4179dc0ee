package org.atelier4j.image;

import static org.atelier4j.io.MalformedFileException.check;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.zip.CRC32;
import org.atelier4j.io.MalformedFileException;

/**
 * What the JDK's PNG reader leaves unchecked: checksums, the end of the file, and whether the data can be as large as
 * the header says before memory is set aside for it.
 */
final class PngChunks {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    private static final Set<String> NEEDED = Set.of("IHDR", "PLTE", "tRNS", "IDAT", "IEND");
    private static final int FRAME = 12; // length, name and checksum of a chunk
    private static final long MAX_INFLATION = 1032; // of DEFLATE: a byte cannot become more

    private PngChunks() {}

    static boolean isPng(byte[] file) {
        return file.length >= SIGNATURE.length
                && Arrays.equals(file, 0, SIGNATURE.length, SIGNATURE, 0, SIGNATURE.length);
    }

    /**
     * Returns the file reduced to the chunks that decide its pixels; texts, profiles and times are left out.
     *
     * @throws MalformedFileException if a chunk is damaged or missing
     */
    static byte[] essential(byte[] file, Object source) {
        ByteBuffer in = ByteBuffer.wrap(file);
        ByteArrayOutputStream out = new ByteArrayOutputStream(file.length);
        out.write(file, 0, SIGNATURE.length);
        in.position(SIGNATURE.length);
        long data = 0;
        String name = "";
        while (!name.equals("IEND")) {
            int start = in.position();
            check(in.remaining() >= FRAME, source, "PNG ends too early");
            int length = in.getInt();
            check(length >= 0 && length <= in.remaining() - 8, source, "PNG ends too early");
            name = new String(file, start + 4, 4, StandardCharsets.ISO_8859_1);
            in.position(start + 8 + length);
            check(checksum(file, start + 4, length + 4) == in.getInt(), source, "PNG chunk " + name + " is damaged");
            check(name.equals("IHDR") == (start == SIGNATURE.length), source, "PNG must begin with one IHDR");
            if (NEEDED.contains(name)) {
                out.write(file, start, length + FRAME);
                data += name.equals("IDAT") ? length : 0;
            }
        }
        checkHeader(in.position(SIGNATURE.length), data, source);
        return out.toByteArray();
    }

    private static void checkHeader(ByteBuffer header, long data, Object source) {
        check(header.getInt() == 13, source, "PNG's IHDR must have 13 bytes");
        header.getInt(); // name
        long width = header.getInt();
        long height = header.getInt();
        int depth = header.get();
        int colorType = header.get();
        ImageFiles.checkSize(width, height, source);
        int samples = switch (colorType) {
            case 0, 3 -> 1;
            case 4 -> 2;
            case 2 -> 3;
            case 6 -> 4;
            default ->
                throw new MalformedFileException(source, "PNG's color type must be 0, 2, 3, 4 or 6, got " + colorType);
        };
        check(Set.of(1, 2, 4, 8, 16).contains(depth), source, "PNG's bit depth must be 1, 2, 4, 8 or 16, got " + depth);
        long bytes = height * (1 + (width * samples * depth + 7) / 8);
        check(
                bytes <= data * MAX_INFLATION,
                source,
                "PNG of " + width + " x " + height + " pixels cannot come from " + data + " bytes of data");
    }

    private static int checksum(byte[] bytes, int offset, int length) {
        CRC32 crc = new CRC32();
        crc.update(bytes, offset, length);
        return (int) crc.getValue();
    }
}
