package org.atelier4j.vqvae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AutoencoderKlTest {
    private static final AutoencoderKl.Config TINY =
            AutoencoderKl.Config.of(new AutoencoderConfig(1, 8, List.of(1, 2), 1, 4, false, 3));

    private final AutoencoderKl model = new AutoencoderKl(TINY, Rng.of(1));
    private final Tensor images = Rng.of(2).uniform(Shape.of(2, 8, 12, 1)).affine(2, -1); // (B, H, W, C)

    private static AutoencoderKl withStd(AutoencoderKl like, double std) {
        AutoencoderKl scaled = new AutoencoderKl(TINY.withLatentStd(std), Rng.of(9));
        scaled.load(like.state());
        return scaled;
    }

    @Test
    void latentsAreAFactorSmallerAndImagesComeBackInTheirSize() {
        Tensor latents = model.encode(images);

        TensorAssert.assertThat(latents).hasShape(2, 4, 6, 3);
        assertThat(model.latentShape(Shape.of(8, 12, 1))).isEqualTo(Shape.of(4, 6, 3));
        TensorAssert.assertThat(model.decode(latents)).hasShape(2, 8, 12, 1);
    }

    @Test
    void theScaleIsAppliedInBothDirectionsAndCancels() {
        AutoencoderKl scaled = withStd(model, 2.5);

        TensorAssert.assertThat(scaled.encode(images))
                .isCloseTo(model.encode(images).div(2.5), 1e-6, 1e-7);
        TensorAssert.assertThat(scaled.decode(scaled.encode(images)))
                .isCloseTo(model.decode(model.encode(images)), 1e-4, 1e-5);
    }

    /** What users get wrong: latents of another scale come back as other images. */
    @Test
    void latentsOfAnotherScaleAreNotTheSameImages() {
        AutoencoderKl scaled = withStd(model, 2.5);

        double apart = scaled.decode(model.encode(images))
                .sub(model.decode(model.encode(images)))
                .abs()
                .max()
                .item();
        assertThat(apart).isGreaterThan(0.01);
    }

    @Test
    void measuredOnItsOwnImagesTheLatentsGetUnitVariance() {
        double std = model.encode(images).variance().sqrt().item();

        assertThat(withStd(model, std).encode(images).variance().sqrt().item()).isCloseTo(1, within(1e-5));
    }

    @Test
    void samplesScatterAroundTheMeansByTheDeviationsOfThePosterior() {
        AutoencoderKl scaled = withStd(model, 2);
        Tensor one = images.slice(0, 0, 1);
        Tensor many = one.broadcastTo(Shape.of(400, 8, 12, 1));
        Tensor expected =
                model.posterior(one).logVariance().detach().mul(0.5).exp().div(2); // (1, 4, 6, 3)

        Tensor samples = scaled.encode(many, Rng.of(3)); // (400, 4, 6, 3)

        TensorAssert.assertThat(samples.mean(0)).isCloseTo(scaled.encode(one), 0, 0.15);
        TensorAssert.assertThat(samples.variance(0).sqrt()).isCloseTo(expected, 0.2, 0);
    }

    @Test
    void aSavedModelIsTheSameAgain(@TempDir Path folder) {
        Path file = folder.resolve("model.safetensors");
        AutoencoderKl scaled = withStd(model, 1.7);

        AutoencoderKl.save(file, scaled.config(), scaled.state(), Map.of("seed", "1"));

        for (Path path : List.of(file, folder)) {
            AutoencoderKl loaded = AutoencoderKl.load(path);
            assertThat(loaded.config()).isEqualTo(scaled.config());
            TensorAssert.assertThat(loaded.encode(images)).isIdenticalTo(scaled.encode(images));
            TensorAssert.assertThat(loaded.decode(loaded.encode(images)))
                    .isIdenticalTo(scaled.decode(scaled.encode(images)));
        }
    }

    @Test
    void aFileOfAnotherModelIsRefused(@TempDir Path folder) {
        Path file = folder.resolve("other.safetensors");
        VqVaeConfig config = VqVaeConfig.of(TINY.network(), NearestCodebook.Config.paper(4, 3));
        VqVae.save(file, config, new VqVae(config, Rng.of(1)).state(), Map.of());

        assertThatThrownBy(() -> AutoencoderKl.load(file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("AutoencoderKl: " + file + " must hold one with its config, got class "
                        + VqVae.class.getName());
    }

    /** Some of the names in Stable Diffusion's checkpoint below {@code first_stage_model}, with their shapes. */
    @Test
    void parametersAreNamedAndShapedAsInStableDiffusion() {
        // a thirty-second of the width is enough to see names; shapes then follow from the multipliers
        AutoencoderConfig network = new AutoencoderConfig(3, 4, List.of(1, 2, 4, 4), 2, 2, false, 4);
        Map<String, Tensor> state = new AutoencoderKl(AutoencoderKl.Config.of(network), Rng.of(1)).state();

        assertThat(state).hasSize(248); // as many as published
        assertThat(state.get("encoder.conv_in.weight").shape()).isEqualTo(Shape.of(4, 3, 3, 3));
        assertThat(state.get("encoder.down.1.block.0.nin_shortcut.weight").shape())
                .isEqualTo(Shape.of(8, 4, 1, 1));
        assertThat(state.get("encoder.down.2.downsample.conv.bias").shape()).isEqualTo(Shape.of(16));
        assertThat(state.get("encoder.mid.attn_1.proj_out.weight").shape()).isEqualTo(Shape.of(16, 16, 1, 1));
        assertThat(state.get("encoder.conv_out.weight").shape()).isEqualTo(Shape.of(8, 16, 3, 3));
        assertThat(state.get("quant_conv.weight").shape()).isEqualTo(Shape.of(8, 8, 1, 1));
        assertThat(state.get("post_quant_conv.weight").shape()).isEqualTo(Shape.of(4, 4, 1, 1));
        assertThat(state.get("decoder.conv_in.weight").shape()).isEqualTo(Shape.of(16, 4, 3, 3));
        assertThat(state.get("decoder.up.3.block.2.norm2.weight").shape()).isEqualTo(Shape.of(16));
        assertThat(state.get("decoder.up.1.upsample.conv.weight").shape()).isEqualTo(Shape.of(8, 8, 3, 3));
        assertThat(state.get("decoder.norm_out.bias").shape()).isEqualTo(Shape.of(4));
        assertThat(state.get("decoder.conv_out.weight").shape()).isEqualTo(Shape.of(3, 4, 3, 3));
    }

    @Test
    void messagesSayWhatMustHold() {
        assertThatThrownBy(() -> model.decode(Tensor.zeros(1, 4, 4, 4)))
                .isInstanceOf(ShapeException.class)
                .hasMessage("AutoencoderKl: latents must be (B, h, w, 3), got [1, 4, 4, 4]");
        assertThatThrownBy(() -> model.encode(Tensor.zeros(1, 7, 8, 1)))
                .hasMessage("autoencoder: images must be (H, W, 1) with H and W multiples of 2, got [7, 8, 1]");
        assertThatThrownBy(() -> TINY.withLatentStd(0))
                .hasMessage("AutoencoderKl: latentStd must be > 0 and finite, got 0.0");
        assertThatThrownBy(() -> TINY.withLatentStd(Double.NaN))
                .hasMessage("AutoencoderKl: latentStd must be > 0 and finite, got NaN");
    }
}
