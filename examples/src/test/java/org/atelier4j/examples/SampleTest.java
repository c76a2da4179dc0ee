package org.atelier4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.atelier4j.examples.CommandLineFixture.atelier;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.io.SafeTensors;
import org.atelier4j.model.LabelDropout;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SampleTest {
    @TempDir
    private static Path model;

    @TempDir
    private Path out;

    @BeforeAll
    static void train() {
        CommandLineFixture trained = atelier("train --data fashion-mnist-small --model smoke --steps 2 --out", model);
        assertThat(trained.code()).as(trained.err()).isZero();
    }

    private CommandLineFixture sample(Object... more) {
        return sampleIn(2, more);
    }

    private CommandLineFixture sampleIn(int steps, Object... more) {
        return atelier("sample --model " + model + " --out " + out + " --steps " + steps, more);
    }

    @Test
    void everyClassIsARowAndEveryImageAFile() {
        CommandLineFixture result = sample("--count", 2);

        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out()).containsPattern("20 images in \\d+\\.\\d\\d s, \\d\\.\\d+ s each: .*grid.png");
        assertThat(out.toFile().list()).hasSize(21).contains("grid.png", "t-shirt-000.png", "ankle-boot-001.png");
        Image single = ImageFiles.read(out.resolve("bag-000.png"));
        assertThat(single.width()).isEqualTo(28);
    }

    @Test
    void classesAreChosenByNameOrNumber() {
        sample("--count", 1, "--classes", "Ankle Boot,tshirt,3");

        assertThat(out.toFile().list())
                .containsExactlyInAnyOrder("grid.png", "ankle-boot-000.png", "t-shirt-000.png", "dress-000.png");
    }

    @Test
    void aClassThatIsUnknownGetsTheListOfThose() {
        CommandLineFixture result = sample("--classes", "sandal,hat");

        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err())
                .contains("there is no class hat; the model knows T-shirt, Trouser,")
                .contains("(0 to 9)");
        assertThat(out.toFile().list()).isEmpty();
    }

    @Test
    void theSameSeedDrawsTheSameImagesAndAnotherOneOthers() throws IOException {
        sample("--count", 1, "--classes", "bag", "--seed", 4);
        byte[] first = Files.readAllBytes(out.resolve("bag-000.png"));
        sample("--count", 1, "--classes", "bag", "--seed", 4);
        byte[] again = Files.readAllBytes(out.resolve("bag-000.png"));
        sample("--count", 1, "--classes", "bag", "--seed", 5);
        byte[] other = Files.readAllBytes(out.resolve("bag-000.png"));

        assertThat(again).isEqualTo(first);
        assertThat(other).isNotEqualTo(first);
    }

    @Test
    void aFilmIsAnAnimatedGif() throws IOException {
        sample("--count", 1, "--gif");

        byte[] gif = Files.readAllBytes(out.resolve("drawing.gif"));
        assertThat(new String(gif, 0, 6, java.nio.charset.StandardCharsets.US_ASCII))
                .isEqualTo("GIF89a");
    }

    @Test
    void guidanceIsOneWhereNothingIsSaid() throws IOException {
        sample("--count", 1, "--classes", "bag");
        byte[] unsaid = Files.readAllBytes(out.resolve("bag-000.png"));
        sample("--count", 1, "--classes", "bag", "--guidance", 1);
        byte[] one = Files.readAllBytes(out.resolve("bag-000.png"));
        sample("--count", 1, "--classes", "bag", "--guidance", 0);
        byte[] none = Files.readAllBytes(out.resolve("bag-000.png"));

        assertThat(unsaid).isEqualTo(one).isNotEqualTo(none);
    }

    @Test
    void aModelThatSawEachClassIsDrawnFromWithoutGuidance() throws IOException {
        Path file = out.resolve("model.safetensors");
        Small.save(file, List.of("one", "two"), LabelDropout.NONE);
        String command = "sample --count 1 --model " + file + " --steps 2 --out " + out;

        CommandLineFixture unsaid = atelier(command);
        byte[] first = Files.readAllBytes(out.resolve("two-000.png"));
        CommandLineFixture none = atelier(command + " --guidance 0");
        byte[] second = Files.readAllBytes(out.resolve("two-000.png"));
        CommandLineFixture guided = atelier(command + " --guidance 1");

        assertThat(unsaid.code()).as(unsaid.err()).isZero();
        assertThat(none.code()).as(none.err()).isZero();
        assertThat(first).isEqualTo(second);
        assertThat(guided.code()).isEqualTo(1);
        assertThat(guided.err())
                .isEqualToIgnoringNewLines("atelier: --guidance must be 0 for this model: it was trained with"
                        + " --label-dropout 0 and saw no image without its class");
    }

    @Test
    void theHiddenPartIsWrittenIntoTheWeights() {
        atelier("train --data fashion-mnist-small --model smoke --steps 1 --out", out.resolve("run"));

        try (SafeTensors saved = SafeTensors.open(out.resolve("run").resolve("model.safetensors"))) {
            assertThat(saved.metadata()).containsEntry("labelDropout", "0.1");
        }
    }

    @Test
    void aModelWithoutClassesDrawsImages() {
        Path file = out.resolve("model.safetensors");
        Small.save(file, List.of(), LabelDropout.NONE);
        String command = "sample --count 3 --model " + file + " --steps 2 --out " + out.resolve("drawn");

        CommandLineFixture result = atelier(command + " --gif");

        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out()).contains("3 images in");
        assertThat(out.resolve("drawn").toFile().list())
                .containsExactlyInAnyOrder(
                        "grid.png", "drawing.gif", "image-000.png", "image-001.png", "image-002.png");
        assertThat(atelier(command + " --classes bag").err())
                .isEqualToIgnoringNewLines("atelier: there is no class bag; the model has no classes");
        assertThat(atelier(command + " --guidance 1").err())
                .isEqualToIgnoringNewLines("atelier: --guidance must be 0 for this model: it has no classes");
    }

    @Test
    void everySamplerDraws() {
        for (String sampler : new String[] {"dpm++", "sde-dpm++", "ddim", "ddpm", "euler", "heun"}) {
            CommandLineFixture result = sample("--count", 1, "--classes", "bag", "--sampler", sampler);
            assertThat(result.code()).as(sampler + ": " + result.err()).isZero();
        }
    }

    @Test
    void whatTheModelCannotDoIsSaid() {
        assertThat(sampleIn(0).err()).contains("count and steps must be >= 1, got 100 and 0");
        assertThat(sample("--guidance", -1).err()).contains("guidanceScale must be >= 0");
        assertThat(sample("--count", 0).err()).contains("there must be at least one image of each class, got 0");
        assertThat(sample("--top-k", 5).err())
                .startsWith(
                        "atelier: --temperature, --top-k, --top-p, --confidence-noise and --codec are for models of");
    }

    @Test
    void aDamagedModelIsOneLine() throws IOException {
        Path damaged = out.resolve("damaged.safetensors");
        Files.write(damaged, new byte[] {1, 2, 3});

        CommandLineFixture result = atelier("sample --model", damaged, "--out", out);

        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err().lines()).singleElement().asString().contains(damaged.toString());
    }
}
