package org.atelier4j.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventFileTest {
    @TempDir
    Path folder;

    @Test
    void holdsEventsAsTensorBoardReadsThem() throws IOException {
        double before = System.currentTimeMillis() / 1e3;
        byte[] png = {(byte) 0x89, 'P', 'N', 'G'};
        Path path;
        try (EventFile file = EventFile.create(folder)) {
            path = file.path();
            file.scalar("train/loss", 3, 0.25);
            file.scalar("train/loss", 300_000_000_000L, Double.NaN);
            file.image("samples", 7, 200, 100, 3, png);
        }
        assertThat(path.getFileName().toString()).startsWith("events.out.tfevents.");
        List<ByteBuffer> events = records(Files.readAllBytes(path));
        assertThat(events).hasSize(4);
        assertThat(text(field(events.get(0), 3))).isEqualTo("brain.Event:2");
        assertThat(field(events.get(0), 1).getDouble(0)).isBetween(before, before + 60);

        assertThat(field(events.get(1), 2).getLong(0)).isEqualTo(3);
        ByteBuffer value = field(field(events.get(1), 5), 1);
        assertThat(text(field(value, 1))).isEqualTo("train/loss");
        assertThat(field(value, 2).getFloat(0)).isEqualTo(0.25f);

        assertThat(field(events.get(2), 2).getLong(0)).isEqualTo(300_000_000_000L);
        assertThat(field(field(field(events.get(2), 5), 1), 2).getFloat(0)).isNaN();

        ByteBuffer image = field(field(field(events.get(3), 5), 1), 4);
        assertThat(field(image, 1).getLong(0)).isEqualTo(100);
        assertThat(field(image, 2).getLong(0)).isEqualTo(200);
        assertThat(field(image, 3).getLong(0)).isEqualTo(3);
        assertThat(field(image, 4)).isEqualTo(ByteBuffer.wrap(png));
    }

    @Test
    void filesOfOneSecondDoNotMeet() {
        try (EventFile one = EventFile.create(folder);
                EventFile two = EventFile.create(folder)) {
            assertThat(one.path()).isNotEqualTo(two.path()).exists();
        }
    }

    /** The published value for the nine digits (RFC 3720 has others): CRC-32C("123456789") = e3069283. */
    @Test
    void theTestsOwnChecksumIsRight() {
        assertThat(crc32c("123456789".getBytes(StandardCharsets.US_ASCII))).isEqualTo(0xe3069283);
    }

    /** Splits TFRecord frames, checking both checksums with arithmetic of its own. */
    static List<ByteBuffer> records(byte[] file) {
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        List<ByteBuffer> records = new ArrayList<>();
        while (in.hasRemaining()) {
            byte[] length = new byte[8];
            in.get(length);
            assertThat(in.getInt()).isEqualTo(masked(length));
            byte[] body = new byte
                    [(int) ByteBuffer.wrap(length)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .getLong()];
            in.get(body);
            assertThat(in.getInt()).isEqualTo(masked(body));
            records.add(ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN));
        }
        return records;
    }

    private static int masked(byte[] bytes) {
        int crc = crc32c(bytes);
        return (crc >>> 15 | crc << 17) + 0xa282ead8;
    }

    private static int crc32c(byte[] bytes) {
        int crc = -1;
        for (byte b : bytes) {
            crc ^= b & 0xff;
            for (int i = 0; i < 8; i++) {
                crc = crc >>> 1 ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
            }
        }
        return ~crc;
    }

    /** Returns the first field of a number; varints come as a long. */
    static ByteBuffer field(ByteBuffer message, int wanted) {
        ByteBuffer in = message.duplicate().order(ByteOrder.LITTLE_ENDIAN).rewind();
        while (in.hasRemaining()) {
            long key = varint(in);
            int length = switch ((int) (key & 7)) {
                case 0 -> 0;
                case 1 -> 8;
                case 5 -> 4;
                case 2 -> (int) varint(in);
                default -> throw new AssertionError("wire type " + (key & 7));
            };
            ByteBuffer value = (key & 7) == 0
                    ? ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, varint(in))
                    : in.slice(in.position(), length).order(ByteOrder.LITTLE_ENDIAN);
            if (key >>> 3 == wanted) {
                return value;
            }
            in.position(in.position() + length);
        }
        throw new AssertionError("no field " + wanted);
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte b = in.get();
            value |= (b & 0x7fL) << shift;
            if (b >= 0) {
                return value;
            }
        }
    }

    private static String text(ByteBuffer bytes) {
        return StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }
}
