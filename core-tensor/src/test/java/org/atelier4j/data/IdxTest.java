package org.atelier4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.atelier4j.io.MalformedFileException;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdxTest {
    private static final List<String> TWO = List.of("no", "yes");

    @TempDir
    Path folder;

    private Path images;
    private Path labels;

    @BeforeEach
    void makePaths() {
        images = folder.resolve("images");
        labels = folder.resolve("labels");
    }

    /** An IDX file by the words of its description. */
    static byte[] idx(int magic, int[] dims, byte... elements) {
        ByteBuffer bytes =
                ByteBuffer.allocate(4 + 4 * dims.length + elements.length).putInt(magic);
        for (int dim : dims) {
            bytes.putInt(dim);
        }
        return bytes.put(elements).array();
    }

    static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        }
        return out.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void readsImagesAndLabelsPlainOrPacked(boolean packed) throws IOException {
        byte[] pictures = idx(2051, new int[] {2, 2, 3}, new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, (byte) 255});
        byte[] numbers = idx(2049, new int[] {2}, (byte) 1, (byte) 0);
        Files.write(images, packed ? gzip(pictures) : pictures);
        Files.write(labels, packed ? gzip(numbers) : numbers);
        Dataset set = Idx.dataset(images, labels, TWO);
        assertThat(set.size()).isEqualTo(2);
        assertThat(set.imageShape()).isEqualTo(Shape.of(2, 3, 1));
        assertThat(set.classNames()).isEqualTo(TWO);
        assertThat(set.label(0)).isEqualTo(1);
        assertThat(set.image(1).at(2, 1, 0)).isEqualTo(255);
        assertThat(set.image(1).at(0, 1, 0)).isEqualTo(10);
        Tensor tensor = Idx.read(images);
        assertThat(tensor.shape()).isEqualTo(Shape.of(2, 2, 3));
        assertThat(tensor.dtype()).isEqualTo(DType.UINT8);
    }

    @Test
    void writesWhatItReads() throws IOException {
        byte[] bytes = new byte[5 * 4 * 3 * 2];
        new Random(1).nextBytes(bytes);
        Tensor tensor = Tensor.of(bytes, 5, 4, 3, 2);
        Idx.write(images, tensor);
        assertThat(Files.readAllBytes(images)).isEqualTo(idx(0x804, new int[] {5, 4, 3, 2}, bytes));
        Path packed = folder.resolve("x.gz");
        Idx.write(packed, tensor);
        assertThat(Files.readAllBytes(packed)).startsWith(0x1f, 0x8b);
        assertThat(Idx.read(packed).download()).isEqualTo(tensor.download());
    }

    @Test
    void headersThatLieAreRefusedWithoutMemoryForTheirLies() throws IOException {
        byte[] lie = idx(2051, new int[] {60_000, 28, 28}, new byte[100]);
        Files.write(images, lie);
        assertMalformed(images, "header promises 47040000 elements, got 100");
        Files.write(images, gzip(lie));
        assertMalformed(images, "header promises 47040000 elements, got 100");
        Files.write(images, idx(2051, new int[] {Integer.MAX_VALUE, 28, 28}, new byte[100]));
        assertMalformed(images, "array must fit into a third of the Java heap (-Xmx), got lengths [2147483647]");
        Files.write(images, idx(2051, new int[] {1, -2, 28}));
        assertMalformed(images, "lengths must be >= 0, got 4294967294");
        Files.write(images, idx(2049, new int[] {3}, new byte[4]));
        assertMalformed(images, "header promises 3 elements, got more");
    }

    @Test
    void everyTruncationIsAnError() throws IOException {
        byte[] whole = idx(2051, new int[] {1, 2, 2}, new byte[] {1, 2, 3, 4});
        byte[] packed = gzip(whole);
        for (byte[] file : new byte[][] {whole, packed}) {
            for (int n = 0; n < file.length; n++) {
                Files.write(images, Arrays.copyOf(file, n));
                assertThatThrownBy(() -> Idx.read(images)).isInstanceOf(MalformedFileException.class);
            }
        }
        packed[packed.length - 6] ^= 1;
        Files.write(images, packed);
        assertMalformed(images, "gzip data is damaged: Corrupt GZIP trailer");
    }

    @Test
    void saysWhatIsWrong() throws IOException {
        Files.write(images, idx(0x00000d01, new int[] {1}, new byte[4]));
        assertMalformed(
                images, "IDX file of unsigned bytes must begin with 0x000008 and a rank of 1 to 8, got 0x00000d01");
        Files.write(images, idx(2051, new int[] {2, 1, 1}, new byte[2]));
        Files.write(labels, idx(2049, new int[] {3}, new byte[3]));
        assertThatThrownBy(() -> Idx.dataset(images, labels, TWO))
                .isInstanceOf(MalformedFileException.class)
                .hasMessage(labels + ": there must be one label for each of the 2 images of " + images + ", got 3");
        Files.write(labels, idx(2049, new int[] {2}, (byte) 1, (byte) 2));
        assertThatThrownBy(() -> Idx.dataset(images, labels, TWO))
                .isInstanceOf(MalformedFileException.class)
                .hasMessage(labels + ": label 1 must lie in [0, 2), got 2");
        assertThatThrownBy(() -> Idx.dataset(labels, images, TWO))
                .hasMessage(labels + ": images must have shape (N, H, W) or (N, H, W, C), got [2]");
        Files.write(images, idx(2051, new int[] {2, 0, 5}));
        assertThatThrownBy(() -> Idx.dataset(images, labels, TWO))
                .hasMessage(images + ": images must have pixels of 1, 3 or 4 channels, got [2, 0, 5]");
        assertThatThrownBy(() -> Idx.read(folder.resolve("none")))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("there is no");
    }

    private static void assertMalformed(Path path, String message) {
        assertThatThrownBy(() -> Idx.read(path))
                .isInstanceOf(MalformedFileException.class)
                .hasMessage(path + ": " + message);
    }
}
