package org.atelier4j.io;

import static org.atelier4j.io.MalformedFileException.check;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.atelier4j.tensor.Tensor;

/**
 * Weights as {@code torch.save(model.state_dict(), path)} writes them ({@code .pth}, {@code .pt}): a dictionary of named
 * tensors, in either of PyTorch's two formats. Since 1.6 it is a ZIP file with a pickle and one entry for each block of
 * memory; before, it was four pickles followed by the blocks. Most published weights of the early years are of the
 * second kind.
 *
 * <p>A pickle is a program that may call any Python function. What is read here is data only: the instructions that
 * PyTorch itself uses for a dictionary of dense tensors; a file with any other one is refused ({@link Pickle}). New files
 * are written as {@link SafeTensors}.
 */
public final class TorchFile {
    private static final int ZIP_MAGIC = 0x504b0304;
    private static final int PICKLE_MAGIC = 0x80;
    private static final BigInteger LEGACY_MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final Long LEGACY_PROTOCOL = 1001L;
    private static final String PICKLE = "data.pkl";

    private TorchFile() {}

    /**
     * Returns all tensors of a file by name, in order of the file.
     *
     * @throws MalformedFileException if it is no dictionary of dense tensors, or is damaged
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public static Map<String, Tensor> read(Path path) {
        return read(path, name -> true);
    }

    /**
     * Returns the tensors of a file whose names are wanted; the others' memory is passed over.
     *
     * @throws MalformedFileException if it is no dictionary of dense tensors, or is damaged
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public static Map<String, Tensor> read(Path path, Predicate<String> wanted) {
        try {
            try (DataInputStream head = new DataInputStream(Files.newInputStream(path))) {
                check(Files.size(path) >= 4, path, "must be a file of torch.save, got %d bytes", Files.size(path));
                int magic = head.readInt();
                if (magic == ZIP_MAGIC) {
                    return readZip(path, wanted);
                }
                check(magic >>> 24 == PICKLE_MAGIC, path, "must be a file of torch.save, got another kind");
            }
            return readLegacy(path, wanted);
        } catch (ZipException e) {
            throw new MalformedFileException(path, "must be a file of torch.save: " + e.getMessage(), e);
        } catch (IOException e) {
            throw FileFailure.reading(path, e);
        }
    }

    private static Map<String, Tensor> readZip(Path path, Predicate<String> wanted) throws IOException {
        try (ZipFile zip = new ZipFile(path.toFile())) {
            ZipEntry program = zip.stream()
                    .filter(e -> e.getName().equals(PICKLE) || e.getName().endsWith("/" + PICKLE))
                    .findFirst()
                    .orElseThrow(() ->
                            new MalformedFileException(path, "must hold an entry data.pkl, as torch.save writes it"));
            String folder = program.getName().substring(0, program.getName().length() - PICKLE.length());
            ZipEntry order = zip.getEntry(folder + "byteorder");
            if (order != null) {
                String name = new String(zip.getInputStream(order).readNBytes(16), StandardCharsets.UTF_8);
                check(name.equals("little"), path, "byte order must be little, got %s", name);
            }
            Map<String, Pickle.TensorRef> refs;
            try (InputStream in = new BufferedInputStream(zip.getInputStream(program))) {
                refs = new Pickle(in, path).tensors();
            }
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (Map.Entry<String, Pickle.TensorRef> e : refs.entrySet()) {
                if (wanted.test(e.getKey())) {
                    tensors.put(e.getKey(), fromEntry(zip, folder, e.getKey(), e.getValue(), path));
                }
            }
            return tensors;
        } catch (IllegalArgumentException e) { // names that are not text
            throw new MalformedFileException(path, "must be a file of torch.save: " + e.getMessage(), e);
        }
    }

    private static Tensor fromEntry(ZipFile zip, String folder, String name, Pickle.TensorRef ref, Path path)
            throws IOException {
        Pickle.StorageRef storage = ref.storage();
        ZipEntry entry = zip.getEntry(folder + "data/" + storage.key());
        check(entry != null, path, "memory %s of tensor %s is missing", storage.key(), name);
        check(
                entry.getMethod() == ZipEntry.STORED
                        && entry.getSize() == storage.bytes()
                        && storage.bytes() <= Files.size(path),
                path,
                "memory %s of tensor %s must be %d bytes, not compressed, got %d",
                storage.key(),
                name,
                storage.bytes(),
                entry.getSize());
        try (CheckedInputStream in =
                new CheckedInputStream(new BufferedInputStream(zip.getInputStream(entry)), new CRC32())) {
            int width = storage.type().bytes();
            in.skipNBytes(ref.offset() * width);
            Tensor tensor = TensorBytes.read(storage.type(), ref.shape(), in, ByteOrder.LITTLE_ENDIAN);
            in.skipNBytes(storage.bytes() - (ref.offset() + ref.shape().size()) * width);
            check(
                    entry.getCrc() == in.getChecksum().getValue(),
                    path,
                    "checksum of tensor %s does not match: the file is damaged",
                    name);
            return tensor;
        }
    }

    private static Map<String, Tensor> readLegacy(Path path, Predicate<String> wanted) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            Counted in = new Counted(new BufferedInputStream(Channels.newInputStream(channel)));
            Object magic = new Pickle(in, path).value();
            check(LEGACY_MAGIC.equals(magic), path, "must be a file of torch.save, got no magic number");
            Object protocol = new Pickle(in, path).value();
            check(LEGACY_PROTOCOL.equals(protocol), path, "protocol must be 1001, as torch.save has it");
            Object system = new Pickle(in, path).value();
            boolean little = system instanceof Map<?, ?> m && Boolean.TRUE.equals(m.get("little_endian"));
            check(little, path, "byte order must be little");
            Map<String, Pickle.TensorRef> refs = new Pickle(in, path).tensors();
            Object keys = new Pickle(in, path).value();
            check(keys instanceof List<?>, path, "the list of memory blocks is missing");
            return fromBlocks(path, channel, blocks(path, channel, in.count, (List<?>) keys, refs), refs, wanted);
        }
    }

    /** Returns where the memory of each key begins: eight bytes with the number of elements, then these, for each. */
    private static Map<String, Long> blocks(
            Path path, FileChannel channel, long start, List<?> keys, Map<String, Pickle.TensorRef> refs)
            throws IOException {
        Map<String, Pickle.StorageRef> storages = new HashMap<>();
        for (Pickle.TensorRef ref : refs.values()) {
            Pickle.StorageRef before = storages.put(ref.storage().key(), ref.storage());
            check(
                    before == null || before.equals(ref.storage()),
                    path,
                    "memory %s must have one type and length",
                    ref.storage().key());
        }
        Map<String, Long> starts = new HashMap<>();
        long at = start;
        for (Object key : keys) {
            check(
                    key instanceof String && storages.containsKey(key),
                    path,
                    "each block of memory must belong to a tensor");
            Pickle.StorageRef storage = Objects.requireNonNull(storages.get(key));
            check(channel.size() - at >= 8 + storage.bytes(), path, "file ends before memory %s does", key);
            ByteBuffer count = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            while (count.hasRemaining() && channel.read(count, at + count.position()) >= 0) {
                continue;
            }
            long elements = storage.bytes() / storage.type().bytes();
            check(
                    count.getLong(0) == elements,
                    path,
                    "memory %s must have %d elements, got %d",
                    key,
                    elements,
                    count.getLong(0));
            starts.put(storage.key(), at + 8);
            at += 8 + storage.bytes();
        }
        check(at == channel.size(), path, "file must end with its last tensor, got %d more bytes", channel.size() - at);
        return starts;
    }

