package org.atelier4j.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.atelier4j.benchmarks.network.Network;
import org.atelier4j.benchmarks.network.Weights;
import org.atelier4j.io.Json;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The script makes its networks from the shapes in {@code networks.json}, and refuses to time those that do not compute what
 * stands there: here it is compared with the library. {@code -Datelier.benchmarks.networks=write} writes it anew.
 */
class PytorchScriptTest {
    private static final Path FOLDER = Path.of("src", "peer", "python");
    private static final Path FILE = FOLDER.resolve("networks.json");
    private static final int BATCH = 2;

    /**
     * What the script knows of a network.
     *
     * @param losses of a batch of two, one for each objective
     * @param gradients norm of all of them
     * @param output norm of what it is used for, in evaluation mode
     */
    record Known(
            Map<String, List<Integer>> parameters,
            Map<String, List<Integer>> buffers,
            List<Double> losses,
            double gradients,
            double output) {

        static Known of(Network network) {
            Weights weights = Weights.of(network);
            List<Double> losses = new ArrayList<>();
            double squares = 0;
            for (Map.Entry<String, float[]> result : new AtelierEngine()
                    .prepare(new Task.Step(network, BATCH))
                    .results()
                    .entrySet()) {
                if (result.getKey().startsWith("gradient of")) {
                    squares += Math.pow(norm(result.getValue()), 2);
                } else if (result.getKey().endsWith("loss")) {
                    losses.add((double) result.getValue()[0]);
                }
            }
            try (Work forward = new AtelierEngine().prepare(new Task.Forward(network, BATCH))) {
                double output = norm(forward.results().get("output"));
                return new Known(weights.parameters(), weights.buffers(), losses, Math.sqrt(squares), output);
            }
        }

        private static double norm(float[] values) {
            double sum = 0;
            for (float v : values) {
                sum += (double) v * v;
            }
            return Math.sqrt(sum);
        }
    }

    static Stream<Network> networks() {
        return Task.all().stream()
                .flatMap(t -> t instanceof Task.Step s ? Stream.of(s.network()) : Stream.empty())
                .distinct();
    }

    @BeforeAll
    static void write() {
        if ("write".equals(System.getProperty("atelier.benchmarks.networks"))) {
            Map<String, Known> all = new LinkedHashMap<>();
            networks().forEach(network -> all.put(network.name(), Known.of(network)));
            Json.save(FILE, all);
        }
    }

    @ParameterizedTest
    @MethodSource("networks")
    void theScriptExpectsWhatTheLibraryComputes(Network network) {
        Map<String, ?> expected = Json.object(Json.read(FILE).get(network.name()), FILE);
        Known actual = Known.of(network);
        assertThat(expected.get("parameters")).isEqualTo(Json.parse(Json.write(actual.parameters())));
        assertThat(expected.get("buffers")).isEqualTo(Json.parse(Json.write(actual.buffers())));
        List<?> losses = (List<?>) expected.get("losses");
        assertThat(losses).hasSameSizeAs(actual.losses());
        for (int i = 0; i < losses.size(); i++) {
            assertThat((double) losses.get(i)).isCloseTo(actual.losses().get(i), within(1e-5));
        }
        assertThat((double) expected.get("gradients")).isCloseTo(actual.gradients(), withinPercentage(0.01));
        assertThat((double) expected.get("output")).isCloseTo(actual.output(), withinPercentage(0.001));
    }

    /** The script counts its batches by itself: names must be those of the tasks. */
    @Test
    void theScriptMeasuresTheTasksOfTheSameSizes() throws Exception {
        String script = Files.readString(FOLDER.resolve("pytorch.py"));
        List<String> steps = named(script, "STEPS", "step");
        List<String> forwards = named(script, "FORWARDS", "forward");
        assertThat(steps)
                .containsExactlyElementsOf(Task.all().stream()
                        .filter(Task.Step.class::isInstance)
                        .map(Task::name)
                        .toList());
        assertThat(forwards)
                .containsExactlyElementsOf(Task.all().stream()
                        .filter(Task.Forward.class::isInstance)
                        .map(Task::name)
                        .toList());
    }

    private static List<String> named(String script, String table, String what) {
        int start = script.indexOf(table + " = (");
        Matcher rows = Pattern.compile("\\(\"([\\w-]+)\", (\\d+)\\)")
                .matcher(script.substring(start, script.indexOf("\n)", start)));
        List<String> names = new ArrayList<>();
        while (rows.find()) {
            names.add(rows.group(1) + "-" + what + "-" + rows.group(2));
        }
        return names;
    }
}
