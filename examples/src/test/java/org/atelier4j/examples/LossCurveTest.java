package org.atelier4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LossCurveTest {
    @TempDir
    private Path folder;

    /** A run of 100 logged steps whose loss is 1/√step. */
    private LossCurve curve() throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int step = 1; step <= 100; step++) {
            lines.append(
                    String.format("{\"step\":%d,\"images\":%d,\"loss\":%s}%n", step, 64 * step, 1 / Math.sqrt(step)));
        }
        Files.writeString(folder.resolve("stats.jsonl"), lines);
        return LossCurve.read(folder.resolve("stats.jsonl"));
    }

    @Test
    void firstAndLastAreMeansOfATwentieth() throws IOException {
        double firstFive = 0;
        double lastFive = 0;
        for (int step = 1; step <= 5; step++) {
            firstFive += 1 / Math.sqrt(step) / 5;
            lastFive += 1 / Math.sqrt(95 + step) / 5;
        }

        assertThat(curve().first()).isCloseTo(firstFive, within(1e-12));
        assertThat(curve().last()).isCloseTo(lastFive, within(1e-12));
    }

    @Test
    void thePictureShowsACurve() throws IOException {
        Path png = folder.resolve("loss.png");
        curve().save("a run", png);

        Image picture = ImageFiles.read(png);
        assertThat(picture.width()).isEqualTo(900);
        int blue = 0;
        for (int y = 0; y < picture.height(); y++) {
            for (int x = 0; x < picture.width(); x++) {
                blue += picture.at(x, y, 2) > picture.at(x, y, 0) + 50 ? 1 : 0;
            }
        }
        assertThat(blue).isGreaterThan(500);
    }

    @Test
    void aRunWithoutStepsHasNoCurve() throws IOException {
        Files.writeString(folder.resolve("stats.jsonl"), "");
        LossCurve none = LossCurve.read(folder.resolve("stats.jsonl"));

        none.save("nothing", folder.resolve("loss.png"));

        assertThat(none.first()).isNaN();
        assertThat(folder.resolve("loss.png")).doesNotExist();
    }
}
