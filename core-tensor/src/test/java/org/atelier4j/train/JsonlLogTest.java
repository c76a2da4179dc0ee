package org.atelier4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.atelier4j.io.MalformedFileException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonlLogTest {
    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void choose() {
        file = folder.resolve("stats.jsonl");
    }

    private static TrainingProgress at(long step) {
        return new TrainingProgress(step, 10 * step, step / 8.0, TrainingLength.steps(100));
    }

    private void log(long every, long from, long to) {
        try (JsonlLog log = new JsonlLog(file, every)) {
            log.started(at(from));
            for (long step = from + 1; step <= to; step++) {
                log.stepped(at(step), StepReport.of("loss", 1.0 / step).with("gradientNorm", 2));
            }
        }
    }

    @Test
    void everyNthStepIsOneLineWithAllScalars() throws IOException {
        log(2, 0, 5);

        assertThat(Files.readAllLines(file))
                .containsExactly(
                        "{\"step\":2,\"images\":20,\"seconds\":0.25,\"loss\":0.5,\"gradientNorm\":2.0}",
                        "{\"step\":4,\"images\":40,\"seconds\":0.5,\"loss\":0.25,\"gradientNorm\":2.0}");
    }

    @Test
    void aLineIsInTheFileAsSoonAsTheStepIsDone() throws IOException {
        try (JsonlLog log = new JsonlLog(file, 1)) {
            log.started(at(0));
            log.stepped(at(1), StepReport.of("loss", 1));

            assertThat(Files.readAllLines(file)).hasSize(1);
        }
    }

    @Test
    void aResumedRunCutsWhatCameAfterTheCheckpointAndAHalfLine() throws IOException {
        log(1, 0, 8);
        List<String> unbroken = Files.readAllLines(file);
        Files.writeString(file, "{\"step\":9,\"ima", StandardOpenOption.APPEND);

        log(1, 5, 8);

        assertThat(Files.readAllLines(file)).isEqualTo(unbroken);
    }

    @Test
    void aNewRunStartsWithAnEmptyFile() throws IOException {
        log(1, 0, 8);
        log(1, 0, 2);

        assertThat(Files.readAllLines(file)).hasSize(2);
    }

    @Test
    void aNumberThatIsNotFiniteStaysValidJson() throws IOException {
        try (JsonlLog log = new JsonlLog(file, 1)) {
            log.started(at(0));
            log.stepped(at(1), StepReport.of("loss", Double.NaN));
        }

        assertThat(Files.readString(file)).contains("\"loss\":\"NaN\"");
    }

    @Test
    void readReturnsTheNumbersOfAllWholeLines() throws IOException {
        log(1, 0, 2);
        Files.writeString(file, "{\"step\":3,\"loss\":\"NaN\"}\n{\"step\":4,\"lo", StandardOpenOption.APPEND);

        List<Map<String, Double>> entries = JsonlLog.read(file);

        assertThat(entries).hasSize(3);
        assertThat(entries.get(1)).containsEntry("step", 2.0).containsEntry("loss", 0.5);
        assertThat(entries.get(2)).containsEntry("loss", Double.NaN);
    }

    @Test
    void aLineThatIsNoLogIsRefusedWithThePath() throws IOException {
        Files.writeString(file, "{\"step\":\"three\"}\n");

        assertThatThrownBy(() -> JsonlLog.read(file))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageStartingWith(file + ": a line must hold numbers only");
    }

    @Test
    void aMissingFolderIsNamed() {
        file = folder.resolve("missing").resolve("stats.jsonl");

        assertThatThrownBy(() -> log(1, 0, 1))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining(file + ": could not be written: there is no");
    }
}
