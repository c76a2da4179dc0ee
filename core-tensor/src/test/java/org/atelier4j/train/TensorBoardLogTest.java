package org.atelier4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorBoardLogTest {
    @TempDir
    private Path folder;

    private void run(long every, long from, long to) {
        TrainStep<Integer> step = (batch, at) -> StepReport.of("loss", at).with("gradientNorm", 1);
        new TrainingLoop<>(() -> 1, b -> b, step, List.of(new TensorBoardLog(folder, every)), new StopSignal())
                .run(new TrainingProgress(from, from, 0, TrainingLength.steps(to)));
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    /** Returns the bodies of the records of a file as text. */
    private static List<String> records(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        List<String> records = new ArrayList<>();
        while (bytes.hasRemaining()) {
            byte[] body = new byte[(int) bytes.getLong()];
            bytes.getInt(); // checksum of the length
            bytes.get(body);
            bytes.getInt(); // checksum of the body
            records.add(new String(body, StandardCharsets.ISO_8859_1));
        }
        return records;
    }

    @Test
    void everyScalarOfEveryNthStepIsARecord() throws IOException {
        run(2, 0, 5);

        List<String> records = records(files().get(0));
        assertThat(records).hasSize(1 + 2 * 2); // the version, then two scalars at steps 2 and 4
        assertThat(records.get(1)).contains("train/loss");
        assertThat(records.get(2)).contains("train/gradientNorm");
    }

    @Test
    void aResumedRunAddsAFile() throws IOException {
        run(1, 0, 2);
        run(1, 2, 3);

        assertThat(files()).hasSize(2);
    }

    @Test
    void anIntervalMustBePositive() {
        assertThatThrownBy(() -> new TensorBoardLog(folder, 0))
                .hasMessage("TensorBoardLog: steps between entries must be >= 1, got 0");
    }
}
