package org.atelier4j.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.zip.CRC32;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.io.GoldenFiles;
import org.atelier4j.io.Json;
import org.atelier4j.io.Npy;
import org.atelier4j.io.Npz;
import org.atelier4j.io.SafeTensors;
import org.atelier4j.io.TorchFile;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.HostPool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged files of every format: thousands of seeded mutations of good ones. A reader may succeed or throw an
 * {@link UncheckedIOException}; it may not throw anything else, take more than a second of the processor, or set aside more than some
 * megabytes for a file of some hundred bytes.
 */
@Timeout(120)
class ParserFuzzTest {
    private static final long MAX_NANOS = 1_000_000_000L;
    private static final long MAX_HEAP = 48L << 20;
    private static final long MAX_OFF_HEAP = 16L << 20;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @TempDir
    Path folder;

    /** What happens to a mutated file before it is read, as mending its checksums. */
    private interface Mend {
        byte[] apply(byte[] file);
    }

    /** A reader of bytes; {@code path} is where they would be from. */
    private interface Reader {
        void read(byte[] file, Path path) throws IOException;
    }

    private static Reader ofFile(Consumer<Path> reader) {
        return (file, path) -> {
            Files.deleteIfExists(path); // a file that is written anew is slower: ext4 forces it to the disk
            Files.write(path, file, StandardOpenOption.CREATE_NEW);
            reader.accept(path);
        };
    }

    private static final Reader PICTURE = ImageFiles::decode;

    @Test
    void idx() throws IOException {
        byte[] plain = IdxTest.idx(2051, new int[] {5, 4, 3}, new byte[60]);
        fuzz(
                "idx",
                4000,
                List.of(plain, IdxTest.gzip(plain)),
                b -> b,
                (file, path) -> Idx.read(new ByteArrayInputStream(file), path));
    }

    @Test
    void idxPairs() throws IOException {
        Path labels = Files.write(folder.resolve("labels"), IdxTest.idx(2049, new int[] {5}, new byte[5]));
        byte[] images = IdxTest.idx(2051, new int[] {5, 4, 3}, new byte[60]);
        fuzz("pairs", 1000, List.of(images), b -> b, ofFile(path -> Idx.dataset(path, labels, List.of("a"))));
        byte[] numbers = IdxTest.idx(2049, new int[] {5}, new byte[5]);
        Path good = Files.write(folder.resolve("images"), images);
        fuzz("labels", 1000, List.of(numbers), b -> b, ofFile(path -> Idx.dataset(good, path, List.of("a"))));
    }

    @Test
    void safeTensors() throws IOException {
        Path path = folder.resolve("good.safetensors");
        SafeTensors.write(
                path,
                Map.of("a", Tensor.of(new float[6], 2, 3), "b", Tensor.of(new byte[5], 5)),
                Map.of("format", "pt"));
        List<byte[]> good =
                List.of(Files.readAllBytes(path), Files.readAllBytes(GoldenFiles.path("numpy.safetensors")));
        fuzz("safetensors", 2000, good, b -> b, ofFile(ParserFuzzTest::readKnown));
        // the header's length always fits, so that the text itself is reached
        fuzz("headers", 3000, good, ParserFuzzTest::withFittingLength, ofFile(ParserFuzzTest::readKnown));
    }

    @Test
    void torchFiles() throws IOException {
        List<byte[]> good = golden("weights-zip.pth", "weights-legacy.pth", "weights-nested.pth");
        fuzz("torch", 6000, good, b -> b, ofFile(TorchFile::read));
    }

    private static void readKnown(Path path) {
        try (SafeTensors file = SafeTensors.open(path)) {
            file.names().stream().filter(name -> isKnown(file, name)).forEach(file::tensor);
        }
    }

    /** A mutated dtype may be one of the format that has no counterpart here, which is another exception. */
    private static boolean isKnown(SafeTensors file, String name) {
        try {
            file.dtype(name);
            return true;
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageContaining("for which there is no element type here");
            return false;
        }
    }

    private static byte[] withFittingLength(byte[] file) {
        if (file.length > 8) {
            int end = 8;
            for (int i = 8; i < file.length; i++) {
                end = file[i] == '}' ? i + 1 : end;
            }
            ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(0, end - 8);
        }
        return file;
    }

    @Test
    void npyAndNpz() throws IOException {
        fuzz(
                "npy",
                3000,
                golden("fortran.npy", "version-2.npy", "objects.npy", "records.npy", "half.npy"),
                b -> b,
                ofFile(Npy::read));
        fuzz("npz", 2000, golden("stored.npz", "compressed.npz"), b -> b, ofFile(Npz::read));
    }

    @Test
    void cifar() throws IOException {
        byte[] record = new byte[3073];
        fuzz("cifar", 300, List.of(record), b -> b, ofFile(path -> Cifar10.readBinary(List.of(path))));
        byte[] labels = "[6, 9, 9, 4, 1]".getBytes(StandardCharsets.US_ASCII);
        fuzz("labels.json", 1500, List.of(labels), b -> b, ofFile(Cifar10::readLabels));
    }

