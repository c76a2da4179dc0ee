package org.atelier4j.vqvae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AutoencoderConfigTest {
    private static AutoencoderConfig small(Integer... multipliers) {
        return new AutoencoderConfig(1, 4, List.of(multipliers), 1, 2, true, 3);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void anyPowerOfTwoIsAFactor(int levels) {
        AutoencoderConfig config = small(List.of(1, 2, 1, 2).subList(0, levels).toArray(new Integer[0]));
        int f = 1 << (levels - 1);
        Tensor images = Rng.of(1).normal(Shape.of(2, 2 * f, 3 * f, 1));

        Tensor latents = new Encoder(config, 3, Rng.of(2)).forward(images);
        Tensor again = new Decoder(config, Rng.of(3)).forward(latents);

        assertThat(config.factor()).isEqualTo(f);
        TensorAssert.assertThat(latents.detach()).hasShape(2, 2, 3, 3);
        TensorAssert.assertThat(again.detach()).hasShape(2, 2 * f, 3 * f, 1);
    }

    @Test
    void theNamesAreThoseOfPublishedCheckpoints() {
        AutoencoderConfig config = small(1, 2);

        assertThat(new Encoder(config, 3, Rng.of(1)).parameters().keySet())
                .contains(
                        "conv_in.weight",
                        "down.0.block.0.norm1.weight",
                        "down.0.block.0.conv2.bias",
                        "down.0.downsample.conv.weight",
                        "down.1.block.0.nin_shortcut.weight",
                        "down.1.attn.0.q.weight",
                        "mid.block_1.conv1.weight",
                        "mid.attn_1.proj_out.bias",
                        "mid.block_2.norm2.bias",
                        "norm_out.weight",
                        "conv_out.weight")
                .noneMatch(name -> name.startsWith("down.0.attn") || name.startsWith("down.1.downsample"));
        assertThat(new Decoder(config, Rng.of(1)).parameters().keySet())
                .contains("up.1.block.1.conv1.weight", "up.1.attn.1.v.weight", "up.1.upsample.conv.weight")
                .noneMatch(name -> name.startsWith("up.0.upsample") || name.startsWith("up.0.block.2"));
    }

    @Test
    @Tag("slow")
    void stableDiffusionsAutoencoderHasItsPublishedSizes() {
        AutoencoderConfig config = AutoencoderConfig.stableDiffusion();
        Map<String, Tensor> decoder = new Decoder(config, Rng.of(1)).parameters();

        // 83,653,863 parameters in all, two 1×1 convolutions at the latents included
        long encoder = new Encoder(config, 8, Rng.of(1)).parameterCount();
        long own = decoder.values().stream().mapToLong(Tensor::size).sum();
        assertThat(encoder + own + (8 * 8 + 8) + (4 * 4 + 4)).isEqualTo(83_653_863);
        assertThat(config.latentSize(Shape.of(512, 512, 3)).dims()).containsExactly(64, 64);
    }

    @Test
    void badSizesAreRefusedWithNumbers() {
        assertThatThrownBy(() -> new AutoencoderConfig(1, 6, List.of(1), 1, 4, false, 3))
                .hasMessage("AutoencoderConfig: base must be a multiple of the groups, got 6 and 4");
        assertThatThrownBy(() -> new AutoencoderConfig(0, 4, List.of(1), 1, 4, false, 3))
                .hasMessage("AutoencoderConfig: imageChannels and latentChannels must be >= 1, got 0 and 3");
        assertThatThrownBy(() -> new AutoencoderConfig(1, 4, List.of(), 1, 4, false, 3))
                .hasMessage("AutoencoderConfig: multipliers (at least one) and blocks must be >= 1, got [] and 1");
    }
}
