package org.atelier4j.autoregressive.pixel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.atelier4j.autoregressive.DrawingListener;
import org.atelier4j.autoregressive.TokenSampler;
import org.atelier4j.data.Batch;
import org.atelier4j.data.Batches;
import org.atelier4j.data.Dataset;
import org.atelier4j.data.ToyShapes;
import org.atelier4j.image.Image;
import org.atelier4j.io.CheckpointFolder;
import org.atelier4j.model.LabelDropout;
import org.atelier4j.optim.AdamW;
import org.atelier4j.optim.Ema;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.optim.LearningRate;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.train.Checkpoints;
import org.atelier4j.train.StopSignal;
import org.atelier4j.train.TrainingLength;
import org.atelier4j.train.TrainingLoop;
import org.atelier4j.train.TrainingState;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The probability of whole images: what it sums to, how it is learned, saved and measured. */
class PixelCnnTest {
    private static final PixelCnnPipeline.Classes TWO =
            new PixelCnnPipeline.Classes(List.of("one", "two"), LabelDropout.USUAL);
    private static final PixelCnn.Size SIZE = new PixelCnn.Size(8, 2, 3);

    private static PixelCnn tiny(int channels, int components) {
        PixelCnn.Grid grid = new PixelCnn.Grid(2, 2, channels, 2);
        return new PixelCnn(new PixelCnn.Config(grid, components, 0, SIZE, 2), Rng.of(5));
    }

