package org.atelier4j.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.tensor.Check;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
    private enum Kind {
        LINEAR,
        COSINE
    }

    private record Inner(int width, List<Double> rates) {
        Inner {
            Check.that(width > 0, "Inner: width must be > 0, got %d", width);
        }
    }

    private record Outer(String name, Kind kind, boolean on, long steps, double rate, float small, List<Inner> parts) {}

    @TempDir
    Path folder;

    @Test
    void valuesComeBack() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("text", "ü \"quoted\"\n");
        tree.put("whole", 9007199254740993L);
        tree.put("real", 0.1);
        tree.put("list", new ArrayList<>(List.of(1L, true, Map.of())));
        tree.put("none", null);
        assertThat(Json.parse(Json.write(tree))).isEqualTo(tree);
        assertThat(Json.parse(Json.pretty(tree))).isEqualTo(tree);
        assertThat(Json.write(tree))
                .startsWith("{\"text\":\"ü \\\"quoted\\\"\\n\",\"whole\":9007199254740993,\"real\":0.1");
        Path path = folder.resolve("a.json");
        Json.save(path, tree);
        assertThat(Json.read(path)).isEqualTo(tree);
        assertThat(path).content().endsWith("}\n").contains("\n  \"whole\" : 9007199254740993,\n");
    }

    @Test
    void recordsComeBack() {
        Outer outer = new Outer(
                "x", Kind.COSINE, true, 1L << 40, Double.NaN, 0.1f, List.of(new Inner(3, List.of(1.0, 1e-300))));
        String text = Json.write(outer);
        assertThat(text)
                .isEqualTo("{\"name\":\"x\",\"kind\":\"COSINE\",\"on\":true,\"steps\":1099511627776,\"rate\":\"NaN\","
                        + "\"small\":0.1,\"parts\":[{\"width\":3,\"rates\":[1.0,1.0E-300]}]}");
        assertThat(Json.record(Outer.class, Json.parse(text))).isEqualTo(outer);
    }

    @Test
    void namesEverythingThatDoesNotFitARecord() {
        String text = "{\"name\":1,\"kind\":\"SQUARE\",\"on\":true,\"steps\":1.5,\"rate\":2,\"extra\":0,"
                + "\"parts\":[{\"width\":5000000000,\"rates\":{}}]}";
        assertThatThrownBy(() -> Json.record(Outer.class, Json.parse(text)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Outer.name: must be String, got 1; Outer.kind: must be one of [LINEAR, COSINE], got"
                        + " \"SQUARE\"; Outer.steps: must be long, got 1.5; Outer.small: is missing;"
                        + " Outer.parts[0].width: must be int, got 5000000000; Outer.parts[0].rates: must be a"
                        + " list, got an object; Outer.extra: is unknown");
    }

    @Test
    void aRecordsOwnCheckSpeaksForItself() {
        assertThatThrownBy(() -> Json.record(Inner.class, Json.parse("{\"width\":-1,\"rates\":[]}")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Inner: width must be > 0, got -1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "[1,",
                "{\"a\":1,\"a\":2}",
                "{} {}",
                "nul",
                "{\"a\" 1}",
                "[1]]",
                "\"\\ud8\"",
                "99999999999999999999",
                "1e999999999999",
                "'a'",
                "[NaN]",
                "/* c */ 1"
            })
    void refusesWhatIsNoJson(String text) {
        if (text.equals("1e999999999999")) {
            assertThat(Json.parse(text)).isEqualTo(Double.POSITIVE_INFINITY); // as every parser of doubles
            return;
        }
        assertThatThrownBy(() -> Json.parse(text))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageStartingWith("JSON text: must be JSON: ");
    }

    @Test
    void saysWhereTheTextIsWrong() {
        assertThatThrownBy(() -> Json.parse("{\n\"a\": 1,\n\"a\": 2}"))
                .hasMessage("JSON text: must be JSON: Duplicate field 'a' (line 3, column 4)");
        assertThatThrownBy(() -> Json.parse(new byte[] {'"', (byte) 0xc3, '"'}, "x"))
                .hasMessage("x: must be JSON: bytes are not UTF-8");
    }

    @Test
    void limitsDepthAndRefusesBytesThatAreNoText() {
        assertThat(Json.parse("[".repeat(100) + "]".repeat(100))).isInstanceOf(List.class);
        assertThatThrownBy(() -> Json.parse("[".repeat(1_000_000))).isInstanceOf(MalformedFileException.class);
        assertThatThrownBy(() -> Json.parse(new byte[] {'"', (byte) 0xc3, '"'}, "x"))
                .isInstanceOf(MalformedFileException.class);
        assertThatThrownBy(() -> Json.parse("{}".getBytes(StandardCharsets.UTF_16LE), "x"))
                .isInstanceOf(MalformedFileException.class);
    }

    @Test
    void writesOnlyWhatItCanRead() {
        assertThatThrownBy(() -> Json.write(new StringBuilder()))
                .hasMessage("Json: value must be a map, list, record, enum, text, number, boolean or null, got"
                        + " java.lang.StringBuilder");
        assertThatThrownBy(() -> Json.object(Json.parse("[]"), "config.json"))
                .hasMessage("config.json: must hold a JSON object, got a list");
    }
}
