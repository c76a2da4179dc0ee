package org.atelier4j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * A file of named tensors in the safetensors format (Hugging Face, version 0.4 and later): eight bytes with the length of
 * a JSON header, the header, the elements in little-endian order.
 *
 * <p>Opening reads and checks the header alone. A tensor's region is mapped when it is asked for and copied once into the
 * tensor's own memory, so files of any size can be read as long as each tensor asked for fits (2 GiB). F16 becomes
 * FLOAT32; I8, I16 and U16 become INT32, U32 becomes INT64; all other types stay what they are.
 *
 * <pre>{@code
 * SafeTensors.write(path, model.state(), Map.of("format", "pt"));
 * model.load(SafeTensors.read(path));
 * }</pre>
 *
 * <p>Safe for use by several threads.
 */
public final class SafeTensors implements AutoCloseable {
    /** The longest header that is read, in bytes: the limit of the reference implementation. */
    public static final long MAX_HEADER = 100_000_000;

    private static final int LENGTH_BYTES = 8;

    private final Path path;
    private final FileChannel channel;
    private final SafeTensorsHeader header;
    private final long dataStart;

    private SafeTensors(Path path, FileChannel channel, SafeTensorsHeader header, long dataStart) {
        this.path = path;
        this.channel = channel;
        this.header = header;
        this.dataStart = dataStart;
    }

    /**
     * Opens a file and checks its header.
     *
     * @throws MalformedFileException if the file breaks a rule of the format
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public static SafeTensors open(Path path) {
        try {
            FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
            try {
                return open(path, channel);
            } catch (IOException | RuntimeException | Error e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            throw FileFailure.reading(path, e);
        }
    }

    private static SafeTensors open(Path path, FileChannel channel) throws IOException {
        long size = channel.size();
        MalformedFileException.check(
                size >= LENGTH_BYTES, path, "file must have at least 8 bytes for the header's length, got " + size);
        long length = readFully(path, channel, 0, LENGTH_BYTES).getLong();
        MalformedFileException.check(
                length > 0 && length <= Math.min(MAX_HEADER, size - LENGTH_BYTES),
                path,
                "header's length must lie in [1, " + Math.min(MAX_HEADER, size - LENGTH_BYTES) + "], got "
                        + Long.toUnsignedString(length));
        byte[] bytes = readFully(path, channel, LENGTH_BYTES, (int) length).array();
        long dataStart = LENGTH_BYTES + length;
        return new SafeTensors(path, channel, SafeTensorsHeader.parse(bytes, path, size - dataStart), dataStart);
    }

    /**
     * Returns all tensors of a file by name, in order of the file.
     *
     * @throws MalformedFileException if the file breaks a rule of the format
     */
    public static Map<String, Tensor> read(Path path) {
        try (SafeTensors file = open(path)) {
            Map<String, Tensor> all = new LinkedHashMap<>();
            file.names().forEach(name -> all.put(name, file.tensor(name)));
            return all;
        }
    }

    /**
     * Returns all tensors of a file that is in memory, such as a resource of a jar, by name, in order of the file.
     *
     * @param source where it is from, for messages
     * @throws MalformedFileException if the file breaks a rule of the format
     */
    public static Map<String, Tensor> decode(byte[] file, Object source) {
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        MalformedFileException.check(
                file.length >= LENGTH_BYTES,
                source,
                "file must have at least 8 bytes for the header's length, got %d",
                file.length);
        long length = bytes.getLong(0);
        MalformedFileException.check(
                length > 0 && length <= file.length - LENGTH_BYTES,
                source,
                "header's length must lie in [1, %d], got %s",
                file.length - LENGTH_BYTES,
                Long.toUnsignedString(length));
        int dataStart = LENGTH_BYTES + (int) length;
        byte[] head = Arrays.copyOfRange(file, LENGTH_BYTES, dataStart);
        Map<String, Tensor> all = new LinkedHashMap<>();
        SafeTensorsHeader.parse(head, source, (long) file.length - dataStart)
                .tensors()
                .forEach((name, entry) -> {
                    int size = (int) (entry.end() - entry.begin());
                    ByteBuffer data =
                            bytes.slice(dataStart + (int) entry.begin(), size).order(ByteOrder.LITTLE_ENDIAN);
                    all.put(name, TensorBytes.read(storedType(name, entry, source), entry.shape(), data));
                });
        return all;
    }

