package org.atelier4j.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class NpyTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"c-order", "fortran", "big-endian", "version-2", "version-3"})
    void readsEveryLayoutThatNumPyWrites(String name) {
        assertIsTheArray(Npy.read(GoldenFiles.path(name + ".npy")));
    }

    private static void assertIsTheArray(Tensor a) {
        assertThat(a.shape()).isEqualTo(Shape.of(2, 3, 4));
        float[] values = a.toFloats();
        for (int i = 0; i < 24; i++) {
            assertThat(values[i]).isEqualTo(i / 8f);
        }
    }

    @Test
    void readsScalarsEmptyArraysAndWidenedTypes() {
        Tensor scalar = Npy.read(GoldenFiles.path("scalar.npy"));
        assertThat(scalar.shape()).isEqualTo(Shape.scalar());
        assertThat(SafeTensorsTest.longs(scalar)).containsExactly(7);
        Tensor empty = Npy.read(GoldenFiles.path("empty.npy"));
        assertThat(empty.shape()).isEqualTo(Shape.of(0, 5));
        assertThat(empty.dtype()).isEqualTo(DType.FLOAT64);
        assertThat(SafeTensorsTest.bytes(Npy.read(GoldenFiles.path("bools.npy"))))
                .containsExactly(1, 0, 1);
        assertThat(Npy.read(GoldenFiles.path("big-endian-int16.npy")).toInts()).containsExactly(-300, 300);
        assertThat(Npy.read(GoldenFiles.path("half.npy")).toFloats())
                .containsExactly(
                        0,
                        1,
                        -2,
                        65504,
                        5.9604645e-8f,
                        -6.097555e-5f,
                        Float.POSITIVE_INFINITY,
                        Float.NEGATIVE_INFINITY,
                        0.33325195f);
    }

    @Test
    void writesWhatNumPyWrites() throws IOException {
        Path path = folder.resolve("a.npy");
        Npy.write(path, Npy.read(GoldenFiles.path("fortran.npy")));
        assertThat(path).hasSameBinaryContentAs(GoldenFiles.path("c-order.npy"));
        Npy.write(path, Tensor.of(new boolean[] {true, false, true}, 3));
        assertThat(path).hasSameBinaryContentAs(GoldenFiles.path("bools.npy"));
        Npy.write(path, Npy.read(GoldenFiles.path("scalar.npy")));
        assertThat(path).hasSameBinaryContentAs(GoldenFiles.path("scalar.npy"));
    }

    @Test
    void exchangesFilesWithNd4j() {
        Path path = folder.resolve("a.npy");
        Npy.write(path, Npy.read(GoldenFiles.path("c-order.npy")));
        try (INDArray there = Nd4j.createFromNpyFile(path.toFile())) {
            assertThat(there.shape()).containsExactly(2, 3, 4);
            assertThat(there.getDouble(1, 2, 3)).isEqualTo(23 / 8.0);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "objects.npy,|O",
        "complex.npy,<c16",
    })
    void refusesOtherThanNumbers(String name, String type) {
        Path path = GoldenFiles.path(name);
        assertThatThrownBy(() -> Npy.read(path))
                .isInstanceOf(MalformedFileException.class)
                .hasMessage(
                        path + ": element type must be one of b1, u1, u2, u4, i1, i2, i4, i8, f2, f4, f8, got " + type);
    }

    @Test
    void refusesRecordsAndBfloat16() {
        assertThatThrownBy(() -> Npy.read(GoldenFiles.path("records.npy")))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining(
                        "header must give descr (of a plain array), fortran_order and shape, got {'descr'");
        Tensor bfloat =
                Tensor.empty(Shape.of(1), DType.BFLOAT16, Tensor.scalar(0).device());
        assertThatThrownBy(() -> Npy.write(folder.resolve("b.npy"), bfloat))
                .hasMessage("Npy: NumPy has no BFLOAT16; convert with to(DType.FLOAT32) first");
        assertThat(folder.resolve("b.npy")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }     | array ends too early",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }     | nothing must follow the array of"
                        + " shape [1]",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (500000000,), } | shape [500000000] takes"
                        + " 2000000000 bytes, more than there can be",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999,), } | shape must hold lengths < 2^31,"
                        + " got (9999999999,)",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (60000, 60000), } | array must have fewer than 2^31"
                        + " elements, got shape (60000, 60000)",
                "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,), } | header repeats descr",
                "{'descr': '<f4', 'shape': (2,), }                             | header must give descr (of a plain"
                        + " array), fortran_order and shape, got {'descr': '<f4', 'shape': (2,), }",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1} | header must give descr (of a plain"
                        + " array), fortran_order and shape, got {'descr': '<f4', 'fortran_order': False, 'shape': (2,),"
                        + " 'x': 1}",
                "nonsense                                                      | header must be a dictionary, got"
                        + " nonsense",
            })
    void saysWhatIsWrongWithAHeader(String header, String message) throws IOException {
        Path path = folder.resolve("bad.npy");
        byte[] text = header.getBytes(StandardCharsets.US_ASCII);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) text.length, 0});
        bytes.write(text);
        bytes.write(new byte[8]);
        Files.write(path, bytes.toByteArray());
        assertThatThrownBy(() -> Npy.read(path))
                .isInstanceOf(MalformedFileException.class)
                .hasMessage(path + ": " + message);
    }

    @Test
    void readsBothKindsOfNpz() {
        for (String name : new String[] {"stored.npz", "compressed.npz"}) {
            Map<String, Tensor> arrays = Npz.read(GoldenFiles.path(name));
            assertThat(arrays.keySet()).containsExactly("a", "labels");
            assertIsTheArray(arrays.get("a"));
            assertThat(arrays.get("labels").toInts()).containsExactly(3, 1, 2);
        }
    }

    @Test
    void npzComesBackAndIsTheSameEachTime() throws IOException {
        Map<String, Tensor> arrays = new LinkedHashMap<>();
        arrays.put("z", Tensor.of(new double[] {1, Double.NaN}, 2, 1));
        arrays.put("a/b", Tensor.of(new byte[70_000], 70_000));
        Path one = folder.resolve("1.npz");
        Path two = folder.resolve("2.npz");
        Npz.write(one, arrays);
        Npz.write(two, arrays);
        assertThat(one).hasSameBinaryContentAs(two).satisfies(p -> assertThat(p).hasSize(Files.size(two)));
        assertThat(Files.size(one)).isLessThan(2000);
        Map<String, Tensor> back = Npz.read(one);
        assertThat(back.keySet()).containsExactly("z", "a/b");
        back.forEach(
                (name, t) -> assertThat(t.download()).isEqualTo(arrays.get(name).download()));
    }

    @Test
    void saysWhatIsWrongWithANpz() throws IOException {
        byte[] good = Files.readAllBytes(GoldenFiles.path("stored.npz"));
        Path path = folder.resolve("bad.npz");
        good[200] ^= 1; // within the elements, which are stored as they are
        Files.write(path, good);
        assertThatThrownBy(() -> Npz.read(path))
                .isInstanceOf(MalformedFileException.class)
                .hasMessage(path + "!a.npy: checksum does not match: the file is damaged");
        Files.write(path, Arrays.copyOf(good, good.length - 30));
        assertThatThrownBy(() -> Npz.read(path))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageStartingWith(path + ": must be a ZIP file of arrays: ");
        ByteArrayOutputStream zip = new ByteArrayOutputStream();
        try (ZipOutputStream out = new ZipOutputStream(zip)) {
            out.putNextEntry(new ZipEntry("readme.txt"));
        }
        Files.write(path, zip.toByteArray());
        assertThatThrownBy(() -> Npz.read(path)).hasMessage(path + ": entries must be named *.npy, got readme.txt");
    }
}
