package org.atelier4j.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.atelier4j.examples.CommandLineFixture.atelier;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.atelier4j.data.Dataset;
import org.atelier4j.data.Datasets;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.io.Json;
import org.atelier4j.metrics.ClassAccuracy;
import org.atelier4j.metrics.net.FmNet;
import org.atelier4j.model.FeatureExtractor;
import org.atelier4j.model.LabelDropout;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvalTest {
    private static final String QUICK = " --data fashion-mnist-small --metrics fd,is,kid,prdc,accuracy";
    private static final Dataset TEST = Datasets.resolve("fashion-mnist-small").test();

    @TempDir
    private static Path real;

    @TempDir
    private Path folder;

    /** Real test images under the names that {@code ./atelier sample} gives, and a picture that is none of them. */
    @BeforeAll
    static void writeRealImages() {
        for (int i = 0; i < 200; i++) {
            String name = TEST.classNames().get(TEST.label(i));
            ImageFiles.write(real.resolve(ClassNames.file(name, i)), TEST.image(i));
        }
        ImageFiles.write(real.resolve("grid.png"), Image.filled(50, 40, 1, 9));
    }

    @Test
    void fmNetKnowsWhatItWasTrainedFor() {
        assertThat(ClassAccuracy.of(FmNet.load(), TEST)).isGreaterThan(0.92);
    }

    @Test
    void realImagesInAFolderAreAsGoodAsRealOnes() {
        Path json = folder.resolve("eval.json");
        CommandLineFixture result = atelier("eval --images " + real + QUICK + " --json", json);

        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out())
                .contains("200 pictures, their classes known by name")
                .contains("Seen by fm-net, SHA-256 " + FmNet.HASH)
                .containsPattern("FD_FM +\\d")
                .doesNotContain("FID")
                .doesNotContain("left out");
        Map<String, ?> tree = Json.read(json);
        assertThat(metric(tree, "FD_FM", "mean")).isLessThan(3 * metric(tree, "FD_FM", "real"));
        assertThat(metric(tree, "precision", "mean")).isGreaterThan(0.8);
        assertThat(metric(tree, "ACC_FM", "mean")).isGreaterThan(0.88);
        assertThat(metric(tree, "ACC_FM", "chance")).isLessThan(0.25);
        assertThat(metric(tree, "FD_FM", "noise")).isPositive();
        assertThat(tree.get("count")).isEqualTo(200L);
    }

    /**
     * So many, for two sets of 40 real images are far apart themselves, and a ball that reaches to the third neighbor of one of 40
     * black pictures may hold a real one. Of 400, FD_FM is 10.1 and 0.25 for real ones, and recall 0 and 0.89.
     */
    @Test
    void blackPicturesOfUnknownClassesAreFarFromReal() {
        for (int i = 0; i < 400; i++) {
            ImageFiles.write(folder.resolve("p" + i + ".png"), Image.filled(28, 28, 1, i % 40));
        }
        Path json = folder.resolve("eval.json");
        CommandLineFixture result = atelier("eval --images " + folder + QUICK + " --json", json);

        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out())
                .contains("of unknown classes")
                .contains("left out: ACC: the classes of the images must be known");
        Map<String, ?> tree = Json.read(json);
        assertThat(metric(tree, "FD_FM", "mean")).isGreaterThan(10 * metric(tree, "FD_FM", "real"));
        assertThat(metric(tree, "recall", "mean")).isZero();
    }

    @Test
    void aModelIsDrawnOnceAndItsImagesKept() throws java.io.IOException {
        atelier("train --data fashion-mnist-small --model smoke --steps 1 --out", folder.resolve("run"));
        String command =
                "eval --count 30 --steps 2 --seeds 3,4 --data fashion-mnist-small --metrics fd,accuracy --model "
                        + folder.resolve("run") + " --keep " + folder.resolve("keep") + " --json ";
        CommandLineFixture first = atelier(command + folder.resolve("a.json"));
        CommandLineFixture second = atelier(command + folder.resolve("b.json"));

        assertThat(first.code()).as(first.err()).isZero();
        assertThat(second.code()).as(second.err()).isZero();
        try (var kept = Files.list(folder.resolve("keep"))) {
            assertThat(kept.map(p -> p.getFileName().toString()).sorted())
                    .hasSize(2)
                    .allMatch(name -> name.matches(
                            "[0-9a-f]{12}-sampler-dpm-solver-steps-2-guidance-1.0-seed[34]-30.safetensors"));
        }
        Map<String, ?> a = Json.read(folder.resolve("a.json"));
        assertThat(a.get("metrics"))
                .isEqualTo(Json.read(folder.resolve("b.json")).get("metrics"));
        assertThat(a.get("seeds")).isEqualTo(Arrays.asList(3L, 4L));
        assertThat(a.get("secondsPerImage"))
                .isEqualTo(Json.read(folder.resolve("b.json")).get("secondsPerImage"));
        assertThat(metric(a, "forwards", "mean")).isEqualTo(4); // two steps, each with and without the class
    }

    @Test
    void picturesOfEqualNamesAreCompared() {
        Path a = folder.resolve("a");
        Path b = folder.resolve("b");
        for (int i = 0; i < 3; i++) {
            ImageFiles.write(a.resolve(i + ".png"), Image.filled(40, 40, 3, 100));
            ImageFiles.write(b.resolve(i + ".png"), Image.filled(40, 40, 3, 110));
        }
        CommandLineFixture result = atelier("eval --images " + a + " --pairs", b);

        assertThat(result.code()).as(result.err()).isZero();
        double psnr = 20 * Math.log10(255 / 10.0);
        assertThat(result.out())
                .contains("3 pairs of pictures of [40, 40, 3]")
                .contains(String.format(java.util.Locale.ROOT, "PSNR   %10.4f", psnr))
                .contains("SSIM")
                .contains("LPIPS");
    }

    @Test
    void pairsMustHaveTheSameNames() {
        ImageFiles.write(folder.resolve("a/x.png"), Image.filled(40, 40, 3, 1));
        ImageFiles.write(folder.resolve("b/y.png"), Image.filled(40, 40, 3, 1));

        assertThat(atelier("eval --images " + folder.resolve("a") + " --pairs", folder.resolve("b"))
                        .err())
                .contains("must have the same names, got 1 and 1; x.png is in the first folder alone");
    }

    @Test
    void aModelWithoutClassesIsJudgedByItsImages() {
        Path file = folder.resolve("model.safetensors");
        Small.save(file, List.of(), LabelDropout.NONE);

        CommandLineFixture result = atelier(
                "eval --count 30 --steps 1 --data fashion-mnist-small --metrics fd,accuracy,tstr --keep "
                        + folder.resolve("keep") + " --model",
                file);

        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out())
                .containsPattern("FD_FM +\\d")
                .contains("left out: ACC: the classes of the images must be known")
                .contains("left out: TSTR: small images of known classes are needed");
    }

    @Test
    void optionsThatChangeNothingAreRefusedByName() {
        for (String option : List.of(
                "--seed 1", "--keep k", "--steps 2", "--sampler ddim", "--guidance 0", "--top-k 3", "--codec c")) {
            assertThat(atelier("eval --images a " + option).err())
                    .isEqualToIgnoringNewLines(
                            "atelier: " + name(option) + " does not apply to pictures in a folder; leave it out");
        }
        for (String option : List.of("--metrics fd", "--seeds 1,2", "--keep k", "--steps 2", "--temperature 1")) {
            assertThat(atelier("eval --model fashion-mnist-vqvae " + option).err())
                    .isEqualToIgnoringNewLines("atelier: " + name(option) + " does not apply to a codec; leave it out");
        }
        for (String option : List.of("--data mnist", "--count 3", "--metrics fd", "--extractor fm-net")) {
            assertThat(atelier("eval --images a --pairs b " + option).err())
                    .isEqualToIgnoringNewLines(
                            "atelier: " + name(option) + " does not apply to pairs of pictures; leave it out");
        }
    }

    private static String name(String option) {
        String name = option.substring(0, option.indexOf(' '));
        return name.equals("--seed") ? "--seeds" : name;
    }

    @Test
    void theMostMemoryThatWasHeldIsSaid() {
        assumeTrue(Files.isReadable(Path.of("/proc/self/status")), "the system does not tell");
        long most = Machine.peakMemory().orElseThrow();

        assertThat(most).isGreaterThan(30_000_000); // a Java process alone takes more
        assertThat(most).isLessThan(Machine.totalMemory());
        assertThat(most % 1024).isZero();
    }

    @Test
    void whatCannotBeJudgedIsSaidInOneLine() {
        assertThat(atelier("eval --images a --model b").err())
                .startsWith("atelier: --model and --images exclude each other: what shall be judged?");
        assertThat(atelier("eval --count 0").err()).startsWith("atelier: --count must be at least 1, got 0");
        assertThat(atelier("eval --pairs a").err()).contains("--pairs needs --images");
        assertThat(atelier("eval --images a --pairs b --compare c").err())
                .contains("--pairs and --compare exclude each other");
        assertThat(atelier("eval --model nowhere").err()).contains("there is no model nowhere: neither a file");
        assertThat(atelier("eval --images", folder).err()).contains("there are no pictures (.png, .jpg");
        assertThat(atelier("eval --extractor eye").err()).contains("there is no extractor eye: it must be fm-net,");
        assertThat(atelier("eval --metrics beauty").err()).contains("beauty").contains("FD");
        assertThat(atelier("eval --extractor efficientnet-lite0").err())
                .contains("efficientnet-lite0 looks at images of 3 channels, but the data have 1");
        assertThat(atelier("eval --data toy-shapes").err())
                .contains("the model draws [28, 28, 1] images of [T-shirt,")
                .contains("but toy-shapes has [16, 16, 1] images of [circle,");
    }

    @Test
    void theClassifierOfColorImagesIsTheOneThatItsPageDescribes() throws IOException {
        FeatureExtractor eye = Extractors.of("cifar10-net", 3);

        try (InputStream page = Models.class.getResourceAsStream("models/README.md")) {
            assertThat(new String(page.readAllBytes(), UTF_8)).contains("`" + eye.hash() + "`");
        }
    }

    private static double metric(Map<String, ?> tree, String name, String what) {
        Map<String, ?> metrics = Json.object(tree.get("metrics"), "metrics");
        return ((Number) Json.object(metrics.get(name), name).get(what)).doubleValue();
    }
}
