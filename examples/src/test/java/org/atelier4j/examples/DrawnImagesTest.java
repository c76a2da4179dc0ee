package org.atelier4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DrawnImagesTest {
    private static final Path FOLDER = Path.of("keep");

    private static Path file(Map<String, Object> settings) {
        return new DrawnImages.Order("0123456789abcdef", settings, 10, 3).file(FOLDER);
    }

    /** Values alone would be the same name. */
    @Test
    void twoSettingsWithTheSameValueHaveTwoFiles() {
        Path temperature = file(Map.of("temperature", 0.9));
        Path nucleus = file(Map.of("topP", 0.9));

        assertThat(temperature).isEqualTo(FOLDER.resolve("0123456789ab-temperature-0.9-seed3-10.safetensors"));
        assertThat(nucleus).isNotEqualTo(temperature);
    }
}
