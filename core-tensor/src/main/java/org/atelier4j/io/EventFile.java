package org.atelier4j.io;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * A file of numbers and pictures over steps that TensorBoard shows ({@code tensorboard --logdir FOLDER}).
 *
 * <p>The file is a sequence of records, each framed by its length and two masked CRC-32C, as TensorFlow's TFRecord; a
 * record is a protocol buffer {@code tensorflow.Event}. Each record is handed to the operating system at once, so a killed
 * run keeps what it logged. A run that is resumed opens a further file in the same folder; TensorBoard joins them.
 *
 * <p>Safe for use by several threads.
 */
public final class EventFile implements AutoCloseable {
    private static final long MASK = 0xa282ead8L; // of TFRecord: a CRC over data that holds a CRC is weak

    private final Path path;
    private final FileChannel channel;

    private EventFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /** Makes a new file in a folder, which is made if it is missing. */
    public static EventFile create(Path folder) {
        long seconds = System.currentTimeMillis() / 1000;
        String stem = "events.out.tfevents." + seconds + ".atelier."
                + ProcessHandle.current().pid();
        try {
            Files.createDirectories(folder);
            EventFile file = open(folder, stem);
            file.append(new Message().text(3, "brain.Event:2")); // Event.file_version
            return file;
        } catch (IOException e) {
            throw FileFailure.writing(folder.resolve(stem), e);
        }
    }

    private static EventFile open(Path folder, String stem) throws IOException {
        for (int i = 0; ; i++) {
            Path path = folder.resolve(stem + "." + i);
            try {
                return new EventFile(
                        path, FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
            } catch (FileAlreadyExistsException e) {
                continue; // made within the same second
            }
        }
    }

    /** Returns where the file is. */
    public Path path() {
        return path;
    }

    /**
     * Writes a number.
     *
     * @param tag what it is, as {@code train/loss}; TensorBoard groups by what stands before the slash
     */
    public void scalar(String tag, long step, double value) {
        value(step, new Message().text(1, tag).real32(2, (float) value)); // Summary.Value.tag, simple_value
    }

    /**
     * Writes a picture.
     *
     * @param channels 1 for grayscale, 3 for color, 4 with transparency
     * @param png the encoded picture
     */
    public void image(String tag, long step, int width, int height, int channels, byte[] png) {
        Message image = new Message() // Summary.Image: height, width, colorspace, encoded_image_string
                .integer(1, height)
                .integer(2, width)
                .integer(3, channels)
                .bytes(4, png);
        value(step, new Message().text(1, tag).message(4, image)); // Summary.Value.tag, image
    }

    /** Closes the file. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw FileFailure.writing(path, e);
        }
    }

    private void value(long step, Message value) {
        append(new Message().integer(2, step).message(5, new Message().message(1, value))); // Event.step, summary
    }

    private void append(Message event) {
        byte[] body = event.real64(1, System.currentTimeMillis() / 1e3).toByteArray(); // Event.wall_time
        ByteBuffer record = ByteBuffer.allocate(body.length + 16).order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(body.length);
        record.putInt(maskedChecksum(record.array(), 0, 8));
        record.put(body);
        record.putInt(maskedChecksum(body, 0, body.length));
        record.flip();
        synchronized (channel) {
            try {
                while (record.hasRemaining()) {
                    channel.write(record);
                }
            } catch (IOException e) {
                throw FileFailure.writing(path, e);
            }
        }
    }

    private static int maskedChecksum(byte[] bytes, int offset, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, offset, length);
        return (int) (Integer.rotateRight((int) crc.getValue(), 15) + MASK);
    }

    /** A protocol buffer message, field after field. */
    private static final class Message {
        private static final int VARINT = 0;
        private static final int FIXED64 = 1;
        private static final int LENGTH_DELIMITED = 2;
        private static final int FIXED32 = 5;

        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Message integer(int field, long value) {
            varint(field << 3 | VARINT);
            varint(value);
            return this;
        }

        Message real64(int field, double value) {
            varint(field << 3 | FIXED64);
            out.writeBytes(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putDouble(value)
                    .array());
            return this;
        }

        Message real32(int field, float value) {
            varint(field << 3 | FIXED32);
            out.writeBytes(ByteBuffer.allocate(4)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putFloat(value)
                    .array());
            return this;
        }

        Message bytes(int field, byte[] value) {
            varint(field << 3 | LENGTH_DELIMITED);
            varint(value.length);
            out.writeBytes(value);
            return this;
        }

        Message text(int field, String value) {
            return bytes(field, value.getBytes(StandardCharsets.UTF_8));
        }

        Message message(int field, Message value) {
            return bytes(field, value.toByteArray());
        }

        byte[] toByteArray() {
            return out.toByteArray();
        }

        private void varint(long value) {
            long rest = value;
            while ((rest & ~0x7fL) != 0) {
                out.write((int) (rest & 0x7f | 0x80));
                rest >>>= 7;
            }
            out.write((int) rest);
        }
    }
}