    private static double total(Tensor nats) {
        return Arrays.stream(nats.toDoubles()).map(n -> Math.exp(-n)).sum();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    void probabilitiesOfAllImagesSumToOne(int components) {
        PixelCnn model = tiny(2, components);
        int n = 256; // 8 binary values
        int[] values = IntStream.range(0, 8 * n).map(i -> i / 8 >> i % 8 & 1).toArray();
        int[] labels = new int[n];
        Arrays.fill(labels, 1);

        Tensor nats = model.nats(Tensor.of(values, n, 2, 2, 2), Tensor.of(labels, n));

        assertThat(total(nats)).isCloseTo(1, within(2e-5));
    }

    @Test
    void probabilitiesOfAllGridsOfCodesSumToOne() {
        PixelCnn.Config config = new PixelCnn.Config(new PixelCnn.Grid(2, 2, 1, 3), 0, 4, SIZE, 0);
        int[] values = IntStream.range(0, 4 * 81)
                .map(i -> i / 4 / (int) Math.pow(3, i % 4) % 3)
                .toArray();

        Tensor nats = new PixelCnn(config, Rng.of(5)).nats(Tensor.of(values, 81, 2, 2, 1), Tensor.of(new int[81], 81));

        assertThat(total(nats)).isCloseTo(1, within(2e-5));
    }

    @Tag("slow")
    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    void oneBatchIsLearnedByHeart(int components) {
        PixelCnn.Grid grid = new PixelCnn.Grid(6, 6, 1, 8);
        PixelCnn model =
                new PixelCnn(new PixelCnn.Config(grid, components, 0, new PixelCnn.Size(16, 2, 3), 4), Rng.of(1));
        Tensor values = Rng.of(2).integers(8, grid.batch(4));
        Tensor labels = Tensor.arange(4);
        LearningRate falling = LearningRate.cosine(
                0.01, 1e-4, 200); // at a constant rate the loss jumps up at times, when is a matter of rounding
        AdamW optimizer = new AdamW(
                model.parameters(), AdamW.Config.of(0.01).withRate(falling).withWeightDecay(0));
        double first = model.bitsPerDimension(values, labels).item();
        for (int i = 0; i < 200; i++) {
            optimizer.step(model.bitsPerDimension(values, labels).backward(), new GradientClip(1));
        }

        assertThat(first).isBetween(2.5, 4.0); // 3 bits of noise
        assertThat(model.bitsPerDimension(values, labels).item()).isLessThan(0.7);
    }

    /** A run on toy images: model, optimizer, average, data, and how they are saved. */
    private static final class ToyRun implements AutoCloseable {
        private final PixelCnn model;
        private final Ema ema;
        private final Batches batches;
        private final TrainingLoop<Batch> loop;
        private final Checkpoints checkpoints;

        ToyRun(Path folder) {
            Dataset data = ToyShapes.draw(30, 8, Rng.of(3));
            Rng rng = Rng.of(11);
            PixelCnn.Grid grid = new PixelCnn.Grid(8, 8, data.imageShape().dim(2), 4);
            int classes = data.classNames().size();
            model = new PixelCnn(new PixelCnn.Config(grid, 0, 0, new PixelCnn.Size(6, 1, 3), classes), rng.split("n"));
            AdamW optimizer = new AdamW(model.parameters(), AdamW.Config.of(1e-2));
            ema = new Ema(model, Ema.Config.of(20));
            batches = new Batches(data, Batches.Config.training(4), rng.split("data"));
            PixelCnnStep step = new PixelCnnStep(
                    model,
                    optimizer,
                    ema,
                    new PixelCnnStep.Settings(new PixelLevels(2), 0.3, new GradientClip(1), rng.split("step")));
            TrainingState state = new TrainingState()
                    .tensors("model", model::state, model::load)
                    .tensors("optim", optimizer::state, optimizer::load)
                    .tensors("ema", ema::state, ema::load)
                    .position("data", batches::position, batches::seek);
            checkpoints = new Checkpoints(new CheckpointFolder(folder, 2), state, 4);
            loop = new TrainingLoop<>(batches::next, Batch::size, step, List.of(checkpoints), new StopSignal());
        }

        void to(long steps) {
            loop.run(checkpoints.resume(TrainingLength.steps(steps)));
        }

        @Override
        public void close() {
            batches.close();
        }
    }

    @Test
    void aResumedRunIsTheUnbrokenOne(@TempDir Path folder) {
        try (ToyRun whole = new ToyRun(folder.resolve("whole"));
                ToyRun first = new ToyRun(folder.resolve("parts"));
                ToyRun second = new ToyRun(folder.resolve("parts"))) {
            whole.to(12);
            first.to(5);
            second.to(12);

            whole.model
                    .state()
                    .forEach((path, p) -> TensorAssert.assertThat(
                                    second.model.state().get(path))
                            .isEqualTo(p));
            whole.ema
                    .state()
                    .forEach((path, p) -> TensorAssert.assertThat(
                                    second.ema.state().get(path))
                            .isEqualTo(p));
        }
    }

    @Test
    void aSavedModelDrawsTheSameImages(@TempDir Path folder) {
        PixelCnn.Config config =
                new PixelCnn.Config(new PixelCnn.Grid(5, 6, 3, 16), 2, 0, new PixelCnn.Size(6, 1, 3), 2);
        PixelCnn model = new PixelCnn(config, Rng.of(4));
        Path file = folder.resolve("model.safetensors");
        PixelCnnPipeline.save(file, config, TWO, model.state(), Map.of("seed", "4"));

        PixelCnnPipeline loaded = PixelCnnPipeline.load(folder);
        var request = PixelCnnPipeline.Request.of(List.of(0, 1, 2)).withSeed(9);
        List<Image> before = new PixelCnnPipeline(model, TWO).generate(request, DrawingListener.silent());
        List<Image> after = loaded.generate(request, DrawingListener.silent());

        assertThat(loaded.classes()).isEqualTo(TWO);
        for (int i = 0; i < 3; i++) {
            assertThat(after.get(i)).isEqualTo(before.get(i));
        }
    }

    @Test
    void aModelThatSawEachClassIsNotAskedForNone() {
        PixelCnn.Config config =
                new PixelCnn.Config(new PixelCnn.Grid(4, 4, 1, 4), 0, 0, new PixelCnn.Size(6, 1, 3), 2);
        var classes = new PixelCnnPipeline.Classes(List.of("one", "two"), LabelDropout.NONE);
        var pipeline = new PixelCnnPipeline(new PixelCnn(config, Rng.of(4)), classes);
        var request = PixelCnnPipeline.Request.of(List.of(0, 1));
        var guided = request.withSampler(TokenSampler.plain().withGuidanceScale(0.5));

        assertThatThrownBy(() -> pipeline.generate(guided, DrawingListener.silent()))
                .hasMessage(
                        "PixelCnnPipeline: guidance must be 0 for a model trained with label dropout 0, which saw no"
                                + " image without its class, got 0.5");
        assertThatThrownBy(() -> pipeline.complete(
                        Tensor.zeros(1, 4, 4, 1),
                        2,
                        PixelCnnPipeline.Request.of(List.of(2)), // none
                        DrawingListener.silent()))
                .hasMessageStartingWith("PixelCnnPipeline: each image must have a class");
        assertThat(pipeline.generate(request, DrawingListener.silent())).hasSize(2);
    }

    @Test
    void completedImagesKeepTheirUpperPart() {
        PixelCnn.Config config =
                new PixelCnn.Config(new PixelCnn.Grid(6, 6, 1, 256), 2, 0, new PixelCnn.Size(6, 1, 3), 2);
        PixelCnnPipeline pipeline = new PixelCnnPipeline(new PixelCnn(config, Rng.of(4)), TWO);
        Tensor image = Rng.of(1).uniform(Shape.of(1, 6, 6, 1)).affine(2, -1);
        Image given = org.atelier4j.image.PixelRange.SIGNED.toImages(image).get(0);

        Image done = pipeline.complete(image, 3, PixelCnnPipeline.Request.of(List.of(1)), DrawingListener.silent())
                .get(0);

        byte[] a = new byte[36];
        byte[] b = new byte[36];
        given.copyTo(a, 0);
        done.copyTo(b, 0);
        assertThat(Arrays.copyOf(b, 18)).isEqualTo(Arrays.copyOf(a, 18));
        assertThat(Arrays.copyOfRange(b, 18, 36)).isNotEqualTo(Arrays.copyOfRange(a, 18, 36));
    }

    @Test
    void bitsPerDimensionAreTheMeanAndTheEntropyIsThatOfEachPlace() {
        byte[] pixels = {0, 0, 0, (byte) 255, 0, 0, 0, (byte) 255
        }; // 4 images (1, 2, 1): first 0 always, second 0 or 255
        Dataset data = Dataset.of(List.of("x", "y"), Shape.of(1, 2, 1), pixels, new int[] {0, 1, 1, 0});
        PixelCnn model = new PixelCnn(new PixelCnn.Config(new PixelCnn.Grid(1, 2, 1, 32), 0, 0, SIZE, 2), Rng.of(5));
        BitsPerDimension bits = BitsPerDimension.of(model, new PixelLevels(5), data, 3);
        Tensor values = Tensor.of(new int[] {0, 0, 0, 31, 0, 0, 0, 31}, 4, 1, 2, 1);

        assertThat(bits.marginal()).isCloseTo(0.5, within(1e-12));
        assertThat(bits.model())
                .isCloseTo(
                        model.bitsPerDimension(values, Tensor.of(new int[] {0, 1, 1, 0}, 4))
                                .item(),
                        within(1e-5));
        assertThat(bits.images()).isEqualTo(4);
        assertThat(new BitsPerDimension(1.5, 3, 10))
                .hasToString(
                        "1.5000 bits per dimension, 0.500 of the 3.0000 that pixels by themselves take (10 images)");
    }

    @Test
    void levelsAreTheHighestBits() {
        Tensor bytes = Tensor.arange(256).to(org.atelier4j.tensor.DType.FLOAT32).affine(1 / 127.5, -1);
        for (int bits = 1; bits <= 8; bits++) {
            PixelLevels levels = new PixelLevels(bits);
            int shift = 8 - bits;
            assertThat(levels.quantize(bytes).toInts())
                    .isEqualTo(IntStream.range(0, 256).map(v -> v >> shift).toArray());
            Tensor all = Tensor.arange(levels.count());
            TensorAssert.assertThat(levels.quantize(levels.toImages(all))).isEqualTo(all);
        }
    }

    @Test
    void saysWhatItTakes() {
        PixelCnn model = tiny(1, 0);
        Tensor two = Tensor.of(new int[] {0, 1, 2, 0}, 1, 2, 2, 1);
        Tensor label = Tensor.of(new int[] {0}, 1);

        assertThatThrownBy(() -> model.nats(two, label)).hasMessage("PixelCnn: values must lie in [0, 2), got 2");
        assertThatThrownBy(() -> model.nats(Tensor.of(new int[6], 1, 3, 2, 1), label))
                .hasMessage("PixelCnn: values must have shape (B, 2, 2, 1), got [1, 3, 2, 1]");
        assertThatThrownBy(() -> model.nats(Tensor.of(new int[4], 1, 2, 2, 1), Tensor.of(new int[] {3}, 1)))
                .hasMessage("GatedPixelCnn: labels must lie in [0, 2], got 3");
        assertThatThrownBy(() -> new PixelLevels(9)).hasMessage("PixelLevels: bits must lie in [1, 8], got 9");
        assertThatThrownBy(() -> new PixelCnn.Config(new PixelCnn.Grid(2, 2, 3, 8), 0, 4, SIZE, 0))
                .hasMessage("PixelCnn: an embedding is for codes, with 1 channel and no mixture, got 3 channels and 0"
                        + " components");
        assertThatThrownBy(() ->
                        new PixelCnn(new PixelCnn.Config(new PixelCnn.Grid(2, 2, 3, 8), 0, 0, SIZE, 0), Rng.of(1)))
                .hasMessage("GatedPixelCnn: in, out and width must be multiples of the 3 colors, got 3, 24 and 8");
        assertThatThrownBy(() ->
                        new PixelCnnPipeline(model, new PixelCnnPipeline.Classes(List.of("one"), LabelDropout.NONE)))
                .hasMessage("PixelCnnPipeline: there must be 2 class names, got 1");
        assertThatThrownBy(() -> new PixelCnnStep.Settings(new PixelLevels(5), 1, GradientClip.NONE, Rng.of(1)))
                .hasMessage("PixelCnnStep: labelDropout must lie in [0, 1), got 1.0");
    }
}
