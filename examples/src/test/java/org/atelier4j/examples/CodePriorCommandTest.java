package org.atelier4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.atelier4j.examples.CommandLineFixture.atelier;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.atelier4j.autoregressive.Decoding;
import org.atelier4j.autoregressive.TokenSampler;
import org.atelier4j.autoregressive.pipeline.CodePipeline;
import org.atelier4j.autoregressive.pipeline.CompleteRequest;
import org.atelier4j.autoregressive.pipeline.GenerateRequest;
import org.atelier4j.autoregressive.pipeline.PriorKind;
import org.atelier4j.data.Dataset;
import org.atelier4j.data.Datasets;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.io.Json;
import org.atelier4j.metrics.net.FmNet;
import org.atelier4j.vqvae.VqVae;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** From a VQ-VAE to a prior of its codes, to images and edited images, as a user types it. */
class CodePriorCommandTest {
    @TempDir
    private static Path models;

    @TempDir
    private Path out;

    @BeforeAll
    static void train() {
        run("train vqvae --smoke --data toy-shapes --out " + models.resolve("vqvae"));
        run("train maskgit --smoke --data toy-shapes --codec " + models.resolve("vqvae") + " --out "
                + models.resolve("maskgit"));
    }

    private static CommandLineFixture run(String command) {
        CommandLineFixture result = atelier(command);
        assertThat(result.code()).as(command + ": " + result.err()).isZero();
        return result;
    }

    @ParameterizedTest
    @CsvSource({"transformer, TRANSFORMER", "pixelcnn, PIXELCNN"})
    void aPriorIsTrainedAndDraws(String network, PriorKind kind) {
        Path prior = out.resolve("prior");
        CommandLineFixture trained = run("train prior --smoke --network " + network + " --data toy-shapes --codec "
                + models.resolve("vqvae") + " --out " + prior);

        assertThat(trained.out()).contains("natsPerCode").contains("./atelier sample --model " + prior);
        assertThat(((PriorRunConfig) RunConfig.load(prior.resolve("config.json"))).kind())
                .isEqualTo(kind);
        assertThat(Json.read(prior.resolve("scores.json"))).containsKeys("natsPerCode", "bitsPerCode");
        run("sample --count 2 --top-k 50 --gif --model " + prior + " --out " + out.resolve("drawn"));
        assertThat(out.resolve("drawn").toFile().list())
                .hasSize(8)
                .contains("grid.png", "drawing.gif", "circle-001.png");
    }

    @Test
    void wideImagesAreComparedByTheirCrops() {
        Path prior = out.resolve("prior");
        run("train prior --smoke --data toy-shapes --codec " + models.resolve("vqvae") + " --out " + prior);
        StringWriter screen = new StringWriter();
        Path picture = out.resolve("wide.png");

        Dataset some = Datasets.resolve("toy-shapes").test().first(20);
        CompareSeams.compare(new PrintWriter(screen), prior.toString(), some, 3, FmNet.load(), picture);

        assertThat(screen.toString().lines().skip(1)).hasSize(2).allMatch(line -> line.matches(".*( +\\d+\\.\\d+){6}"));
        assertThat(ImageFiles.read(picture).width())
                .isGreaterThan(2 * 2 * 3 * 16); // two a row, doubled, thrice as wide
    }

    @Test
    void aFinishedRunGoesOnWhereItWasWhenMadeLonger() {
        Path prior = out.resolve("prior");
        String command = "train prior --smoke --data toy-shapes --codec " + models.resolve("vqvae") + " --out " + prior;
        run(command + " --steps 2");
        CommandLineFixture longer = run(command + " --steps 3");

        assertThat(longer.out()).contains("Trained on 12 images");
    }

