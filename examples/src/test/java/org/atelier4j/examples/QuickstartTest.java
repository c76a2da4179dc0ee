package org.atelier4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.atelier4j.examples.CommandLineFixture.atelier;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.io.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuickstartTest {
    @TempDir
    private Path folder;

    @Test
    void itTrainsDrawsWithBothModelsAndTellsWhereEverythingIs() throws Exception {
        CommandLineFixture result = atelier("quickstart --smoke --out", folder);

        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out())
                .contains("11500 photographs of clothes")
                .containsPattern(
                        "trained a network on 20 images \\(\\d+ per second\\); the loss fell from \\d\\.\\d+ to");
        for (String file : new String[] {
            "samples.png",
            "samples.gif",
            "pretrained.png",
            "pretrained.gif",
            "loss.png",
            "numbers.json",
            "model.safetensors"
        }) {
            assertThat(folder.resolve(file)).exists();
            assertThat(result.out()).contains(folder.resolve(file).toString());
        }
        assertThat(ImageFiles.read(folder.resolve("pretrained.png")).height()).isGreaterThan(10 * 28);
        byte[] gif = Files.readAllBytes(folder.resolve("samples.gif"));
        assertThat(new String(gif, 0, 6, StandardCharsets.US_ASCII)).isEqualTo("GIF89a");
        Map<String, Object> numbers = Json.read(folder.resolve("numbers.json"));
        assertThat(numbers)
                .containsEntry("images", 20L)
                .containsKeys("finalLoss", "imagesPerSecond", "samplingSeconds");
    }

    @Test
    void theSameCommandDrawsAgainWithoutTraining() {
        atelier("quickstart --smoke --out", folder);

        CommandLineFixture again = atelier("quickstart --smoke --out", folder);

        assertThat(again.code()).as(again.err()).isZero();
        assertThat(again.out()).contains("This run is finished: there is nothing left to train.");
    }

    @Test
    void aModelThatDoesNotShipIsSaidBeforeTraining() {
        assertThat(Models.shipped()).contains(Models.FASHION);
        assertThatThrownBy(() -> Models.require("mona-lisa"))
                .isInstanceOf(RunException.class)
                .hasMessageContaining("the model mona-lisa must ship with Atelier, but this build lacks it");
    }
}
