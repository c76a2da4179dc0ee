package org.atelier4j.vqvae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.data.Batch;
import org.atelier4j.data.Batches;
import org.atelier4j.data.ToyShapes;
import org.atelier4j.io.SafeTensors;
import org.atelier4j.model.CodeGrid;
import org.atelier4j.optim.Adam;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.train.StepReport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VqVaeTest {
    private static final VqVaeConfig CONFIG = VqVaeConfig.of(
            new AutoencoderConfig(1, 8, List.of(1, 2), 1, 4, false, 6), NearestCodebook.Config.lively(12, 6));

    @TempDir
    private Path folder;

    private final VqVae model = new VqVae(CONFIG, Rng.of(1));
    private final Tensor images = Rng.of(2).normal(Shape.of(3, 8, 12, 1)).clamp(-1, 1);

    @Test
    void gridsHaveTheImagesSizeOverTheFactor() {
        assertThat(model.gridShape(Shape.of(8, 12, 1)).dims()).containsExactly(4, 6);
        assertThat(model.latentShape(Shape.of(8, 12, 1)).dims()).containsExactly(4, 6, 6);

        CodeGrid grid = model.tokenize(images);

        assertThat(grid.size()).isEqualTo(12);
        assertThat(grid.codes().shape().dims()).containsExactly(3, 4, 6);
        TensorAssert.assertThat(model.detokenize(grid)).hasShape(3, 8, 12, 1);
    }

    @Test
    void anImagesCodesDoNotDependOnItsBatch() {
        int[] all = model.tokenize(images).codes().toInts();
        int[] last = model.tokenize(images.slice(0, 2, 1)).codes().toInts();

        for (int i = 0; i < last.length; i++) {
            assertThat(last[i]).isEqualTo(all[2 * last.length + i]);
        }
    }

    @Test
    void reconstructionIsDecodingTheCodes() {
        TensorAssert.assertThat(model.reconstruct(images)).isIdenticalTo(model.detokenize(model.tokenize(images)));
    }

    @Test
    void nothingThatDrawsIsRecorded() {
        assertThat(model.reconstruct(images).node()).isNull();
        assertThat(model.encode(images).node()).isNull();
    }

    @Test
    void trainingSeesWhatDrawingSees() {
        VqVae.Pass pass = model.forward(images, 0, Rng.of(0));

        TensorAssert.assertThat(pass.images().detach()).isCloseTo(model.reconstruct(images), 1e-5, 1e-5);
    }

    @Test
    void latentsAreDividedByTheirDeviationAndMultipliedBack() {
        VqVae scaled = new VqVae(CONFIG.withLatentStd(0.25), Rng.of(1)); // the same weights

        TensorAssert.assertThat(scaled.encode(images))
                .isCloseTo(model.encode(images).mul(4), 1e-6, 0);
        TensorAssert.assertThat(scaled.decode(scaled.encode(images))).isCloseTo(model.reconstruct(images), 1e-5, 1e-5);
    }

    @Test
    void aFileRebuildsTheModelWithItsHash() {
        Path file = folder.resolve("model.safetensors");

        VqVae.save(file, CONFIG.withLatentStd(0.5), model.state(), Map.of("seed", "1"));
        VqVae loaded = VqVae.load(folder);

        assertThat(loaded.config()).isEqualTo(CONFIG.withLatentStd(0.5));
        assertThat(loaded.hash()).isEqualTo(model.hash());
        TensorAssert.assertThat(loaded.reconstruct(images)).isIdenticalTo(model.reconstruct(images));
        try (SafeTensors saved = SafeTensors.open(file)) {
            assertThat(saved.metadata()).containsEntry("seed", "1").containsEntry("codebookHash", model.hash());
        }
    }

    @Test
    void aFileWhoseCodebookWasChangedIsRefused() {
        Path file = folder.resolve("model.safetensors");
        VqVae.save(file, CONFIG, model.state(), Map.of());
        Map<String, Tensor> weights = new LinkedHashMap<>(SafeTensors.read(file));
        weights.computeIfPresent("quantize.embedding.weight", (name, e) -> e.add(1e-3));
        try (SafeTensors saved = SafeTensors.open(file)) {
            SafeTensors.write(folder.resolve("changed.safetensors"), weights, saved.metadata());
        }

        assertThatThrownBy(() -> VqVae.load(folder.resolve("changed.safetensors")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("must have the hash " + model.hash());
    }

    @Test
    void aFileOfAnotherModelIsRefused() {
        Path file = folder.resolve("other.safetensors");
        SafeTensors.write(file, Map.of("x", Tensor.scalar(1)), Map.of("class", "Other"));

        assertThatThrownBy(() -> VqVae.load(file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("must hold one with its config, got class Other")
                .hasMessageContaining("got class Other");
    }

    @Test
    void imagesOfAnotherSizeOrChannelCountAreRefused() {
        assertThatThrownBy(() -> model.tokenize(Rng.of(1).normal(Shape.of(1, 9, 8, 1))))
                .hasMessage("autoencoder: images must be (H, W, 1) with H and W multiples of 2, got [9, 8, 1]");
        assertThatThrownBy(() -> model.gridShape(Shape.of(8, 8, 3)))
                .hasMessage("autoencoder: images must be (H, W, 1) with H and W multiples of 2, got [8, 8, 3]");
        assertThatThrownBy(() -> model.detokenize(new CodeGrid(Tensor.of(new int[] {12}, 1, 1, 1), 12)))
                .hasMessage("Codebook: codes must lie in [0, 12), got 12 at position 0 of grid [1, 1, 1]");
    }

    @Test
    void scoresCountEveryImageAndCode() {
        try (Batches batches = new Batches(ToyShapes.draw(10, 8, Rng.of(3)), Batches.Config.evaluation(4), Rng.of(0))) {
            VqVae color = new VqVae(
                    VqVaeConfig.of(
                            CONFIG.network()
                                    .withImageChannels(batches.imageShape().dim(2)),
                            CONFIG.codebook()),
                    Rng.of(1));
            VqVaeScores scores = VqVaeScores.of(color, batches);

            assertThat(scores.counts().total()).isEqualTo(10 * 4 * 4);
            assertThat(scores.latentStd()).isPositive();
            assertThat(scores.psnr()).isBetween(0.0, 30.0);
        }
    }

    @Test
    void psnrIsThatOfTheMeanSquaredErrorOfClippedPixels() {
        List<Batch> two = List.of(batch(images.slice(0, 0, 2)), batch(images.slice(0, 2, 1)));
        double mse = model.reconstruct(images)
                .clamp(-1, 1)
                .sub(images)
                .square()
                .mean()
                .item();

        assertThat(VqVaeScores.of(model, two.iterator()).psnr()).isCloseTo(10 * Math.log10(4 / mse), within(1e-3));
        double std = model.latents(images)
                .detach()
                .sub(model.latents(images).detach().mean())
                .square()
                .mean()
                .item();
        assertThat(VqVaeScores.of(model, two.iterator()).latentStd()).isCloseTo(Math.sqrt(std), within(1e-4));
    }

    @Test
    @Tag("slow")
    void overfitsOneBatch() {
        Tensor some = ToyImages.bars(8, 8); // (8, 8, 8, 1)
        CodebookUsage usage = new CodebookUsage(12, 1);
        VqVaeStep step = new VqVaeStep(
                model,
                new Adam(model.parameters(), Adam.Config.of(3e-3)),
                new VqVaeStep.Settings(new VqLoss(VqLoss.Reconstruction.L2), usage, new GradientClip(1), Rng.of(4)));
        StepReport report = step.run(batch(some), 0);
        double first = number(report, "reconstruction");

        for (int i = 1; i < 300; i++) {
            report = step.run(batch(some), i);
        }

        assertThat(first).isGreaterThan(0.3);
        assertThat(number(report, "reconstruction")).isLessThan(0.01);
    }

    private static double number(StepReport report, String name) {
        return report.scalars().getOrDefault(name, Double.NaN);
    }

    private static Batch batch(Tensor images) {
        return new Batch(images, Tensor.arange(images.dim(0)));
    }
}
