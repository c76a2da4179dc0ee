package org.atelier4j.diffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.atelier4j.diffusion.NoiseSchedule;
import org.atelier4j.diffusion.Prediction;
import org.atelier4j.diffusion.pipeline.DiffusionPipeline.Request;
import org.atelier4j.diffusion.pipeline.DiffusionPipeline.Result;
import org.atelier4j.diffusion.unet.UNet;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.atelier4j.io.SafeTensors;
import org.atelier4j.model.LabelDropout;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DiffusionPipelineTest {
    private static final List<String> NAMES = List.of("boot", "bag", "coat");
    private static final UNetConfig SIZES = new UNetConfig(
            new UNetConfig.Images(8, 8, 1, 1),
            new UNetConfig.Channels(8, List.of(1, 2), 1, 4),
            new UNetConfig.Attention(List.of(4), 1),
            new UNetConfig.Conditions(3, 0),
            0.2);

    @TempDir
    private Path folder;

    static List<Objective> objectives() {
        return List.of(
                Objective.Discrete.standard(),
                new Objective.Discrete(NoiseSchedule.Kind.LINEAR, 500, true, Prediction.V, 0),
                new Objective.Discrete(NoiseSchedule.Kind.SIGMOID, 1000, false, Prediction.EPSILON, 5),
                Objective.Edm.paper(),
                new Objective.Flow(0, 1),
                new Objective.Flow(0, 0));
    }

    private static UNet network() {
        UNet unet = new UNet(SIZES, Rng.of(1));
        int[] i = new int[1];
        unet.parameters().forEach((path, p) -> {
            if (p.abs().max().item() == 0) {
                p.assign(Rng.of(2).split(i[0]++).normal(p.shape()).mul(0.1));
            }
        });
        return unet;
    }

    private static DiffusionPipeline pipeline() {
        return new DiffusionPipeline(
                network(), new PipelineConfig(SIZES, Objective.Discrete.standard(), NAMES, LabelDropout.USUAL));
    }

    private static Request request() {
        return Request.of(3)
                .withLabels(List.of(0, 1, 2))
                .withSampler(SamplerKind.DDIM, 4)
                .withSeed(9);
    }

    @ParameterizedTest
    @MethodSource("objectives")
    void aSavedModelDrawsTheSameImagesAndSavesTheSameBytes(Objective objective) throws IOException {
        PipelineConfig config = new PipelineConfig(SIZES, objective, NAMES, LabelDropout.USUAL);
        UNet unet = network();
        Path file = folder.resolve("model.safetensors");
        Path again = folder.resolve("again.safetensors");
        DiffusionPipeline.save(file, config, unet.state(), Map.of("seed", "1"));
        Request request = Request.of(3).withLabels(List.of(1)).withSampler(SamplerKind.HEUN, 3);

        try (DiffusionPipeline original = new DiffusionPipeline(unet, config);
                DiffusionPipeline loaded = DiffusionPipeline.load(file);
                DiffusionPipeline fromFolder = DiffusionPipeline.load(folder)) {
            assertThat(loaded.config()).isEqualTo(config);
            TensorAssert.assertThat(loaded.generate(request).tensor())
                    .isIdenticalTo(original.generate(request).tensor());
            TensorAssert.assertThat(fromFolder.generate(request).tensor())
                    .isIdenticalTo(original.generate(request).tensor());
        }
        try (SafeTensors saved = SafeTensors.open(file)) {
            assertThat(saved.metadata()).containsEntry("seed", "1").containsEntry("class", UNet.class.getName());
            DiffusionPipeline.save(again, config, SafeTensors.read(file), Map.of("seed", "1"));
        }
        assertThat(Files.readAllBytes(again)).isEqualTo(Files.readAllBytes(file));
    }

    @Test
    void everySamplerDraws() {
        try (DiffusionPipeline pipeline = pipeline()) {
            for (SamplerKind kind : SamplerKind.values()) {
                Result result = pipeline.generate(request().withSampler(kind, 3).withGuidanceScale(1.5));

                TensorAssert.assertThat(result.tensor()).hasShape(3, 8, 8, 1).isFinite();
                assertThat(result.images()).hasSize(3);
                BufferedImage image = result.images().get(2);
                assertThat(image.getWidth()).isEqualTo(8);
                assertThat(image.getType()).isEqualTo(BufferedImage.TYPE_BYTE_GRAY);
                float pixel = result.tensor().toFloats()[2 * 64 + 8 + 3]; // row 1, column 3
                int expected = (int) Math.floor(Math.max(0, Math.min(255, (pixel + 1) * 127.5 + 0.5)));
                assertThat(image.getRaster().getSample(3, 1, 0)).isEqualTo(expected);
            }
        }
    }

    @Test
    void imageIIsTheSameInARequestOfAnySize() {
        try (DiffusionPipeline pipeline = pipeline()) {
            Request many = Request.of(70).withLabels(List.of(2)).withSampler(SamplerKind.DDPM, 2);
            Request few = Request.of(66).withLabels(List.of(2)).withSampler(SamplerKind.DDPM, 2);
            Tensor all = pipeline.generate(many).tensor();
            Tensor some = pipeline.generate(few).tensor();

            TensorAssert.assertThat(some.slice(0, 0, 64)).isIdenticalTo(all.slice(0, 0, 64));
            // the second batch has another size: kernels may sum in another order there
            TensorAssert.assertThat(some.slice(0, 64, 2)).isCloseTo(all.slice(0, 64, 2), 1e-3, 1e-4);
        }
    }

    @Test
    void classesSeedsAndGuidanceChangeTheImages() {
        try (DiffusionPipeline pipeline = pipeline()) {
            Tensor base = pipeline.generate(request()).tensor();

            assertThat(distance(base, pipeline.generate(request().withSeed(10))))
                    .isGreaterThan(1e-3);
            assertThat(distance(base, pipeline.generate(request().withLabels(List.of(0)))))
                    .isGreaterThan(1e-4);
            assertThat(distance(base, pipeline.generate(request().withLabels(List.of()))))
                    .isGreaterThan(1e-4);
            assertThat(distance(base, pipeline.generate(request().withGuidanceScale(3))))
                    .isGreaterThan(1e-4);
            assertThat(distance(base, pipeline.generate(request()))).isZero();
        }
    }

    @Test
    void requestsForClassesBeginWithGuidanceAndOthersHaveNone() {
        assertThat(Request.of(2).guidanceScale()).isZero();
        assertThat(Request.of(2).withLabels(List.of(1)).guidanceScale()).isEqualTo(Request.GUIDANCE);
        assertThat(request().withGuidanceScale(0).withLabels(List.of(1)).guidanceScale())
                .isZero();
        assertThat(request().withGuidanceScale(3).withLabels(List.of(1)).guidanceScale())
                .isEqualTo(3);
        assertThat(request().withLabels(List.of()).guidanceScale()).isZero();
    }

    @Test
    void itCountsHowOftenTheNetworkRan() {
        try (DiffusionPipeline pipeline = pipeline()) {
            Request plain = Request.of(65).withLabels(List.of(1)).withSampler(SamplerKind.DDIM, 2);

            assertThat(pipeline.generate(plain.withGuidanceScale(0)).forwards()).isEqualTo(2);
            assertThat(pipeline.generate(plain.withGuidanceScale(2)).forwards()).isEqualTo(4);
            assertThat(pipeline.generate(request().withGuidanceScale(0).withSampler(SamplerKind.HEUN, 3))
                            .forwards())
                    .isEqualTo(5); // the last step needs no second run
        }
    }

    @Test
    void manyThreadsGetWhatOneGets() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (DiffusionPipeline pipeline = pipeline()) {
            Tensor expected = pipeline.generate(request()).tensor();
            List<Future<Result>> results = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                long seed = i % 2 == 0 ? 9 : 1000 + i;
                results.add(threads.submit(() -> pipeline.generate(request().withSeed(seed))));
            }
            for (int i = 0; i < 8; i++) {
                Tensor got = results.get(i).get().tensor();
                if (i % 2 == 0) {
                    TensorAssert.assertThat(got).isIdenticalTo(expected);
                }
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void progressCountsOverAllBatchesAndCanCancel() {
        try (DiffusionPipeline pipeline = pipeline()) {
            List<String> seen = new ArrayList<>();
            Request two = Request.of(65).withSampler(SamplerKind.DDIM, 2);
            pipeline.generate(two, p -> seen.add(p.step() + "/" + p.steps() + " " + p.x0().dim(0)));
            assertThat(seen).containsExactly("1/4 64", "2/4 64", "3/4 1", "4/4 1");

            assertThatThrownBy(() -> pipeline.generate(request(), p -> p.step() < 2))
                    .isInstanceOf(CancellationException.class);
            assertThat(pipeline.generate(request()).images()).hasSize(3); // and it goes on working
        }
    }

    @Test
    void aPipelineLeavesTheNetworkInTheModeItFound() {
        UNet unet = network();
        PipelineConfig config = new PipelineConfig(SIZES, Objective.Discrete.standard(), NAMES, LabelDropout.USUAL);
        try (DiffusionPipeline pipeline = new DiffusionPipeline(unet, config)) {
            assertThat(unet.isTraining()).isFalse();
            assertThat(distance(pipeline.generate(request()).tensor(), pipeline.generate(request())))
                    .isZero(); // dropout is off
        }
        assertThat(unet.isTraining()).isTrue();
        assertThat(unet.parameters().values()).noneMatch(p -> p.storage().isReleased());
    }

    @Test
    void aClosedPipelineRefuses() {
        DiffusionPipeline pipeline = pipeline();
        pipeline.close();
        pipeline.close();

        assertThatThrownBy(() -> pipeline.generate(request()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("DiffusionPipeline: must be open, was closed");
    }

    /** What stands for "no class" is as the random numbers made it, so that nothing is drawn with it. */
    @Test
    void aModelThatSawEachClassIsNotAskedForNone() {
        Path file = folder.resolve("model.safetensors");
        PipelineConfig config = new PipelineConfig(SIZES, Objective.Discrete.standard(), NAMES, LabelDropout.NONE);
        DiffusionPipeline.save(file, config, network().state(), Map.of());
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(file)) {
            assertThat(pipeline.config().allowsGuidance()).isFalse();
            assertThatThrownBy(() -> pipeline.generate(request()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("DiffusionPipeline: guidance must be 0 for a model trained with label dropout 0, which"
                            + " saw no image without its class, got 1.0");
            assertThatThrownBy(() -> pipeline.generate(Request.of(2)))
                    .hasMessage("DiffusionPipeline: each image must have a class for a model trained with label dropout"
                            + " 0, which saw none without, got images of no class");
            assertThat(pipeline.generate(request().withGuidanceScale(0)).images())
                    .hasSize(3);
        }
    }

    /** Files of models from before it was noted: a tenth was the rule. */
    @Test
    void aFileThatDoesNotSayHowManyClassesWereHiddenIsGuided() {
        Path file = folder.resolve("model.safetensors");
        PipelineConfig config = new PipelineConfig(SIZES, Objective.Discrete.standard(), NAMES, LabelDropout.NONE);
        Map<String, String> texts = config.toMetadata();
        texts.remove("labelDropout");
        texts.put("class", UNet.class.getName());
        SafeTensors.write(file, network().state(), texts);

        try (DiffusionPipeline pipeline = DiffusionPipeline.load(file)) {
            assertThat(pipeline.config().labelDropout()).isEqualTo(LabelDropout.USUAL);
            assertThat(pipeline.generate(request()).forwards()).isEqualTo(8); // four steps, twice each
        }
    }

    @Test
    void errorsNameTheNumbers() {
        try (DiffusionPipeline pipeline = pipeline()) {
            assertThatThrownBy(() -> pipeline.generate(Request.of(1).withLabels(List.of(3))))
                    .hasMessage("DiffusionPipeline: labels must lie in [0, 3), got 3");
            assertThatThrownBy(() -> pipeline.generate(Request.of(1).withSampler(SamplerKind.DDIM, 1001)))
                    .hasMessage("NoiseSchedule.spaced: count must lie in [1, 1000], got 1001");
        }
        assertThatThrownBy(() -> Request.of(0)).hasMessage("Request: count and steps must be >= 1, got 0 and 10");
        assertThatThrownBy(() -> Request.of(3).withLabels(List.of(1, 2)))
                .hasMessage("Request: labels must be none, one, or one for each of the 3 images, got 2");
        assertThatThrownBy(() -> Request.of(3).withGuidanceScale(1))
                .hasMessage("Request: guidanceScale must be 0 without labels, got 1.0");
        assertThatThrownBy(() -> request().withGuidanceScale(-1))
                .hasMessage("Request: guidanceScale must be >= 0 and finite, got -1.0");
        assertThatThrownBy(() -> new PipelineConfig(SIZES, Objective.Edm.paper(), List.of("boot"), LabelDropout.USUAL))
                .hasMessage("PipelineConfig: there must be 3 class names, got 1");
        assertThatThrownBy(() -> SamplerKind.of("plms"))
                .hasMessage("SamplerKind: name must be one of ddpm, ddim, euler, heun, dpm-solver, sde-dpm-solver,"
                        + " got plms");
        assertThat(SamplerKind.of("DPM-solver")).isEqualTo(SamplerKind.DPM_SOLVER);
        assertThatThrownBy(() -> Objective.Edm.paper().plan((x, t, c) -> x, SamplerKind.DDIM, 4))
                .hasMessage("Edm: sampler must be euler or heun, got ddim");
        assertThatThrownBy(() -> new Objective.Flow(0, 1).plan((x, t, c) -> x, SamplerKind.DPM_SOLVER, 4))
                .hasMessage("Flow: sampler must be euler or heun, got dpm-solver");
        assertThatThrownBy(() -> new Objective.Discrete(NoiseSchedule.Kind.LINEAR, 500, true, Prediction.EPSILON, 0))
                .hasMessageContaining("needs prediction V or X0, got EPSILON");
        assertThatThrownBy(() -> DiffusionPipeline.save(
                        folder.resolve("m"),
                        new PipelineConfig(SIZES, Objective.Edm.paper(), NAMES, LabelDropout.USUAL),
                        Map.of(),
                        Map.of("network", "x")))
                .hasMessage("DiffusionPipeline.save: notes must not use the name network");
    }

    @Test
    void filesOfOthersAreRefusedInWords() throws IOException {
        Path plain = folder.resolve("plain.safetensors");
        SafeTensors.write(plain, Map.of("w", Tensor.ones(2)), Map.of("format", "pt"));
        assertThatThrownBy(() -> DiffusionPipeline.load(plain))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(
                        "metadata of " + plain + " must have network, objective and classNames, got [format]");

        Path torn = folder.resolve("torn.safetensors");
        Files.write(torn, new byte[] {1, 2, 3});
        assertThatThrownBy(() -> DiffusionPipeline.load(torn)).hasMessageContaining("torn.safetensors");
        assertThatThrownBy(() -> DiffusionPipeline.load(folder.resolve("nowhere")))
                .hasMessageContaining("nowhere");

        Path other = folder.resolve("other.safetensors");
        PipelineConfig config = new PipelineConfig(SIZES, Objective.Edm.paper(), NAMES, LabelDropout.USUAL);
        DiffusionPipeline.save(other, config, Map.of("conv_in.weight", Tensor.ones(2)), Map.of());
        assertThatThrownBy(() -> DiffusionPipeline.load(other))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("missing: conv_in.bias");
    }

    private static double distance(Tensor a, Result b) {
        return a.sub(b.tensor()).abs().max().item();
    }
}
