package org.atelier4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.atelier4j.examples.CommandLineFixture.atelier;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The verbs {@code train pixelcnn} and {@code sample} with what it made. */
class PixelCnnCommandTest {
    @TempDir
    private Path folder;

    private CommandLineFixture train(Object... more) {
        return atelier(
                "train pixelcnn --data toy-shapes --smoke --bits 2 --head mixture --label-dropout 0.2 --out " + folder,
                more);
    }

    @Test
    void aRunSaysBitsPerDimensionBesideTheEntropyOfPixelsAndItsModelDraws() {
        CommandLineFixture trained = train("--steps", 2);
        CommandLineFixture drawn =
                atelier("sample --count 1 --guidance 0.5 --model " + folder + " --out " + folder.resolve("drawn"));

        assertThat(trained.code()).as(trained.err()).isZero();
        assertThat(trained.out())
                .contains("Trained on 8 images", "bitsPerDimension", "marginalEntropy", "ratio")
                .contains("./atelier sample --model " + folder);
        assertThat(folder.toFile().list())
                .contains("config.json", "scores.json", "samples-00000002.png", "model.safetensors");
        assertThat(drawn.code()).as(drawn.err()).isZero();
        assertThat(drawn.out()).containsPattern("images in \\d+\\.\\d\\d s");
        assertThat(folder.resolve("drawn").resolve("grid.png")).isNotEmptyFile();
    }

    @Test
    void aRunGoesOnWithItsOwnSettings() {
        train("--steps", 1);
        CommandLineFixture longer = atelier("train pixelcnn --resume --steps 2 --out", folder);
        CommandLineFixture other = atelier("train vqvae --resume --steps 3 --out", folder);

        assertThat(longer.code()).as(longer.err()).isZero();
        assertThat(longer.out()).contains("Going on after step 1.");
        assertThat(other.code()).isEqualTo(1);
        assertThat(other.err()).contains("settings of another family: use ./atelier train pixelcnn");
    }
}
