package org.atelier4j.autoregressive.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.atelier4j.autoregressive.CodePrior;
import org.atelier4j.autoregressive.CodeSpace;
import org.atelier4j.autoregressive.Decoding;
import org.atelier4j.autoregressive.DrawingListener;
import org.atelier4j.autoregressive.TokenSampler;
import org.atelier4j.autoregressive.pixel.PixelCnn;
import org.atelier4j.autoregressive.pixel.PixelCnnPrior;
import org.atelier4j.autoregressive.transformer.CausalTransformer;
import org.atelier4j.autoregressive.transformer.MaskedTransformer;
import org.atelier4j.autoregressive.transformer.TransformerConfig;
import org.atelier4j.image.Image;
import org.atelier4j.image.PixelRange;
import org.atelier4j.io.SafeTensors;
import org.atelier4j.model.LabelDropout;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CodePipelineTest {
    private static final CodeSpace SPACE = new CodeSpace(9, 4, 4, 2);
    private static final PatchTokenizer CODEC = new PatchTokenizer(9, "a1b2c3d4e5f6a7b8");
    private static final List<String> NAMES = List.of("circle", "square");
    private static final TransformerConfig SIZES = TransformerConfig.of(16, 2, 2);

    private static PriorConfig config(PriorKind kind) {
        Record network = switch (kind) {
            case TRANSFORMER -> new CausalTransformer.Config(SPACE, SIZES);
            case MASKGIT -> new MaskedTransformer.Config(SPACE, SIZES, 0.1);
            case PIXELCNN -> PixelCnnPrior.config(SPACE, new PixelCnn.Size(8, 1, 3));
        };
        return new PriorConfig(kind, network, CODEC.hash(), NAMES, LabelDropout.USUAL);
    }

    private static CodePrior prior(PriorKind kind) {
        CodePrior prior = config(kind).make(Rng.of(1));
        prior.network()
                .parameters()
                .forEach((path, p) ->
                        p.assign(Rng.of(3).split(path).normal(p.shape()).mul(0.4)));
        return prior;
    }

    private static CodePipeline pipeline(PriorKind kind) {
        return new CodePipeline(CODEC, prior(kind), config(kind));
    }

    private static Image picture() {
        byte[] pixels = new byte[64];
        for (int i = 0; i < 64; i++) {
            pixels[i] = (byte) (i * 37 % 256);
        }
        return Image.of(8, 8, 1, pixels);
    }

    @ParameterizedTest
    @EnumSource
    void anImageDependsOnTheSeedAndItsNumberAlone(PriorKind kind) {
        List<Integer> labels = new ArrayList<>(Collections.nCopies(70, 1)); // more than one batch
        labels.set(3, 0);
        GenerateRequest many = GenerateRequest.of(70).withLabels(labels).withSeed(5);
        try (CodePipeline pipeline = pipeline(kind)) {
            Tensor all = pipeline.generate(many).tensor();
            Tensor few = pipeline.generate(GenerateRequest.of(4)
                            .withLabels(labels.subList(0, 4))
                            .withSeed(5))
                    .tensor();
            Tensor other = pipeline.generate(GenerateRequest.of(4)
                            .withLabels(labels.subList(0, 4))
                            .withSeed(6))
                    .tensor();

            TensorAssert.assertThat(all).hasShape(70, 8, 8, 1);
            TensorAssert.assertThat(few).isEqualTo(all.slice(0, 0, 4));
            assertThat(other.sub(few).abs().max().item()).isGreaterThan(0.1);
            assertThat(all.slice(0, 66, 1).sub(all.slice(0, 2, 1)).abs().max().item())
                    .as("images of the second batch have streams of their own")
                    .isGreaterThan(0.1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void threadsGetWhatOneThreadGets(PriorKind kind) throws Exception {
        GenerateRequest request = GenerateRequest.of(3).withLabels(List.of(1)).withSeed(2);
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try (CodePipeline pipeline = pipeline(kind)) {
            Tensor expected = pipeline.generate(request).tensor();
            List<Future<Tensor>> results = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                results.add(threads.submit(() -> pipeline.generate(request).tensor()));
            }
            for (Future<Tensor> result : results) {
                TensorAssert.assertThat(result.get()).isEqualTo(expected);
            }
        } finally {
            threads.shutdown();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSavedPriorDrawsTheSameImages(PriorKind kind, @TempDir Path folder) {
        Path file = folder.resolve("model.safetensors");
        CodePrior prior = prior(kind);
        GenerateRequest request = GenerateRequest.of(3).withLabels(List.of(0)).withSeed(2);
        CodePipeline.save(file, config(kind), prior.network().state(), DType.FLOAT32, Map.of("seed", "1"));
        try (CodePipeline original = new CodePipeline(CODEC, prior, config(kind));
                CodePipeline loaded = CodePipeline.load(CODEC, folder)) {
            TensorAssert.assertThat(loaded.generate(request).tensor())
                    .isEqualTo(original.generate(request).tensor());
            assertThat(loaded.config()).isEqualTo(config(kind));
            try (SafeTensors saved = SafeTensors.open(file)) {
                assertThat(saved.metadata()).containsEntry("seed", "1").containsEntry("kind", kind.label());
            }
        }
    }

    @Test
    void halfPrecisionTakesHalfOfTheSpaceAndChangesWeightsByLessThanAPercent(@TempDir Path folder) throws Exception {
        PriorConfig config = config(PriorKind.TRANSFORMER);
        Map<String, Tensor> weights = prior(PriorKind.TRANSFORMER).network().state();
        CodePipeline.save(folder.resolve("whole"), config, weights, DType.FLOAT32, Map.of());
        CodePipeline.save(folder.resolve("half"), config, weights, DType.BFLOAT16, Map.of());
        long whole = Files.size(folder.resolve("whole"));
        long half = Files.size(folder.resolve("half"));
        long values = prior(PriorKind.TRANSFORMER).network().parameterCount();

        assertThat(whole - half).isBetween(2 * values - 100, 2 * values + 100);
        try (SafeTensors saved = SafeTensors.open(folder.resolve("half"))) {
            weights.forEach(
                    (path, t) -> TensorAssert.assertThat(saved.tensor(path).to(DType.FLOAT32))
                            .isCloseTo(t.detach(), 0.005, 0));
        }
        CodePipeline.load(CODEC, folder.resolve("half")).close();
    }

    @ParameterizedTest
    @EnumSource
    void onlyCodesUnderTheMaskAreDrawn(PriorKind kind) {
        Image image = picture();
        Image mask = CompleteRequest.rectangle(image, 3, 5, 2, 1); // touches codes (2, 1) and (2, 2)
        CompleteRequest request = CompleteRequest.of(image, mask)
                .withCount(5)
                .withLabels(List.of(1))
                .withDecoding(Decoding.standard().withSteps(2));
        try (CodePipeline pipeline = pipeline(kind)) {
            int[] drawn = pipeline.complete(request).grid().codes().toInts();
            int[] given = CODEC.tokenize(PixelRange.SIGNED.toTensor(List.of(image)))
                    .codes()
                    .toInts();
            int changed = 0;
            for (int i = 0; i < drawn.length; i++) {
                boolean open = i % 16 == 9 || i % 16 == 10;
                if (open) {
                    changed += drawn[i] == given[i % 16] ? 0 : 1;
                } else {
                    assertThat(drawn[i]).isEqualTo(given[i % 16]);
                }
            }
            assertThat(changed).isPositive();
        }
    }

    @Test
    void pixelsOutsideOfTheMaskCanBeKept() {
        Image image = picture();
        Image mask = CompleteRequest.rectangle(image, 0, 4, 8, 4);
        CompleteRequest request = CompleteRequest.of(image, mask).withSeed(3);
        try (CodePipeline pipeline = pipeline(PriorKind.MASKGIT)) {
            Tensor decoded = pipeline.complete(request).tensor();
            Tensor kept = pipeline.complete(request.withKeepPixels(true)).tensor();
            Tensor original = PixelRange.SIGNED.toTensor(List.of(image));

            TensorAssert.assertThat(kept.slice(1, 0, 4)).isEqualTo(original.slice(1, 0, 4));
            TensorAssert.assertThat(kept.slice(1, 4, 4)).isEqualTo(decoded.slice(1, 4, 4));
            assertThat(decoded.slice(1, 0, 4)
                            .sub(original.slice(1, 0, 4))
                            .abs()
                            .max()
                            .item())
                    .isGreaterThan(0.05);
        }
    }

    @Test
    void largerGridsAreDrawnThroughASlidingWindow() {
        try (CodePipeline pipeline = pipeline(PriorKind.TRANSFORMER)) {
            TensorAssert.assertThat(pipeline.generate(GenerateRequest.of(2).withGrid(4, 7))
                            .tensor())
                    .hasShape(2, 8, 14, 1);
        }
        try (CodePipeline pipeline = pipeline(PriorKind.MASKGIT)) {
            assertThatThrownBy(() -> pipeline.generate(GenerateRequest.of(2).withGrid(4, 7)))
                    .hasMessage("MaskedPrior: grids must be 4 x 4 codes, as trained, got 4 x 7");
        }
    }

    @Test
    void progressCountsOverAllBatchesAndFalseCancels() {
        List<Integer> steps = new ArrayList<>();
        try (CodePipeline pipeline = pipeline(PriorKind.MASKGIT)) {
            pipeline.generate(GenerateRequest.of(65), p -> steps.add(p.step() * 100 + p.steps()));
            assertThat(steps).hasSize(16).startsWith(116, 216).endsWith(1516, 1616);

            assertThatThrownBy(() -> pipeline.generate(GenerateRequest.of(1), p -> false))
                    .isInstanceOf(CancellationException.class);
            assertThat(pipeline.generate(GenerateRequest.of(1)).images()).hasSize(1); // still in order
        }
    }

    @Test
    void aClosedPipelineRefusesAndTheCallersPriorLivesOn() {
        CodePrior prior = prior(PriorKind.MASKGIT);
        CodePipeline pipeline = new CodePipeline(CODEC, prior, config(PriorKind.MASKGIT));
        assertThat(prior.network().isTraining()).isFalse();
        pipeline.close();
        pipeline.close();

        assertThat(prior.network().isTraining()).isTrue();
        assertThat(prior.network().parameters().values().iterator().next().toFloats())
                .isNotEmpty();
        assertThatThrownBy(() -> pipeline.generate(GenerateRequest.of(1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("CodePipeline: must be open, was closed");
    }

    @Test
    void aPriorIsNeverJoinedWithAnotherCodebook(@TempDir Path folder) {
        Path file = folder.resolve("prior.safetensors");
        CodePrior prior = prior(PriorKind.MASKGIT);
        CodePipeline.save(file, config(PriorKind.MASKGIT), prior.network().state(), DType.FLOAT32, Map.of());

        assertThatThrownBy(() -> CodePipeline.load(new PatchTokenizer(9, "ffffffffffffffff"), file))
                .hasMessage(
                        "CodePipeline: the prior learned the codes of codebook a1b2c3d4e5f6, so the codec must have it,"
                                + " got ffffffffffff");
        assertThatThrownBy(() -> CodePipeline.load(new PatchTokenizer(8, CODEC.hash()), file))
                .hasMessageEndingWith("and 8 codes");
    }

    @Test
    void aPriorThatSawEachClassIsNotAskedForNone(@TempDir Path folder) {
        PriorConfig usual = config(PriorKind.TRANSFORMER);
        PriorConfig config = new PriorConfig(usual.kind(), usual.network(), usual.codebook(), NAMES, LabelDropout.NONE);
        CodePrior prior = prior(PriorKind.TRANSFORMER);
        CodePipeline.save(
                folder.resolve("model.safetensors"), config, prior.network().state(), DType.FLOAT32, Map.of());
        Image image = picture();
        Image mask = CompleteRequest.rectangle(image, 0, 4, 8, 4);
        Decoding guided = Decoding.standard().withSampler(TokenSampler.plain().withGuidanceScale(1));
        GenerateRequest circles = GenerateRequest.of(2).withLabels(List.of(0));
        try (CodePipeline pipeline = CodePipeline.load(CODEC, folder)) {
            assertThat(pipeline.config().allowsGuidance()).isFalse();
            assertThatThrownBy(() -> pipeline.generate(circles.withDecoding(guided)))
                    .hasMessageStartingWith(
                            "CodePipeline: guidance must be 0 for a model trained with label dropout 0");
            assertThatThrownBy(() -> pipeline.complete(CompleteRequest.of(image, mask)))
                    .hasMessageStartingWith("CodePipeline: each image must have a class");
            assertThat(pipeline.generate(circles).images()).hasSize(2);
        }
    }

    @Test
    void errorsNameTheNumbers(@TempDir Path folder) {
        Image image = picture();
        Image mask = CompleteRequest.rectangle(image, 0, 0, 1, 1);
        try (CodePipeline pipeline = pipeline(PriorKind.MASKGIT)) {
            assertThatThrownBy(() -> pipeline.generate(GenerateRequest.of(1).withLabels(List.of(2))))
                    .hasMessage("CodePipeline: labels must lie in [0, 2), got 2");
            Image wide = Image.filled(10, 8, 1, 0);
            assertThatThrownBy(() ->
                            pipeline.complete(CompleteRequest.of(wide, CompleteRequest.rectangle(wide, 0, 0, 1, 1))))
                    .hasMessageStartingWith(
                            "CodePipeline: the image must become a grid of [4, 4] codes, as trained, got one of [4,"
                                    + " 5]");
            Image color = Image.filled(8, 8, 3, 0);
            assertThatThrownBy(() -> pipeline.complete(CompleteRequest.of(color, mask)))
                    .hasMessage("PatchTokenizer: images must be (H, W, 1), got [8, 8, 3]");
        }
        assertThatThrownBy(() -> GenerateRequest.of(0)).hasMessage("GenerateRequest: count must be >= 1, got 0");
        assertThatThrownBy(() -> GenerateRequest.of(3).withLabels(List.of(0, 1)))
                .hasMessage("GenerateRequest: labels must be none, one, or one for each of the 3 images, got 2");
        Decoding guided = Decoding.standard().withSampler(TokenSampler.plain().withGuidanceScale(1));
        assertThatThrownBy(() -> GenerateRequest.of(3).withDecoding(guided))
                .hasMessage("GenerateRequest: guidanceScale must be 0 without labels, got 1.0");
        assertThatThrownBy(() -> CompleteRequest.of(image, Image.filled(7, 8, 1, 255)))
                .hasMessage("CompleteRequest: mask must be 8 x 8 with 1 channel, as the image, got 7 x 8 with 1");
        assertThatThrownBy(() -> CompleteRequest.of(image, Image.filled(8, 8, 1, 127)))
                .hasMessage("CompleteRequest: mask must cover at least one pixel, all are below 128");
        assertThatThrownBy(() -> Decoding.standard().withSteps(0)).hasMessage("Decoding: steps must be >= 1, got 0");
        assertThatThrownBy(() -> Decoding.standard().withConfidenceNoise(-1))
                .hasMessage("Decoding: confidenceNoise must be >= 0 and finite, got -1.0");
        assertThatThrownBy(() -> new PriorConfig(
                        PriorKind.MASKGIT, config(PriorKind.MASKGIT).network(), "", List.of(), LabelDropout.USUAL))
                .hasMessage("PriorConfig: there must be 2 class names, got 0");
        Path foreign = folder.resolve("foreign.safetensors");
        SafeTensors.write(foreign, Map.of("x", Tensor.zeros(1)), Map.of("class", "Other"));
        assertThatThrownBy(() -> CodePipeline.load(CODEC, foreign))
                .hasMessageContaining("must hold a prior, with kind, network, codebookHash and classNames");
        assertThatThrownBy(() -> PriorKind.of("gan"))
                .hasMessage("PriorKind: name must be one of transformer, maskgit, pixelcnn, got gan");
    }

    @Test
    void listenersAreToldOfCodesStillOpen() {
        List<Long> open = new ArrayList<>();
        DrawingListener watch = p -> {
            long count = 0;
            for (int code : p.codes().toInts()) {
                count += code < 0 ? 1 : 0;
            }
            return open.add(count);
        };
        try (CodePipeline pipeline = pipeline(PriorKind.MASKGIT)) {
            pipeline.generate(
                    GenerateRequest.of(1).withDecoding(Decoding.standard().withSteps(4)), watch);
        }
        assertThat(open).containsExactly(14L, 11L, 6L, 0L); // ⌊16·cos(πt/8)⌋
    }

    @Test
    void aPreviewIsGrayWhereCodesAreOpen() {
        int[] codes = new int[16];
        Arrays.fill(codes, 8); // white
        codes[6] = -1; // row 1, column 2
        try (CodePipeline pipeline = pipeline(PriorKind.MASKGIT)) {
            float[] pixels = pipeline.preview(Tensor.of(codes, 1, 4, 4)).toFloats();
            for (int i = 0; i < 64; i++) {
                boolean open = i / 8 / 2 == 1 && i % 8 / 2 == 2;
                assertThat(pixels[i]).as("pixel %d", i).isEqualTo(open ? 0f : 1f);
            }
        }
    }
}
