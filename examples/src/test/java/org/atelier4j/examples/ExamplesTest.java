package org.atelier4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.atelier4j.examples.CommandLineFixture.atelier;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExamplesTest {
    @TempDir
    private Path folder;

    private interface Program {
        void run() throws IOException;
    }

    private static List<String> printed(Program program) throws IOException {
        PrintStream before = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            program.run();
        } finally {
            System.setOut(before);
        }
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void generateImagesDrawsFourSneakers() throws IOException {
        atelier("train --data fashion-mnist-small --model smoke --steps 2 --out", folder);

        List<String> lines = printed(() -> GenerateImages.main(new String[] {folder.toString(), folder.toString()}));

        assertThat(lines).hasSize(10).last().isEqualTo("step 10 of 10");
        assertThat(ImageFiles.read(folder.resolve("sneaker-3.png")).height()).isEqualTo(28);
    }

    @Test
    void drawDiffusionFiguresDrawsWhatTheGuideShows() throws IOException {
        DrawDiffusionFigures.main(new String[] {folder.toString(), "--smoke"});

        String guide = Files.readString(Path.of("..", "docs", "diffusion.md"));
        for (String figure : List.of(
                "diffusion-denoising.gif",
                "diffusion-guidance.png",
                "diffusion-samplers.png",
                "diffusion-schedules.png")) {
            assertThat(guide).contains("(images/" + figure + ")");
            assertThat(folder.resolve(figure)).isNotEmptyFile();
        }
    }

    @Test
    void writeYourOwnOpPrintsTheDerivativeTwice() throws IOException {
        List<String> lines = printed(() -> WriteYourOwnOp.main(new String[0]));

        assertThat(lines).hasSize(3);
        double[] first = numbers(lines.get(0));
        double[] byDifferences = numbers(lines.get(1));
        double[] second = numbers(lines.get(2));
        double[] x = {-2, -0.5, 0, 0.7, 3};
        for (int i = 0; i < x.length; i++) {
            assertThat(first[i]).isCloseTo(1 + Math.sin(3 * x[i]), within(1e-6));
            assertThat(byDifferences[i]).isCloseTo(first[i], within(1e-5));
            assertThat(second[i]).isCloseTo(3 * Math.cos(3 * x[i]), within(1e-5));
        }
    }

    @Test
    void snakeIsItsFormula() {
        Tensor y = new WriteYourOwnOp.Snake(2).apply(Tensor.of(new double[] {-1, 0.3}, 2, 1));

        assertThat(y.shape().dims()).containsExactly(2, 1);
        assertThat(y.toDoubles()[0]).isCloseTo(-1 + Math.pow(Math.sin(-2), 2) / 2, within(1e-12));
        assertThat(y.toDoubles()[1]).isCloseTo(0.3 + Math.pow(Math.sin(0.6), 2) / 2, within(1e-12));
    }

    private static double[] numbers(String line) {
        String list = line.substring(line.indexOf('[') + 1, line.indexOf(']'));
        return java.util.Arrays.stream(list.split(","))
                .mapToDouble(Double::parseDouble)
                .toArray();
    }
}
