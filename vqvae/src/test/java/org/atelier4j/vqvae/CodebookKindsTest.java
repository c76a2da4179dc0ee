package org.atelier4j.vqvae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.atelier4j.io.Json;
import org.atelier4j.model.CodeGrid;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for codebooks of all kinds. */
class CodebookKindsTest {
    private static final AutoencoderConfig NETWORK = new AutoencoderConfig(1, 4, List.of(1, 2), 1, 2, false, 4);

    static Stream<CodebookConfig> kinds() {
        return Stream.of(
                NearestCodebook.Config.lively(16, 4),
                new GumbelCodebook.Config(
                        16, 4, Annealing.cosine(9), Annealing.constant(0.5), GumbelCodebook.Sample.SOFT, 1e-3, 0.1),
                new FiniteScalar.Config(List.of(4, 3, 5)),
                LookupFree.Config.standard(5),
                Residual.Config.of(NearestCodebook.Config.paper(8, 3), 2),
                new Residual.Config(LookupFree.Config.standard(3), 3, 2, 0));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aConfigComesBackFromItsText(CodebookConfig config) {
        String text = Json.write(config.toTree());

        assertThat(CodebookConfig.ofTree(Json.object(Json.parse(text), "text"))).isEqualTo(config);
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void trainingAndEvaluationAgreeOnShapesAndCodesLieInTheirRange(CodebookConfig config) {
        Codebook codebook = config.make(Rng.of(1));
        Tensor latents = Rng.of(2).normal(Shape.of(2, 3, 4, config.width())); // (B, h, w, D)
        codebook.start(latents, Rng.of(3));

        Quantization chosen = codebook.quantize(latents.requireGradient(), 0, Rng.of(4));
        Tensor codes = codebook.codes(latents);

        TensorAssert.assertThat(chosen.quantized()).hasShape(latents.shape());
        TensorAssert.assertThat(codes).hasShape(codebook.gridShape(3, 4).insert(0, 2));
        TensorAssert.assertThat(chosen.codes()).hasShape(codes.shape());
        TensorAssert.assertThat(codebook.lookup(codes).detach()).hasShape(latents.shape());
        for (int code : codes.toInts()) {
            assertThat(code).isBetween(0, config.size() - 1);
        }
        codebook.learn(latents, chosen, Rng.of(5));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void theHashIsThatOfTheVectorsAndTheConfig(CodebookConfig config) {
        Codebook codebook = config.make(Rng.of(1));
        String before = codebook.hash();

        Codebook same = config.make(Rng.of(9));
        same.load(codebook.state());
        assertThat(same.hash()).isEqualTo(before);
        if (!codebook.identity().isEmpty()) {
            Tensor some = codebook.identity().values().iterator().next();
            some.assign(some.detach().add(1));
            assertThat(codebook.hash()).isNotEqualTo(before);
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aVqVaeOfItIsSavedAndTokenizesTheSame(CodebookConfig config, @TempDir Path folder) {
        VqVaeConfig whole = VqVaeConfig.of(NETWORK, config);
        VqVae model = new VqVae(whole, Rng.of(1));
        Tensor images = Rng.of(2).uniform(Shape.of(2, 8, 8, 1)).affine(2, -1);
        Path file = folder.resolve("model.safetensors");

        VqVae.save(file, whole, model.state(), Map.of());
        VqVae loaded = VqVae.load(file);

        CodeGrid grid = model.tokenize(images);
        TensorAssert.assertThat(loaded.tokenize(images).codes()).isIdenticalTo(grid.codes());
        TensorAssert.assertThat(loaded.detokenize(grid)).isIdenticalTo(model.detokenize(grid));
        assertThat(grid.codes().shape())
                .isEqualTo(model.gridShape(Shape.of(8, 8, 1)).insert(0, 2));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void codesOutsideTheCodebookAreRefusedByNumber(CodebookConfig config) {
        Codebook codebook = config.make(Rng.of(1));
        int size = config.size();
        CodeGrid outside = new CodeGrid(Tensor.of(new int[] {0, size}, 1, 1, 2), size);

        assertThatThrownBy(() -> codebook.checked(outside))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Codebook: codes must lie in [0, %d), got %d at position 1 of grid [1, 1, 2]", size, size);
    }

    @Test
    void aKindThatDoesNotExistIsNamed() {
        assertThatThrownBy(() -> CodebookConfig.ofTree(Map.of("kind", "lossy")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("CodebookConfig: kind must be nearest, gumbel, finite-scalar, lookup-free or residual, got"
                        + " lossy");
    }
}
