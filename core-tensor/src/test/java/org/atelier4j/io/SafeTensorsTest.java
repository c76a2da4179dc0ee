package org.atelier4j.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.assertj.core.api.Assertions;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.Device;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SafeTensorsTest {
    @TempDir
    Path folder;

    @Test
    void readsWhatTheReferenceImplementationWrote() {
        try (SafeTensors file = SafeTensors.open(GoldenFiles.path("numpy.safetensors"))) {
            assertThat(file.metadata()).isEqualTo(Map.of("format", "np", "text", "a \"quoted\" ü"));
            assertThat(file.names()).hasSize(13);
            assertThat(file.shape("f64")).isEqualTo(Shape.of(2, 3));
            assertThat(file.dtype("f16")).isEqualTo(DType.FLOAT32);
            assertThat(file.tensor("f64").toDoubles()).containsExactly(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5);
            float[] thirds = file.tensor("f32").toFloats();
            float[] halves = file.tensor("f16").toFloats();
            for (int i = 0; i < 6; i++) {
                assertThat(thirds[i]).isEqualTo((float) (i / 3.0));
                assertThat(halves[i]).isCloseTo((float) (i / 7.0 - 0.3), Assertions.within(2e-4f));
            }
            assertThat(longs(file.tensor("i64")))
                    .containsExactly(0, 1000000000000L, 2000000000000L, 3000000000000L, 4000000000000L, 5000000000000L);
            assertThat(file.tensor("i32").toInts())
                    .containsExactly(0, -1000000, -2000000, -3000000, -4000000, -5000000);
            assertThat(file.tensor("i16").toInts()).containsExactly(0, -5000, -10000, -15000, -20000, -25000);
            assertThat(file.tensor("i8").toInts()).containsExactly(0, -20, -40, -60, -80, -100);
            assertThat(longs(file.tensor("u32")))
                    .containsExactly(0, 800000000L, 1600000000L, 2400000000L, 3200000000L, 4000000000L);
            assertThat(file.tensor("u16").toInts()).containsExactly(0, 13000, 26000, 39000, 52000, 65000);
            assertThat(bytes(file.tensor("u8"))).containsExactly(0, 51, 102, 153, 204, 255);
            assertThat(file.tensor("bool").dtype()).isEqualTo(DType.BOOL);
            assertThat(bytes(file.tensor("bool"))).containsExactly(0, 1, 0, 1, 0, 1);
            assertThat(file.tensor("scalar").shape()).isEqualTo(Shape.scalar());
            assertThat(file.tensor("scalar").item()).isEqualTo(4.25);
            assertThat(file.tensor("empty").shape()).isEqualTo(Shape.of(0, 3));
        }
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void comesBackBitForBit(DType dtype) {
        for (int n : new int[] {0, 1, 7, 300_001}) { // the last takes more than one piece
            Tensor t = random(dtype, n);
            Path path = folder.resolve("t.safetensors");
            SafeTensors.write(path, Map.of("t", t), Map.of());
            Map<String, Tensor> back = SafeTensors.read(path);
            assertThat(back.get("t").dtype()).isEqualTo(dtype);
            assertThat(back.get("t").shape()).isEqualTo(t.shape());
            assertThat(back.get("t").download()).isEqualTo(t.download());
        }
    }

    @Test
    void writesPartsOfAStorageAndKeepsOddBits() {
        float nan = Float.intBitsToFloat(0x7fc12345);
        Tensor t = Tensor.of(new float[] {1, -0f, nan, Float.MIN_VALUE, 5, 6}, 3, 2);
        Path path = folder.resolve("t.safetensors");
        SafeTensors.write(path, Map.of("rows", Tensor.over(t.storage(), 2, Shape.of(1, 2))), Map.of());
        ByteBuffer back = SafeTensors.read(path).get("rows").download();
        assertThat(back.getInt(0)).isEqualTo(0x7fc12345);
        assertThat(back.getFloat(4)).isEqualTo(Float.MIN_VALUE);
    }

    @Test
    void alignsDataAndPutsWideElementsFirst() throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("bytes", Tensor.of(new byte[] {1, 2, 3}, 3));
        tensors.put("b", Tensor.of(new float[] {1}, 1));
        tensors.put("a", Tensor.of(new float[] {2}, 1));
        tensors.put("doubles", Tensor.of(new double[] {3}, 1));
        Path path = folder.resolve("t.safetensors");
        SafeTensors.write(path, tensors, Map.of("z", "", "k", "v", "b", "w"));
        try (SafeTensors file = SafeTensors.open(path)) {
            assertThat(file.names()).containsExactly("doubles", "b", "a", "bytes");
        }
        byte[] bytes = Files.readAllBytes(path);
        int header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt();
        assertThat(header % 8).isZero();
        assertThat(new String(bytes, 8, header, StandardCharsets.UTF_8))
                .startsWith(
                        "{\"__metadata__\":{\"b\":\"w\",\"k\":\"v\",\"z\":\"\"},\"doubles\":{\"dtype\":\"F64\",\"shape\":[1],"
                                + "\"data_offsets\":[0,8]},");
    }

    @Test
    void readsOneTensorOfAFileLargerThanMemoryAllows() throws IOException {
        long large = 3L << 30;
        String header = "{\"large\":{\"dtype\":\"U8\",\"shape\":[3,1073741824],\"data_offsets\":[0," + large + "]},"
                + "\"small\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[" + large + "," + (large + 8) + "]}}";
        Path path = file(header, new byte[0]);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            ByteBuffer last = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            last.putFloat(1.5f).putFloat(-2).flip();
            channel.write(last, channel.size() + large); // leaves a hole that takes no disk
        }
        try (SafeTensors file = SafeTensors.open(path)) {
            assertThat(file.tensor("small").toFloats()).containsExactly(1.5f, -2);
            assertThatThrownBy(() -> file.tensor("large"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("SafeTensors: tensor large of " + path + " must take less than 2 GiB to be read, got"
                            + " shape [3, 1073741824]");
        }
    }

    @Test
    void acceptsDataInAnyOrderAndAtOddPlaces() throws IOException {
        // valid in the format: the reference accepts it, files of early versions have it
        Path path = file(
                "{\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1,5]},"
                        + "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
                new byte[] {9, 0, 0, (byte) 0x80, 0x3f});
        Map<String, Tensor> tensors = SafeTensors.read(path);
        assertThat(tensors.keySet()).containsExactly("a", "b");
        assertThat(tensors.get("b").toFloats()).containsExactly(1);
    }

    @Test
    void tensorsOfTypesUnknownHereDoNotHideTheOthers() throws IOException {
        Path path = file(
                "{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[2],\"data_offsets\":[0,2]},"
                        + "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[2,3]}}",
                new byte[] {1, 2, 3});
        try (SafeTensors file = SafeTensors.open(path)) {
            assertThat(bytes(file.tensor("b"))).containsExactly(3);
            assertThatThrownBy(() -> file.tensor("a"))
                    .hasMessage("SafeTensors: tensor a of " + path + " is stored as F8_E4M3, for which there is no"
                            + " element type here");
            assertThatThrownBy(() -> file.tensor("c"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("SafeTensors: " + path + " must hold a tensor c, got 2 tensors: a, b");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[]                                                                  | header must begin with {",
                "{\"a\":1}                                                           | a must be start object, got"
                        + " value number int",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}                           | tensor a must have a dtype, a"
                        + " shape and two data_offsets",
                "{\"a\":{\"dtype\":\"F99\",\"shape\":[1],\"data_offsets\":[0,4]}}    | tensor a must have a known"
                        + " dtype, got F99",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}    | tensor a of F32[2] must take 8"
                        + " bytes, got data_offsets [0, 4]",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}    | tensor a of F32[1] must take 4"
                        + " bytes, got data_offsets [4, 0]",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}   | a.shape must hold numbers >= 0,"
                        + " got -1",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}  | a.shape must hold integers only",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}    | tensor a must begin at byte 0"
                        + " of the data, where the one before ends, got 4",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}     | tensors must fill the data to"
                        + " its last byte, they take 3 of 4 bytes",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[9],\"data_offsets\":[0,9]}}     | tensors must fill the data to"
                        + " its last byte, they take 9 of 4 bytes",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4],\"x\":1}} | tensor a must have dtype,"
                        + " shape and data_offsets only, got x",
                "{\"__metadata__\":{\"k\":1}}                                        | __metadata__.k must be value"
                        + " string, got value number int",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[3000000000],\"data_offsets\":[0,4]}} | tensor a must have"
                        + " lengths < 2^31, got shape [3000000000]",
                "{\"a\":{\"dtype\":\"F64\",\"shape\":[2147483647,2147483647,2147483647],\"data_offsets\":[0,4]}} |"
                        + " tensor a must have a size that fits into 63 bits, got shape [2147483647, 2147483647,"
                        + " 2147483647]",
            })
    void saysWhatIsWrongWithAHeader(String header, String message) throws IOException {
        Path path = file(header, new byte[4]);
        assertThatThrownBy(() -> SafeTensors.open(path))
                .isInstanceOf(MalformedFileException.class)
                .hasMessage(path + ": " + message);
    }

    @Test
    void refusesOverlapsDuplicatesAndWhatIsNoJson() throws IOException {
        String one = ":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}";
        assertMalformed(file("{\"a\"" + one + ",\"b\"" + one + "}", new byte[2]), "tensor b must begin at byte 2");
        assertMalformed(file("{\"a\"" + one + ",\"a\"" + one + "}", new byte[2]), "Duplicate field 'a'");
        assertMalformed(
                file("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", new byte[2]),
                "Duplicate field 'dtype'");
        assertMalformed(file("{\"a\"" + one, new byte[2]), "header must be JSON");
        assertMalformed(file("{\"a\"" + one + "} {}", new byte[2]), "nothing after it");
        assertMalformed(file("{\"a\"" + one + "}\0", new byte[2]), "header must be JSON");
        assertMalformed(file("{" + "\"x\":{".repeat(5000), new byte[2]), "tensor x must have dtype");
        byte[] notUtf8 = "{\"?\":1}".getBytes(StandardCharsets.ISO_8859_1);
        notUtf8[2] = (byte) 0xff;
        Path path = folder.resolve("not-utf8");
        Files.write(
                path,
                ByteBuffer.allocate(15)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(7)
                        .put(notUtf8)
                        .array());
        assertMalformed(path, "header must be JSON");
    }

    @Test
    void refusesLengthsThatTheFileDoesNotHave() throws IOException {
        Path path = folder.resolve("t");
        Files.write(path, new byte[7]);
        assertMalformed(path, "file must have at least 8 bytes for the header's length, got 7");
        for (long length : new long[] {0, -1, Long.MIN_VALUE, 3, 100_000_001, Long.MAX_VALUE}) {
            Files.write(
                    path,
                    ByteBuffer.allocate(10)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putLong(length)
                            .array());
            assertMalformed(path, "header's length must lie in [1, 2], got " + Long.toUnsignedString(length));
        }
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, 100_000_001), 0);
            channel.write(ByteBuffer.allocate(1), 200_000_000);
        }
        assertMalformed(path, "header's length must lie in [1, 100000000], got 100000001");
    }

    @Test
    void everyTruncationIsAnError() throws IOException {
        byte[] whole = Files.readAllBytes(GoldenFiles.path("numpy.safetensors"));
        Path path = folder.resolve("t");
        for (int n = 0; n < whole.length; n++) {
            Files.write(path, Arrays.copyOf(whole, n));
            assertThatThrownBy(() -> SafeTensors.read(path)).isInstanceOf(MalformedFileException.class);
        }
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "only Linux lists what is mapped")
    void leavesNothingMapped() throws IOException {
        Path path = folder.resolve("mapped.safetensors");
        SafeTensors.write(path, Map.of("x", Tensor.zeros(5000)), Map.of());
        try (SafeTensors file = SafeTensors.open(path)) {
            assertThat(file.tensor("x").size()).isEqualTo(5000);
            assertThat(Files.readString(Path.of("/proc/self/maps"))).doesNotContain("mapped.safetensors");
        }
    }

    @Test
    void aMissingFileIsNamed() {
        Path path = folder.resolve("none");
        assertThatThrownBy(() -> SafeTensors.open(path))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessage(path + ": could not be read: there is no " + path);
    }

    private void assertMalformed(Path path, String part) {
        assertThatThrownBy(() -> SafeTensors.open(path))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageStartingWith(path + ": ")
                .hasMessageContaining(part);
    }

    private Path file(String header, byte[] data) throws IOException {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + text.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(text.length).put(text).put(data);
        return Files.write(folder.resolve("file.safetensors"), bytes.array());
    }

    private static Tensor random(DType dtype, int n) {
        byte[] bytes = new byte[n * dtype.bytes()];
        new Random(n).nextBytes(bytes);
        if (dtype == DType.BOOL) {
            for (int i = 0; i < n; i++) {
                bytes[i] &= 1;
            }
        }
        Tensor t = Tensor.empty(Shape.of(n), dtype, Device.cpu());
        t.device().upload(ByteBuffer.wrap(bytes), t.storage(), 0);
        return t;
    }

    static long[] longs(Tensor t) {
        assertThat(t.dtype()).isEqualTo(DType.INT64);
        long[] values = new long[(int) t.size()];
        t.download().asLongBuffer().get(values);
        return values;
    }

    static int[] bytes(Tensor t) {
        ByteBuffer bytes = t.download();
        int[] values = new int[bytes.remaining()];
        Arrays.setAll(values, i -> bytes.get(i) & 0xff);
        return values;
    }
}
