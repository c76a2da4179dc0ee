package org.atelier4j.io;

import static org.atelier4j.io.MalformedFileException.check;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.atelier4j.tensor.Shape;
import org.jspecify.annotations.Nullable;

/**
 * The JSON at the head of a safetensors file.
 *
 * @param tensors where each tensor lies, in order of the file's data
 * @param metadata the texts under {@code __metadata__}
 */
record SafeTensorsHeader(Map<String, Entry> tensors, Map<String, String> metadata) {
    private static final String METADATA = "__metadata__";
    private static final int MAX_RANK = 64;
    private static final int ALIGNMENT = 8;

    /**
     * A tensor of the file.
     *
     * @param type the format's word for the element type
     * @param begin first byte, counted from the end of the header
     * @param end byte after the last
     */
    record Entry(String type, Shape shape, long begin, long end) {}

    /** Element types of the format that have no counterpart here, with their size; other tensors of such a file load. */
    private static final Map<String, Integer> FOREIGN =
            Map.of("F8_E4M3", 1, "F8_E5M2", 1, "F8_E8M0", 1, "F8_E4M3FNUZ", 1, "F8_E5M2FNUZ", 1, "U64", 8, "C64", 8);

    /**
     * Reads and checks a header.
     *
     * @param dataLength number of bytes that follow the header
     * @throws MalformedFileException if it breaks a rule of the format
     */
    static SafeTensorsHeader parse(byte[] header, Object source, long dataLength) {
        Map<String, Entry> found = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        check(header.length > 0 && header[0] == '{', source, "header must begin with {");
        try (JsonParser json = Json.parser(header)) {
            json.nextToken();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                expect(json, JsonToken.START_OBJECT, source, name);
                if (name.equals(METADATA)) {
                    parseMetadata(json, source, metadata);
                } else {
                    found.put(name, parseEntry(json, source, name));
                }
            }
            check(json.nextToken() == null, source, "header must hold one JSON object and nothing after it");
        } catch (IOException e) {
            throw new MalformedFileException(source, "header must be JSON: " + Json.reason(e), e);
        }
        return new SafeTensorsHeader(inOrderOfData(found, source, dataLength), metadata);
    }

    private static void parseMetadata(JsonParser json, Object source, Map<String, String> into) throws IOException {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String key = json.currentName();
            expect(json, JsonToken.VALUE_STRING, source, METADATA + "." + key);
            into.put(key, json.getText());
        }
    }

    private static Entry parseEntry(JsonParser json, Object source, String name) throws IOException {
        String type = "";
        long[] shape = {-1};
        long[] offsets = {};
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String key = json.currentName();
            switch (key) {
                case "dtype" -> {
                    expect(json, JsonToken.VALUE_STRING, source, name + ".dtype");
                    type = json.getText();
                }
                case "shape" -> shape = parseNumbers(json, source, name + ".shape");
                case "data_offsets" -> offsets = parseNumbers(json, source, name + ".data_offsets");
                default ->
                    throw new MalformedFileException(
                            source, "tensor " + name + " must have dtype, shape and data_offsets only, got " + key);
            }
        }
        check(
                !type.isEmpty() && !Arrays.equals(shape, new long[] {-1}) && offsets.length == 2,
                source,
                "tensor " + name + " must have a dtype, a shape and two data_offsets");
        return entry(source, name, type, shape, offsets);
    }

    private static long[] parseNumbers(JsonParser json, Object source, String path) throws IOException {
        expect(json, JsonToken.START_ARRAY, source, path);
        long[] numbers = new long[MAX_RANK];
        int n = 0;
        while (json.nextToken() == JsonToken.VALUE_NUMBER_INT) {
            check(n < MAX_RANK, source, path + " must hold at most " + MAX_RANK + " numbers");
            numbers[n] = json.getLongValue();
            check(numbers[n] >= 0, source, path + " must hold numbers >= 0, got " + numbers[n]);
            n++;
        }
        check(json.currentToken() == JsonToken.END_ARRAY, source, path + " must hold integers only");
        return Arrays.copyOf(numbers, n);
    }

    private static Entry entry(Object source, String name, String type, long[] shape, long[] offsets) {
        int[] dims = new int[shape.length];
        long bytes = elementBytes(source, name, type);
        for (int i = 0; i < dims.length; i++) {
            check(
                    shape[i] <= Integer.MAX_VALUE,
                    source,
                    "tensor " + name + " must have lengths < 2^31, got shape " + Arrays.toString(shape));
            dims[i] = (int) shape[i];
            check(
                    dims[i] == 0 || bytes <= Long.MAX_VALUE / dims[i],
                    source,
                    "tensor " + name + " must have a size that fits into 63 bits, got shape " + Arrays.toString(shape));
            bytes *= dims[i];
        }
        check(
                offsets[1] - offsets[0] == bytes,
                source,
                "tensor " + name + " of " + type + Arrays.toString(shape) + " must take " + bytes
                        + " bytes, got data_offsets " + Arrays.toString(offsets));
        return new Entry(type, Shape.of(dims), offsets[0], offsets[1]);
    }

    private static int elementBytes(Object source, String name, String type) {
        for (StoredType stored : StoredType.values()) {
            if (stored.name().equals(type)) {
                return stored.bytes();
            }
        }
        Integer foreign = FOREIGN.get(type);
        check(foreign != null, source, "tensor " + name + " must have a known dtype, got " + type);
        return foreign == null ? 0 : foreign;
    }

    /** Sorts by position; the format allows neither overlaps nor holes, nor bytes that belong to nobody at the end. */
    private static Map<String, Entry> inOrderOfData(Map<String, Entry> found, Object source, long dataLength) {
        List<Map.Entry<String, Entry>> sorted = new ArrayList<>(found.entrySet());
        sorted.sort(Comparator.comparingLong(
                        (Map.Entry<String, Entry> e) -> e.getValue().begin())
                .thenComparingLong(e -> e.getValue().end()));
        Map<String, Entry> ordered = new LinkedHashMap<>();
        long next = 0;
        for (Map.Entry<String, Entry> e : sorted) {
            long begin = e.getValue().begin();
            check(
                    begin == next,
                    source,
                    "tensor " + e.getKey() + " must begin at byte " + next + " of the data, where the one before ends,"
                            + " got " + begin);
            next = e.getValue().end();
            ordered.put(e.getKey(), e.getValue());
        }
        check(
                next == dataLength,
                source,
                "tensors must fill the data to its last byte, they take " + next + " of " + dataLength + " bytes");
        return ordered;
    }

    /** Returns the header's bytes, with spaces at the end so that the data begins at a multiple of 8 of the file. */
    byte[] bytes() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = Json.generator(out)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectFieldStart(METADATA);
                for (Map.Entry<String, String> e : metadata.entrySet()) {
                    json.writeStringField(e.getKey(), e.getValue());
                }
                json.writeEndObject();
            }
            for (Map.Entry<String, Entry> e : tensors.entrySet()) {
                Entry entry = e.getValue();
                int[] dims = entry.shape().dims();
                json.writeObjectFieldStart(e.getKey());
                json.writeStringField("dtype", entry.type());
                json.writeFieldName("shape");
                json.writeArray(dims, 0, dims.length);
                json.writeFieldName("data_offsets");
                json.writeArray(new long[] {entry.begin(), entry.end()}, 0, 2);
                json.writeEndObject();
            }
            json.writeEndObject();
        }
        while (out.size() % ALIGNMENT != 0) {
            out.write(' ');
        }
        return out.toByteArray();
    }

    private static void expect(JsonParser json, JsonToken token, Object source, String path) throws IOException {
        JsonToken got = json.nextToken();
        check(got == token, source, path + " must be " + word(token) + ", got " + word(got));
    }

    private static String word(@Nullable JsonToken token) {
        return token == null ? "the end" : token.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
