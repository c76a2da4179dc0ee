package org.atelier4j.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.tensor.Check;
import org.jspecify.annotations.Nullable;

/**
 * JSON for configurations and metadata.
 *
 * <p>Objects are maps in order of the text, arrays are lists, integers are {@link Long}, other numbers {@link Double}.
 * Records are written as objects and read back with {@link #record}. NaN and the infinities, for which JSON has no number,
 * are written as texts. Reading is strict: a name must appear once in its object, nothing may follow the value, and
 * nesting ends at a depth of 100.
 */
public final class Json {
    private static final long MAX_FILE = 64L << 20;
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES) // names of tensors would fill a global table
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(100)
                    .maxNumberLength(100)
                    .build())
            .build();

    private Json() {}

    /**
     * Returns the value of a JSON text.
     *
     * @throws MalformedFileException if it is not JSON
     */
    public static @Nullable Object parse(String text) {
        return parse(text.getBytes(StandardCharsets.UTF_8), "JSON text");
    }

    /**
     * Returns the value of a JSON text.
     *
     * @param utf8 the text
     * @param source where it is from, for messages
     * @throws MalformedFileException if it is not JSON
     */
    public static @Nullable Object parse(byte[] utf8, Object source) {
        try (JsonParser json = parser(utf8)) {
            json.nextToken();
            Object value = value(json);
            if (json.nextToken() != null) {
                throw new IOException("one value must stand alone, got more at "
                        + json.currentTokenLocation().offsetDescription());
            }
            return value;
        } catch (IOException e) {
            throw new MalformedFileException(source, "must be JSON: " + reason(e), e);
        }
    }

    /**
     * Returns the value in a JSON file.
     *
     * @throws MalformedFileException if it is not JSON, or larger than 64 MiB
     * @throws UncheckedIOException if it cannot be read
     */
    public static @Nullable Object parse(Path path) {
        try {
            long size = Files.size(path);
            if (size > MAX_FILE) {
                throw new MalformedFileException(
                        path, "a JSON file must have at most " + MAX_FILE + " bytes, got " + size);
            }
            return parse(Files.readAllBytes(path), path);
        } catch (IOException e) {
            throw FileFailure.reading(path, e);
        }
    }

    /**
     * Returns the object in a JSON file.
     *
     * @throws MalformedFileException if it holds anything else
     * @throws UncheckedIOException if it cannot be read
     */
    public static Map<String, @Nullable Object> read(Path path) {
        return object(parse(path), path);
    }

    /**
     * Returns a value that must be an object.
     *
     * @param source where it is from, for messages
     * @throws MalformedFileException if it is not
     */
    @SuppressWarnings("unchecked") // parse makes no other maps
    public static Map<String, @Nullable Object> object(@Nullable Object value, Object source) {
        if (value instanceof Map<?, ?> map) {
            return (Map<String, @Nullable Object>) map;
        }
        throw new MalformedFileException(source, "must hold a JSON object, got " + JsonRecords.describe(value));
    }

    /**
     * Returns the record that an object describes: numbers, texts, enums (by name), nested records and lists of these.
     *
     * @param tree what {@link #parse} or {@link #read} returned
     * @throws IllegalArgumentException naming everything missing, unknown or of another type, or what the record's own
     *     constructor refuses
     */
    public static <R extends Record> R record(Class<R> type, @Nullable Object tree) {
        return JsonRecords.read(type, tree);
    }

    /**
     * Returns a value as JSON on one line.
     *
     * @param value made of maps, lists, records, enums, texts, numbers, booleans and null
     */
    public static String write(@Nullable Object value) {
        return write(value, false);
    }

    /** Returns a value as JSON for people, indented by two spaces. */
    public static String pretty(@Nullable Object value) {
        return write(value, true);
    }

    /** Writes a value to a file, whole or not at all, indented and with a line end. */
    public static void save(Path path, @Nullable Object value) {
        byte[] bytes = (pretty(value) + "\n").getBytes(StandardCharsets.UTF_8);
        AtomicFile.write(path, out -> out.write(bytes));
    }

    /** Returns a reader that refuses bytes that are not UTF-8 and names that appear twice. */
    static JsonParser parser(byte[] utf8) throws IOException {
        return FACTORY.createParser(new InputStreamReader(
                new ByteArrayInputStream(utf8), StandardCharsets.UTF_8.newDecoder())); // a new decoder reports errors
    }

    /** Returns what a reader found wrong and where. */
    static String reason(IOException e) {
        if (e instanceof JsonProcessingException wrong && wrong.getLocation() != null) {
            JsonLocation at = wrong.getLocation();
            return wrong.getOriginalMessage() + " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")";
        }
        return e instanceof CharacterCodingException ? "bytes are not UTF-8" : String.valueOf(e.getMessage());
    }

    static JsonGenerator generator(OutputStream out) throws IOException {
        return FACTORY.createGenerator(out);
    }

    private static @Nullable Object value(JsonParser json) throws IOException {
        JsonToken token = json.currentToken();
        if (token == null) {
            throw new IOException("the text ends too early");
        }
        return switch (token) {
            case START_OBJECT -> {
                Map<String, @Nullable Object> map = new LinkedHashMap<>();
                while (json.nextToken() == JsonToken.FIELD_NAME) {
                    String name = json.currentName();
                    json.nextToken();
                    map.put(name, value(json));
                }
                yield map;
            }
            case START_ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                while (json.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(json));
                }
                yield list;
            }
            case VALUE_STRING -> json.getText();
            case VALUE_NUMBER_INT -> json.getLongValue();
            case VALUE_NUMBER_FLOAT -> json.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            default -> throw new IOException("unexpected " + token);
        };
    }

    private static String write(@Nullable Object value, boolean pretty) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = FACTORY.createGenerator(text)) {
            if (pretty) {
                json.setPrettyPrinter(new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n")));
            }
            write(json, value);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a StringWriter has none
        }
        return text.toString();
    }

    private static void write(JsonGenerator json, @Nullable Object value) throws IOException {
        if (value == null) {
            json.writeNull();
        } else if (value instanceof Map<?, ?> map) {
            json.writeStartObject();
            for (Map.Entry<?, ?> e : map.entrySet()) {
                json.writeFieldName(String.valueOf(e.getKey()));
                write(json, e.getValue());
            }
            json.writeEndObject();
        } else if (value instanceof Record r) {
            json.writeStartObject();
            for (RecordComponent c : r.getClass().getRecordComponents()) {
                json.writeFieldName(c.getName());
                write(json, JsonRecords.component(r, c));
            }
            json.writeEndObject();
        } else if (value instanceof Iterable<?> items) {
            json.writeStartArray();
            for (Object item : items) {
                write(json, item);
            }
            json.writeEndArray();
        } else {
            writeScalar(json, value);
        }
    }

    private static void writeScalar(JsonGenerator json, Object value) throws IOException {
        if (value instanceof String || value instanceof Enum<?>) {
            json.writeString(value instanceof Enum<?> e ? e.name() : (String) value);
        } else if (value instanceof Boolean b) {
            json.writeBoolean(b);
        } else if (value instanceof Float f) {
            json.writeNumber(f); // a text where it is NaN or infinite
        } else if (value instanceof Double d) {
            json.writeNumber(d);
        } else {
            boolean whole = value instanceof Long || value instanceof Integer || value instanceof Short;
            Check.that(
                    whole || value instanceof Byte,
                    "Json: value must be a map, list, record, enum, text, number, boolean or null, got %s",
                    value.getClass().getName());
            json.writeNumber(((Number) value).longValue());
        }
    }
}
