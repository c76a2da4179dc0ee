package org.atelier4j.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.atelier4j.benchmarks.network.UNetNetwork;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The script refuses to time a network whose loss and gradients are not the library's: here are the library's. */
class PytorchScriptTest {
    private static final Path SCRIPT = Path.of("src", "peer", "python", "pytorch.py");

    @ParameterizedTest
    @ValueSource(strings = {"benchmark", "small"})
    void theScriptExpectsWhatTheLibraryComputes(String name) throws IOException {
        UNetNetwork network = name.equals("small") ? UNetNetwork.small() : UNetNetwork.benchmark();
        Matcher expected = Pattern.compile("EXPECTED = .*\"" + name + "\": \\(([\\d.]+), ([\\d.]+)\\)")
                .matcher(Files.readString(SCRIPT));
        assertThat(expected.find()).isTrue();
        Map<String, float[]> results =
                new AtelierEngine().prepare(new Task.Step(network, 2)).results();
        assertThat(results.get("loss")[0]).isCloseTo(Float.parseFloat(expected.group(1)), within(1e-5f));
        assertThat(gradientNorm(results)).isCloseTo(Double.parseDouble(expected.group(2)), within(1e-4));
    }

    private static double gradientNorm(Map<String, float[]> results) {
        double sum = 0;
        for (Map.Entry<String, float[]> result : results.entrySet()) {
            if (result.getKey().startsWith("gradient")) {
                for (float v : result.getValue()) {
                    sum += (double) v * v;
                }
            }
        }
        return Math.sqrt(sum);
    }
}