    @Test
    void halfOfATestImageIsDrawnAnew() {
        CommandLineFixture edited = run("edit --model " + models.resolve("maskgit")
                + " --data toy-shapes --number 1 --half lower --class square --count 3 --keep-pixels --out " + out);

        assertThat(edited.out()).containsPattern("3 images in \\d+\\.\\d\\d s: .*grid.png");
        assertThat(out.toFile().list())
                .containsExactlyInAnyOrder("grid.png", "edit-000.png", "edit-001.png", "edit-002.png");
        Image first = ImageFiles.read(out.resolve("edit-000.png"));
        Image second = ImageFiles.read(out.resolve("edit-001.png"));
        int half = first.height() / 2;
        assertThat(first.crop(0, 0, first.width(), half)).isEqualTo(second.crop(0, 0, first.width(), half));
        assertThat(first).isNotEqualTo(second);
    }

    @Test
    void aMaskSaysWhatIsDrawnAndMustFit() {
        run("edit --model " + models.resolve("maskgit") + " --data toy-shapes --half upper --count 1 --out " + out);
        Path image = out.resolve("edit-000.png");
        int side = ImageFiles.read(image).width();
        ImageFiles.write(out.resolve("mask.png"), Image.filled(side, side, 1, 255));
        ImageFiles.write(out.resolve("small.png"), Image.filled(side - 1, side, 1, 255));
        String edit = "edit --model " + models.resolve("maskgit") + " --count 1 --image " + image + " --out " + out;
        run(edit + " --inpaint " + out.resolve("mask.png"));

        CommandLineFixture wrong = atelier(edit + " --inpaint " + out.resolve("small.png"));
        assertThat(wrong.code()).isEqualTo(1);
        assertThat(wrong.err()).startsWith("atelier: CompleteRequest: mask must be");
    }

    /** The code of {@code docs/autoregressive.md}. */
    @Test
    void aProgramDrawsAndCompletes() {
        Path vqvae = models.resolve("vqvae");
        Path prior = models.resolve("maskgit");
        Image image = Image.filled(16, 16, 1, 90);

        assertThat(drawAndComplete(vqvae, prior, image)).hasSize(4);
    }

    private static List<BufferedImage> drawAndComplete(Path vqvae, Path prior, Image image) {
        // region draw
        VqVae codec = VqVae.load(vqvae);
        try (CodePipeline pipeline = CodePipeline.load(codec, prior)) {
            TokenSampler sampler = TokenSampler.plain().withTopP(0.95);
            var request = GenerateRequest.of(16)
                    .withLabels(List.of(1))
                    .withDecoding(Decoding.standard().withSampler(sampler))
                    .withSeed(42);
            List<BufferedImage> images =
                    pipeline.generate(request, progress -> true).images(); // false cancels

            Image mask = CompleteRequest.rectangle(image, 0, 8, 16, 8);
            CompleteRequest rest = CompleteRequest.of(image, mask).withCount(4);
            return pipeline.complete(rest).images();
        }
        // endregion
    }

    /** The same command judges models of all families, and sets one beside the other. */
    @Test
    void aPriorIsJudgedLikeAnyModel() {
        run("train prior --smoke --data toy-shapes --codec " + models.resolve("vqvae") + " --out "
                + out.resolve("prior"));
        String eval = "eval --data toy-shapes --count 70 --metrics fd,nn --keep " + out.resolve("keep") + " --model ";
        CommandLineFixture prior = run(eval + out.resolve("prior") + " --json " + out.resolve("prior.json"));
        CommandLineFixture masked = run(eval + models.resolve("maskgit") + " --steps 3 --guidance 0 --compare "
                + out.resolve("prior.json") + " --json " + out.resolve("maskgit.json"));

        assertThat(prior.out())
                .contains("70 images, prior transformer, codebook")
                .containsPattern("forwards +32.00"); // with and without the class
        assertThat(masked.out())
                .contains("prior maskgit", "rounds 3", "guidance 0.0")
                .contains("Beside " + out.resolve("prior"))
                .containsPattern("FD_FM +\\d+\\.\\d+ +\\d+\\.\\d+ +\\d+\\.\\d+ +lower")
                .containsPattern("forwards +3.0000 +32.0000 +0.094 +lower");
        assertThat(out.resolve("keep").toFile().list()).hasSize(2);
        assertThat(atelier("eval --data toy-shapes --count 60 --model " + models.resolve("maskgit") + " --compare "
                                + out.resolve("prior.json"))
                        .err())
                .startsWith("atelier: only equal measurements compare: count is 60 here and 70 in ");
    }

