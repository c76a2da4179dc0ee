package org.atelier4j.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The script refuses to time a network whose loss and gradients are not the library's: here are the library's. */
class PytorchScriptTest {
    private static final Path SCRIPT = Path.of("src", "peer", "python", "pytorch.py");

    @ParameterizedTest
    @EnumSource
    void theScriptExpectsWhatTheLibraryComputes(Task.Network network) throws IOException {
        String name = network.name().toLowerCase(Locale.ROOT);
        Matcher expected = Pattern.compile("EXPECTED = .*\"" + name + "\": \\(([\\d.]+), ([\\d.]+)\\)")
                .matcher(Files.readString(SCRIPT));
        assertThat(expected.find()).isTrue();
        Map<String, float[]> results =
                new AtelierEngine().prepare(new Task.UNetStep(network, 2)).results();
        assertThat(loss(results.get("prediction"), UNetData.of(network, 2).noise()))
                .isCloseTo(Double.parseDouble(expected.group(1)), within(1e-5));
        assertThat(gradientNorm(results)).isCloseTo(Double.parseDouble(expected.group(2)), within(1e-4));
    }

    private static double loss(float[] prediction, float[] noise) {
        double sum = 0;
        for (int i = 0; i < noise.length; i++) {
            sum += Math.pow((double) prediction[i] - noise[i], 2);
        }
        return sum / noise.length;
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
