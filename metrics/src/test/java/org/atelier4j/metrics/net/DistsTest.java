package org.atelier4j.metrics.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class DistsTest {
    private static Dists hashed;

    @BeforeAll
    static void make() {
        hashed = Dists.of(Hashed.of("dists", Graphs.vgg16()));
    }

    @Test
    void equalsTheReferenceWithTheSameWeights() {
        TensorAssert.assertThat(hashed.between(a(), b())).isCloseTo(golden("dists.hashed"), 0, 1e-5);
    }

    @Test
    void equalsTheReferenceWithThePublishedWeights() {
        Dists dists = Dists.load(Samples.published("lpips-vgg.safetensors"));
        TensorAssert.assertThat(dists.between(a(), b())).isCloseTo(golden("dists.published"), 0, 1e-5);
        assertThat(dists.hash()).matches("[0-9a-f]{64}");
    }

    @Test
    void isZeroForEqualImagesAndSymmetric() {
        TensorAssert.assertThat(hashed.between(a(), a())).isCloseTo(new double[] {0, 0}, 0, 1e-6);
        TensorAssert.assertThat(hashed.between(b(), a())).isCloseTo(hashed.between(a(), b()), 0, 1e-6);
    }

    @Test
    void toleratesWhatKeepsTheTextureAndNotWhatChangesIt() {
        Tensor turned = a().flip(2); // other pixels everywhere, the same statistics
        double texture = hashed.between(a(), turned).mean().item();
        double pixels = a().sub(turned).square().mean().item();
        Tensor darker = a().mul(0.4);
        assertThat(darker.sub(a()).square().mean().item()).isLessThan(pixels);
        assertThat(texture).isLessThan(hashed.between(a(), darker).mean().item());
    }

    @Test
    void gradientsReachTheImages() {
        Tensor x = a().requireGradient();
        Tensor gradient = hashed.between(x, b()).sum().backward().get(x);
        TensorAssert.assertThat(gradient).hasShape(x.shape()).isFinite();
        Tensor closer = a().sub(gradient.mul(0.5 / gradient.abs().max().item() * 0.02));
        assertThat(hashed.between(closer, b()).sum().item())
                .isLessThan(hashed.between(a(), b()).sum().item());
    }

    @Test
    void saysWhatImagesItTakes() {
        assertThatThrownBy(() -> hashed.between(Tensor.zeros(1, 15, 40, 3), Tensor.zeros(1, 15, 40, 3)))
                .hasMessage("dists: images must have at least 16 x 16 pixels, got [1, 15, 40, 3]");
    }

    private static Tensor golden(String name) {
        return Samples.GOLDEN.tensor(name);
    }

    private static Tensor a() {
        return golden("lpips.a");
    }

    private static Tensor b() {
        return golden("lpips.b");
    }
}
