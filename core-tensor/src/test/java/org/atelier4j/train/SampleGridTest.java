package org.atelier4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.tensor.autograd.NoGrad;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SampleGridTest {
    @TempDir
    private Path folder;

    private final StopSignal stop = new StopSignal();
    private int drawn;

    private Image draw() {
        assertThat(NoGrad.isActive()).isTrue();
        return Image.filled(4, 3, 1, ++drawn);
    }

    private List<String> run(long from, long to) throws IOException {
        TrainStep<Integer> step = (batch, at) -> StepReport.of("loss", at);
        new TrainingLoop<>(() -> 1, b -> b, step, List.of(new SampleGrid(folder, 3, this::draw)), stop)
                .run(new TrainingProgress(from, from, 0, TrainingLength.steps(to)));
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(p -> p.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void drawsEveryNthStepAndAtTheEnd() throws IOException {
        assertThat(run(0, 7)).containsExactly("samples-00000003.png", "samples-00000006.png", "samples-00000007.png");
        assertThat(ImageFiles.read(folder.resolve("samples-00000006.png"))).isEqualTo(Image.filled(4, 3, 1, 2));
    }

    @Test
    void aRunThatIsAskedToStopDoesNotWaitForADrawing() throws IOException {
        stop.request("test");

        assertThat(run(0, 7)).isEmpty();
    }

    @Test
    void drawsTheLastStepOnce() throws IOException {
        assertThat(run(0, 6)).hasSize(2);
        assertThat(drawn).isEqualTo(2);
    }
}