    @Test
    void drawPriorFiguresDrawsWhatTheGuideShows() throws IOException {
        String maskgit = models.resolve("maskgit").toString();
        DrawPriorFigures.main(new String[] {out.toString(), maskgit, maskgit, "toy-shapes"});

        String guide = Files.readString(Path.of("..", "docs", "autoregressive.md"));
        assertThat(out.toFile().list())
                .hasSize(4)
                .allSatisfy(figure -> assertThat(guide).contains("(images/" + figure + ")"));
    }

    @Test
    void compareCompletionsCountsWhatIsSeenInThem() {
        PrintStream before = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            CompareCompletions.main(
                    new String[] {"toy-shapes", "10", models.resolve("maskgit").toString()});
        } finally {
            System.setOut(before);
        }

        assertThat(bytes.toString(StandardCharsets.UTF_8).lines())
                .hasSize(3)
                .allMatch(line -> line.matches(".* +\\d+\\.\\d %"));
        assertThat(bytes.toString(StandardCharsets.UTF_8)).contains("lower half drawn", "upper half drawn");
    }

    @Test
    void aCodecIsJudgedByWhatComesBack() {
        Path json = out.resolve("codec.json");
        CommandLineFixture judged =
                run("eval --data toy-shapes --model " + models.resolve("vqvae") + " --count 300 --json " + json);

        assertThat(judged.out())
                .contains("reconstructions of 300 test images of toy-shapes")
                .contains("PSNR", "SSIM", "codes-used", "perplexity", "rFD_FM");
        double psnr = ((Number) Json.object(
                                Json.object(Json.read(json).get("metrics"), json)
                                        .get("PSNR"),
                                json)
                        .get("mean"))
                .doubleValue();
        assertThat(psnr).isBetween(3.0, 30.0);
    }

    @Test
    void whatDoesNotFitIsSaidInOneLine() {
        Path maskgit = models.resolve("maskgit");
        run("train vqvae --smoke --data toy-shapes --seed 2 --out " + out.resolve("other"));

        assertThat(atelier("sample --model " + maskgit + " --codec " + out.resolve("other"))
                        .err())
                .startsWith("atelier: CodePipeline: the prior learned the codes of codebook");
        assertThat(atelier("sample --temperature 0 --model " + maskgit).err())
                .startsWith("atelier: TokenSampler: temperature must be > 0 and finite, got 0.0");
        assertThat(atelier("sample --sampler ddim --model " + maskgit).err())
                .startsWith("atelier: --sampler is for diffusion models");
        assertThat(atelier("edit --half lower --model " + models.resolve("vqvae"))
                        .err())
                .contains("vqvae is no prior of codes; ./atelier train prior or maskgit makes one");
        assertThat(atelier("train prior --codec " + maskgit + " --out " + out.resolve("none"))
                        .err())
                .contains("maskgit is no VQ-VAE");
        assertThat(atelier("train vqvae --codebook lfq --codes 500 --out " + out.resolve("none"))
                        .err())
                .startsWith("atelier: --codes of an lfq codebook must be a power of two, got 500");
        assertThat(atelier("edit --model " + maskgit).code()).isEqualTo(2);
        assertThat(atelier("edit --half lower --data toy-shapes --number -1 --model " + maskgit)
                        .err())
                .startsWith("atelier: --number must lie in [0, ");
        assertThat(atelier("edit --half lower --data toy-shapes --guidance 1 --model " + maskgit)
                        .err())
                .startsWith("atelier: CompleteRequest: guidanceScale must be 0 without labels, got 1.0");
    }
}