    @Test
    void json() {
        byte[] text = Json.write(Map.of("a", List.of(1, 2.5, "x\u00fc", true), "b", Map.of("c", "d")))
                .getBytes(StandardCharsets.UTF_8);
        fuzz("json", 4000, List.of(text), b -> b, Json::parse);
    }

    @Test
    void pictures() throws IOException {
        List<byte[]> png = golden("rgb8.png", "palette-alpha.png", "gray16.png", "interlaced.png", "gray1.png");
        fuzz("png", 2000, png, b -> b, PICTURE);
        fuzz("mended.png", 6000, png, ParserFuzzTest::withRightChecksums, PICTURE);
        fuzz("gif", 1500, golden("gray.gif"), b -> b, PICTURE);
        fuzz("bmp", 1500, golden("rgb.bmp", "gray.bmp"), b -> b, PICTURE);
        fuzz("jpg", 1000, List.of(ImageFiles.encodeJpeg(Image.filled(9, 9, 3, 77), 0.8)), b -> b, PICTURE);
    }

    private static byte[] withRightChecksums(byte[] file) {
        ByteBuffer in = ByteBuffer.wrap(file);
        for (int at = 8; at + 12 <= file.length; ) {
            int length = in.getInt(at);
            if (length < 0 || length > file.length - at - 12) {
                break;
            }
            CRC32 crc = new CRC32();
            crc.update(file, at + 4, length + 4);
            in.putInt(at + 8 + length, (int) crc.getValue());
            at += 12 + length;
        }
        return file;
    }

    private static List<byte[]> golden(String... names) throws IOException {
        List<byte[]> files = new ArrayList<>();
        for (String name : names) {
            files.add(Files.readAllBytes(GoldenFiles.path(name)));
        }
        return files;
    }

    /** Reads {@code count} mutations; each reader must both accept and refuse some, or the mutations prove nothing. */
    private void fuzz(String name, int count, List<byte[]> good, Mend mend, Reader reader) {
        Path path = folder.resolve("fuzz." + name);
        Random random = new Random(name.hashCode());
        good.forEach(file -> assertThat(attempt(path, file, reader)).isNotNull()); // loads classes
        HostPool.SHARED.trim();
        int refused = 0;
        for (int i = 0; i < count; i++) {
            byte[] file = mend.apply(mutate(good.get(i % good.size()), random));
            Supplier<String> what = () -> name + ": " + Arrays.toString(file);
            long offHeap = HostPool.SHARED.reservedBytes();
            long heap = THREADS.getCurrentThreadAllocatedBytes();
            long start = THREADS.getCurrentThreadCpuTime();
            String problem = attempt(path, file, reader);
            assertThat(THREADS.getCurrentThreadCpuTime() - start).as(what).isLessThan(MAX_NANOS);
            assertThat(THREADS.getCurrentThreadAllocatedBytes() - heap).as(what).isLessThan(MAX_HEAP);
            assertThat(HostPool.SHARED.reservedBytes() - offHeap).as(what).isLessThan(MAX_OFF_HEAP);
            if (!problem.isEmpty()) {
                assertThat(problem).as(what).contains(path.toString()).doesNotEndWith("null");
                refused++;
            }
        }
        assertThat(refused).as(name + ": refused of " + count).isBetween(count / 20, count - 1);
    }

    /** Returns the message of the one exception that may come, or an empty text. */
    private static String attempt(Path path, byte[] file, Reader reader) {
        try (TensorScope scope = TensorScope.open()) {
            reader.read(file, path);
            return "";
        } catch (UncheckedIOException e) {
            return String.valueOf(e.getMessage());
        } catch (IOException | RuntimeException | Error e) {
            throw new AssertionError("must not throw " + e + " for " + Arrays.toString(file), e);
        }
    }

    /** Returns a copy with one to three changes of the kinds that break parsers. */
    private static byte[] mutate(byte[] file, Random random) {
        byte[] bytes = file.clone();
        for (int n = 1 + random.nextInt(3); n > 0 && bytes.length > 0; n--) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(7)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt(256);
                case 2 -> bytes[at] = new byte[] {0, -1, 127, -128, '9', '"', '}', ','}[random.nextInt(8)];
                case 3 -> {
                    int[] words = {0, -1, Integer.MAX_VALUE, Integer.MIN_VALUE, 1 << 16, 1 << 28};
                    ByteBuffer word = ByteBuffer.allocate(4).putInt(words[random.nextInt(words.length)]);
                    System.arraycopy(word.array(), 0, bytes, at, Math.min(4, bytes.length - at));
                }
                case 4 -> bytes = Arrays.copyOf(bytes, at);
                case 5 ->
                    bytes = splice(
                            bytes,
                            at,
                            Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + 1 + random.nextInt(16))));
                default ->
                    bytes = splice(
                            Arrays.copyOf(bytes, at),
                            at,
                            Arrays.copyOfRange(
                                    bytes, Math.min(bytes.length, at + 1 + random.nextInt(8)), bytes.length));
            }
        }
        return bytes;
    }

    private static byte[] splice(byte[] bytes, int at, byte[] inserted) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(bytes, 0, at);
        out.writeBytes(inserted);
        out.write(bytes, at, bytes.length - at);
        return out.toByteArray();
    }
}