    private static Map<String, Tensor> fromBlocks(
            Path path,
            FileChannel channel,
            Map<String, Long> starts,
            Map<String, Pickle.TensorRef> refs,
            Predicate<String> wanted)
            throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (Map.Entry<String, Pickle.TensorRef> e : refs.entrySet()) {
            if (!wanted.test(e.getKey())) {
                continue;
            }
            Pickle.TensorRef ref = e.getValue();
            StoredType type = ref.storage().type();
            long start = starts.getOrDefault(ref.storage().key(), -1L);
            check(
                    start >= 0,
                    path,
                    "memory %s of tensor %s is missing",
                    ref.storage().key(),
                    e.getKey());
            channel.position(start + ref.offset() * type.bytes());
            InputStream in = new BufferedInputStream(Channels.newInputStream(channel));
            tensors.put(e.getKey(), TensorBytes.read(type, ref.shape(), in, ByteOrder.LITTLE_ENDIAN));
        }
        return tensors;
    }

    /** Tells how far a stream was read. */
    private static final class Counted extends FilterInputStream {
        private long count;

        Counted(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            int b = super.read();
            count += b < 0 ? 0 : 1;
            return b;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            int n = super.read(into, offset, length);
            count += Math.max(0, n);
            return n;
        }
    }
}