    /**
     * Writes a file, whole or not at all. Wide elements come first, so that each tensor lies at a multiple of its element
     * size; within one width the order is that of {@code tensors}. Equal contents give equal files.
     *
     * @param metadata texts about the file, as its format, configuration and seed; may be empty
     */
    public static void write(Path path, Map<String, Tensor> tensors, Map<String, String> metadata) {
        List<Map.Entry<String, Tensor>> ordered = new ArrayList<>(tensors.entrySet());
        ordered.sort(Comparator.comparingInt(e -> -e.getValue().dtype().bytes()));
        Map<String, SafeTensorsHeader.Entry> entries = new LinkedHashMap<>();
        long at = 0;
        for (Map.Entry<String, Tensor> e : ordered) {
            Tensor t = e.getValue();
            Check.that(!e.getKey().equals("__metadata__"), "SafeTensors: a tensor must not be named __metadata__");
            long end = at + t.size() * t.dtype().bytes();
            entries.put(
                    e.getKey(),
                    new SafeTensorsHeader.Entry(StoredType.of(t.dtype()).name(), t.shape(), at, end));
            at = end;
        }
        AtomicFile.write(path, out -> {
            byte[] header = new SafeTensorsHeader(entries, new TreeMap<>(metadata)).bytes();
            Check.that(
                    header.length <= MAX_HEADER,
                    "SafeTensors: header must have at most %d bytes, got %d",
                    MAX_HEADER,
                    header.length);
            out.write(ByteBuffer.allocate(LENGTH_BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(header.length)
                    .array());
            out.write(header);
            for (Map.Entry<String, Tensor> e : ordered) {
                TensorBytes.write(e.getValue(), out);
            }
        });
    }

    /** Returns the names of the tensors, in order of their data. */
    public Set<String> names() {
        return Collections.unmodifiableSet(header.tensors().keySet());
    }

    /** Returns the texts under {@code __metadata__}. */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(header.metadata());
    }

    /** Returns the shape of a tensor without reading it. */
    public Shape shape(String name) {
        return entry(name).shape();
    }

    /** Returns the element type that {@link #tensor} gives. */
    public DType dtype(String name) {
        return storedType(name).dtype();
    }

    /**
     * Reads one tensor.
     *
     * @throws IllegalArgumentException if there is none of this name, or its element type has no counterpart here
     */
    public Tensor tensor(String name) {
        SafeTensorsHeader.Entry entry = entry(name);
        StoredType type = storedType(name);
        long length = entry.end() - entry.begin();
        Check.that(
                length <= Integer.MAX_VALUE
                        && entry.shape().size() * type.dtype().bytes() <= Integer.MAX_VALUE,
                "SafeTensors: tensor %s of %s must take less than 2 GiB to be read, got shape %s",
                name,
                path,
                entry.shape());
        if (length == 0) {
            return TensorBytes.read(type, entry.shape(), ByteBuffer.allocate(0));
        }
        try (MappedRegion region = MappedRegion.of(channel, dataStart + entry.begin(), length)) {
            return TensorBytes.read(type, entry.shape(), region.bytes().order(ByteOrder.LITTLE_ENDIAN));
        } catch (IOException e) {
            throw FileFailure.reading(path, e);
        }
    }

    /** Closes the file; tensors that were read stay. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw FileFailure.reading(path, e);
        }
    }

    private SafeTensorsHeader.Entry entry(String name) {
        SafeTensorsHeader.Entry entry = header.tensors().get(name);
        Check.that(entry != null, "SafeTensors: %s must hold a tensor %s, got %s", path, name, someNames());
        return Objects.requireNonNull(entry);
    }

    private StoredType storedType(String name) {
        return storedType(name, entry(name), path);
    }

    private static StoredType storedType(String name, SafeTensorsHeader.Entry entry, Object source) {
        String type = entry.type();
        try {
            return StoredType.valueOf(type);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("SafeTensors: tensor " + name + " of " + source + " is stored as " + type
                    + ", for which there is no element type here");
        }
    }

    private String someNames() {
        List<String> some = names().stream().limit(8).toList();
        return names().size() + " tensors" + (some.isEmpty() ? "" : ": " + String.join(", ", some))
                + (some.size() < names().size() ? ", …" : "");
    }

    private static ByteBuffer readFully(Path path, FileChannel channel, long position, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            int n = channel.read(bytes, position + bytes.position());
            MalformedFileException.check(n >= 0, path, "file ended while its header was read");
        }
        return bytes.flip();
    }
}
