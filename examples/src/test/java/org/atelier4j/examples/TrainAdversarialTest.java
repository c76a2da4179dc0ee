package org.atelier4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.atelier4j.examples.CommandLineFixture.atelier;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.atelier4j.data.Datasets;
import org.atelier4j.io.Json;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.train.JsonlLog;
import org.atelier4j.train.TrainingLength;
import org.atelier4j.vqvae.AutoencoderConfig;
import org.atelier4j.vqvae.AutoencoderKl;
import org.atelier4j.vqvae.VqVae;
import org.atelier4j.vqvae.VqVaeConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainAdversarialTest {
    @TempDir
    private Path folder;

    @Test
    void aVqGanLeavesPicturesScoresAndAModelThatTokenizes() {
        CommandLineFixture result =
                atelier("train vqgan --data toy-shapes --smoke --steps 4 --codebook gumbel --out", folder);

        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out()).contains("Trained on 32 images", "psnr", "perplexity");
        assertThat(folder.toFile().list())
                .contains("config.json", "samples-00000004.png", "codebook.png", "scores.json");
        assertThat(JsonlLog.read(folder.resolve("stats.jsonl")))
                .last()
                .satisfies(line -> assertThat(line)
                        .containsKeys(
                                "loss", "divergence", "adversarial", "adversarialWeight", "discriminator", "used"));
        assertThat(VqVae.load(folder).size()).isEqualTo(512);
    }

    @Test
    void anAutoencoderKlLeavesAModelWhoseLatentsHaveUnitVariance() {
        CommandLineFixture result = atelier("train autoencoder-kl --data toy-shapes --smoke --steps 4 --out", folder);

        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out()).contains("Trained on 32 images", "psnr", "scaledLatentStd");
        Map<String, ?> scores = Json.read(folder.resolve("scores.json"));
        double scaled = ((Number) scores.get("scaledLatentStd")).doubleValue();
        assertThat(scaled).isCloseTo(1, within(0.1)); // measured on training images, checked on test images
        assertThat(AutoencoderKl.load(folder).config().latentStd())
                .isEqualTo(((Number) scores.get("latentStd")).doubleValue());
    }

    @Test
    void settingsComeBackFromTheirFileAndAGumbelTemperatureFollowsTheLength() {
        VqVaeConfig model = VqVaeConfig.of(
                new AutoencoderConfig(3, 8, List.of(1, 2), 1, 4, false, 32), TrainVqVae.Kind.GUMBEL.config(16, 1));
        Optimization optimization = new Optimization(8, 1e-3, 2, 1, 0);
        RunConfig codes = new VqGanRunConfig(
                        model, "toy-shapes", TrainingLength.steps(1), optimization, Adversary.of(3), 3)
                .withLength(TrainingLength.steps(70));
        RunConfig latents = new AutoencoderKlRunConfig(
                AutoencoderKl.Config.of(model.network()),
                "toy-shapes",
                TrainingLength.steps(6),
                optimization,
                Adversary.of(3).suddenly(),
                1e-6,
                3);
        for (RunConfig config : List.of(codes, latents)) {
            config.save(folder.resolve("config.json"));
            assertThat(RunConfig.load(folder.resolve("config.json"))).isEqualTo(config);
        }
        assertThat(codes.toTree().toString()).contains("steps=70");
    }

    @Test
    void aRunThatIsBrokenOffAndResumedIsAsOneUnbroken() {
        Datasets.Resolved toys = Datasets.resolve("toy-shapes");
        AutoencoderKlRunConfig config = new AutoencoderKlRunConfig(
                AutoencoderKl.Config.of(new AutoencoderConfig(1, 8, List.of(1, 2), 1, 4, false, 4)),
                "toy-shapes",
                TrainingLength.steps(4),
                new Optimization(8, 1e-3, 2, 1, 0),
                Adversary.of(1),
                1e-6,
                3);
        try (AutoencoderKlRun unbroken = config.start(toys);
                AutoencoderKlRun first = config.start(toys);
                AutoencoderKlRun second = config.start(toys)) {
            steps(unbroken, 0, 4);
            steps(first, 0, 2);
            second.state().restore(first.state().tensors(), first.state().positions());
            steps(second, 2, 4);

            Map<String, Tensor> expected = unbroken.state().tensors();
            second.state()
                    .tensors()
                    .forEach((name, tensor) -> assertThat(tensor.toDoubles())
                            .as(name)
                            .isEqualTo(expected.get(name).toDoubles()));
        }
    }

    private static void steps(AutoencoderKlRun run, int from, int to) {
        for (int i = from; i < to; i++) {
            try (TensorScope scope = TensorScope.open()) {
                run.step().run(run.next(), i);
            }
        }
    }
}
