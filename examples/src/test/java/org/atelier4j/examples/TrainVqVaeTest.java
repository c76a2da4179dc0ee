package org.atelier4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.atelier4j.examples.CommandLineFixture.atelier;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.atelier4j.data.Batch;
import org.atelier4j.data.Datasets;
import org.atelier4j.io.Json;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.train.JsonlLog;
import org.atelier4j.train.StepReport;
import org.atelier4j.train.TrainingLength;
import org.atelier4j.train.TrainingProgress;
import org.atelier4j.vqvae.AutoencoderConfig;
import org.atelier4j.vqvae.VqLoss;
import org.atelier4j.vqvae.VqVae;
import org.atelier4j.vqvae.VqVaeConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainVqVaeTest {
    private static final String SMOKE = "train vqvae --data toy-shapes --smoke --out";

    @TempDir
    private Path folder;

    @Test
    void aRunLeavesPicturesScoresAndAModelThatTokenizes() {
        CommandLineFixture result = atelier(SMOKE, folder, "--steps", 4);

        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out()).contains("Trained on 32 images", "psnr", "perplexity");
        assertThat(folder.toFile().list())
                .contains("config.json", "stats.jsonl", "samples-00000004.png", "codebook.png", "scores.json");
        assertThat(JsonlLog.read(folder.resolve("stats.jsonl")))
                .last()
                .satisfies(line -> assertThat(line)
                        .containsKeys("loss", "reconstruction", "commitment", "used", "perplexity", "gradientNorm"));
        assertThat(VqVae.load(folder).size()).isEqualTo(512);
        assertThat(VqVae.load(folder).config().latentStd()).isNotEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"NEAREST", "GUMBEL"})
    void aRunThatIsBrokenOffAndResumedIsAsOneUnbroken(TrainVqVae.Kind codebook) {
        Datasets.Resolved toys = Datasets.resolve("toy-shapes");
        VqVaeRunConfig config = new VqVaeRunConfig(
                VqVaeConfig.of(new AutoencoderConfig(1, 8, List.of(1, 2), 1, 4, false, 32), codebook.config(16, 1)),
                "toy-shapes",
                TrainingLength.steps(6),
                new Optimization(8, 1e-3, 2, 1, 0),
                new VqLoss(VqLoss.Reconstruction.L2),
                3);
        try (VqVaeRun unbroken = config.start(toys);
                VqVaeRun first = config.start(toys);
                VqVaeRun second = config.start(toys)) {
            steps(unbroken, 0, 6);
            steps(first, 0, 3);
            second.state().restore(first.state().tensors(), first.state().positions());
            steps(second, 3, 6);

            Map<String, Tensor> expected = unbroken.state().tensors();
            second.state()
                    .tensors()
                    .forEach((name, tensor) -> assertThat(tensor.toDoubles())
                            .as(name)
                            .isEqualTo(expected.get(name).toDoubles()));
            assertThat(second.state().positions()).isEqualTo(unbroken.state().positions());
        }
    }

    private static void steps(VqVaeRun run, int from, int to) {
        for (int i = from; i < to; i++) {
            try (TensorScope scope = TensorScope.open()) {
                Batch batch = run.next();
                run.step().run(batch, i);
                TrainingProgress progress = new TrainingProgress(i + 1, 8L * (i + 1), 0, TrainingLength.steps(6));
                run.listeners().forEach(l -> l.stepped(progress, StepReport.of("loss", 0)));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"naive", "gumbel", "lfq"})
    void everyCodebookTrains(String codebook) {
        CommandLineFixture result = atelier(SMOKE, folder, "--steps", 2, "--codebook", codebook, "--codes", 16);

        assertThat(result.code()).as(result.err()).isZero();
        assertThat(VqVae.load(folder).size()).isEqualTo(16);
    }

    @Test
    void theGumbelTemperatureFallsOverTheWholeRun() {
        atelier(SMOKE, folder, "--steps", 3, "--codebook", "gumbel", "--codes", 16);

        assertThat(Json.read(folder.resolve("config.json")).get("model"))
                .asString()
                .contains("steps=3");

        CommandLineFixture longer = atelier("train vqvae --resume --steps 5 --out", folder);

        assertThat(longer.code()).as(longer.err()).isZero();
        assertThat(Json.read(folder.resolve("config.json")).get("model"))
                .asString()
                .contains("steps=5");
    }

    @Test
    void optionsThatSettingsWouldDrownAreRefused() {
        atelier(SMOKE, folder, "--steps", 2);

        assertThat(atelier("train vqvae --resume --codes 32 --out", folder).err())
                .contains(
                        "--codes cannot change settings that come from --resume; only --batch, --lr and the length can");
        assertThat(atelier("train vqvae --seed 2 --config", folder.resolve("config.json"))
                        .err())
                .contains("--seed cannot change settings that come from --config;");
    }

    @Test
    void settingsOfAnotherFamilyAreRefusedWithTheRightCommand() {
        atelier(SMOKE, folder, "--steps", 2);

        assertThat(atelier("train diffusion --resume --out", folder).err())
                .contains("these are settings of another family: use ./atelier train vqvae");
        assertThat(atelier("train --data toy-shapes --model smoke --steps 2 --out", folder)
                        .err())
                .contains("there is a run with other settings in " + folder + " (family)");
    }

    @Test
    void diffusionHasItsOwnNameToo() throws Exception {
        Path named = folder.resolve("named");
        Path plain = folder.resolve("plain");

        assertThat(atelier("train diffusion --data toy-shapes --model smoke --steps 2 --out", named)
                        .code())
                .isZero();
        atelier("train --data toy-shapes --model smoke --steps 2 --out", plain);

        assertThat(Files.readAllBytes(named.resolve("model.safetensors")))
                .isEqualTo(Files.readAllBytes(plain.resolve("model.safetensors")));
    }

    @Test
    void aConfigOfTheTimeBeforeFamiliesIsOneOfDiffusion() {
        Path file = folder.resolve("config.json");
        DiffusionConfig config = Preset.SMOKE.config(Datasets.resolve("toy-shapes"), 1);
        Map<String, Object> tree = config.toTree();
        Json.save(file, tree);

        assertThat(RunConfig.load(file)).isEqualTo(config);
    }
}
