package org.atelier4j.metrics.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.atelier4j.image.Resampling;
import org.atelier4j.image.ResizeFilter;
import org.atelier4j.io.MalformedFileException;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LpipsTest {
    private static Lpips alex;

    @TempDir
    Path folder;

    private TensorScope scope;

    @BeforeAll
    static void load() {
        alex = Lpips.alex();
    }

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Tensor example(String name) {
        return Samples.picture("lpips-example/ex_" + name + ".png");
    }

    private static double distance(Lpips lpips, String name) {
        return lpips.between(example("ref"), example(name)).item();
    }

    @Test
    void givesThePublishedDistancesOfTheAuthorsExample() {
        assertThat(distance(alex, "p0")).isCloseTo(0.721881, within(2e-6));
        assertThat(distance(alex, "p1")).isCloseTo(0.137566, within(2e-6));
    }

    @Test
    void givesTheDistancesOfTheAuthorsExampleOverVgg() {
        Lpips vgg = Lpips.vgg(Samples.published("lpips-vgg.safetensors"));
        assertThat(distance(vgg, "p0")).isCloseTo(0.568613, within(1e-5));
        assertThat(distance(vgg, "p1")).isCloseTo(0.421664, within(1e-5));
        TensorAssert.assertThat(vgg.between(golden("a"), golden("b"))).isCloseTo(golden("vgg.published"), 0, 1e-5);
    }

    @Test
    void equalsTheReferenceOnOtherSizesAndBatches() {
        TensorAssert.assertThat(alex.between(golden("a"), golden("b"))).isCloseTo(golden("alex"), 1e-4, 1e-7);
        Tensor map = alex.map(golden("a"), golden("b"));
        TensorAssert.assertThat(map).hasShape(2, 45, 38, 1);
        TensorAssert.assertThat(Samples.every(map, 7, 7, 1)).isCloseTo(golden("alex.map"), 1e-3, 1e-6);
    }

    @Test
    void equalsTheReferenceOverVggAndSqueezeNetWithTheSameWeights() {
        Weights vgg = Hashed.of("lpips-vgg", Graphs.vgg16()).and(Weights.shipped("lpips-vgg", "lpips-vgg-heads"));
        Lpips overVgg = Lpips.of("lpips-vgg", vgg, Vgg16Trunk.of(vgg));
        TensorAssert.assertThat(overVgg.between(golden("a"), golden("b"))).isCloseTo(golden("vgg.hashed"), 0, 1e-5);
        Lpips overSqueeze = Lpips.squeeze(Hashed.of("lpips-squeeze", Graphs.squeezeNet()));
        TensorAssert.assertThat(overSqueeze.between(golden("a"), golden("b")))
                .isCloseTo(golden("squeeze.hashed"), 0, 1e-5);
        Tensor a = golden("a").slice(1, 0, 17).slice(2, 0, 17);
        Tensor b = golden("b").slice(1, 0, 17).slice(2, 0, 17);
        TensorAssert.assertThat(overSqueeze.between(a, b)).isCloseTo(golden("squeeze.smallest"), 0, 1e-5);
    }

    @Test
    void gradientsReachTheImagesAndEqualTheReference() {
        Tensor a = golden("a").requireGradient();
        Tensor loss = alex.between(a, golden("b")).sum();
        Tensor gradient = loss.backward().get(a);
        TensorAssert.assertThat(Samples.every(gradient, 6, 6, 1)).isCloseTo(golden("alex.gradient"), 1e-3, 1e-8);
    }

    @Test
    void theDistanceOfMapsIsTheDistance() {
        List<Tensor> a = alex.maps(golden("a"));
        List<Tensor> b = alex.maps(golden("b"));
        Tensor sum = Tensor.zeros(2);
        for (int i = 0; i < a.size(); i++) {
            sum = sum.add(a.get(i).sub(b.get(i)).square().sum(3).mean(1, 2).reshape(2));
        }
        TensorAssert.assertThat(sum).isCloseTo(alex.between(golden("a"), golden("b")), 1e-6, 0);
        TensorAssert.assertThat(alex.features(golden("a")))
                .hasShape(2, alex.width())
                .isFinite();
    }

    @Test
    void isZeroForEqualImagesAndSymmetric() {
        Tensor a = golden("a");
        Tensor b = golden("b");
        TensorAssert.assertThat(alex.between(a, a)).hasValues(0, 0);
        TensorAssert.assertThat(alex.between(b, a)).isCloseTo(alex.between(a, b), 1e-6, 0);
        Tensor flat = Tensor.full(0.5, a.dtype(), a.shape()).requireGradient(); // its features may be all zero
        TensorAssert.assertThat(alex.between(flat, a).sum().backward().get(flat))
                .isFinite();
    }

    @Test
    void growsWithNoiseAndWithBlur() {
        Tensor image = Samples.picture("pictures/chelsea.png").slice(1, 60, 96).slice(2, 60, 96);
        Tensor noise = Rng.of(3).normal(Shape.of(1, 96, 96, 3));
        double last = 0;
        for (double sigma : new double[] {0.02, 0.05, 0.1, 0.2, 0.4}) {
            double d = alex.between(image, image.add(noise.mul(sigma))).item();
            assertThat(d).as("noise of %s", sigma).isGreaterThan(last);
            last = d;
        }
        last = 0;
        for (int side : new int[] {80, 60, 40, 20, 10}) {
            Tensor small = Resampling.resize(image, ResizeFilter.BICUBIC, side, side);
            double d = alex.between(image, Resampling.resize(small, ResizeFilter.BICUBIC, 96, 96))
                    .item();
            assertThat(d).as("blur by way of %d pixels", side).isGreaterThan(last);
            last = d;
        }
    }

    @Test
    void computesTheSameWhetherGradientsAreWantedOrNot() {
        Tensor plain = alex.between(golden("a"), golden("b"));
        Tensor recorded = alex.between(golden("a").requireGradient(), golden("b"));
        TensorAssert.assertThat(recorded).isCloseTo(plain, 1e-5, 0);
        try (NoGrad off = NoGrad.open()) {
            assertThat(alex.between(golden("a").requireGradient(), golden("b")).node())
                    .isNull();
        }
    }

    @Test
    void saysWhatImagesItTakes() {
        assertThatThrownBy(() -> alex.between(Tensor.zeros(1, 64, 64, 1), Tensor.zeros(1, 64, 64, 1)))
                .hasMessage(
                        "lpips-alex: images must be color images (B, H, W, 3) in [−1, 1], got [1, 64, 64, 1]; gray ones"
                                + " become such by tile(3, 3)");
        assertThatThrownBy(() -> alex.maps(Tensor.zeros(1, 28, 40, 3)))
                .hasMessage("lpips-alex: images must have at least 31 x 31 pixels, got [1, 28, 40, 3]");
        assertThatThrownBy(() -> alex.between(Tensor.zeros(1, 64, 64, 3), Tensor.zeros(2, 64, 64, 3)))
                .hasMessage("lpips-alex: both batches must have one shape, got [1, 64, 64, 3] and [2, 64, 64, 3]");
        TensorAssert.assertThat(alex.between(Tensor.zeros(1, 31, 31, 3), Tensor.ones(1, 31, 31, 3)))
                .isFinite();
    }

    @Test
    void namesWhatIsWrongWithAFileOfWeights() throws IOException {
        Path wrong = Samples.write(
                folder.resolve("wrong.safetensors"),
                Map.of("features.0.weight", Tensor.zeros(64, 3, 11, 11), "features.99.bias", Tensor.zeros(2)));
        assertThatThrownBy(() -> Lpips.vgg(wrong))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("lpips-vgg: these are not its weights, " + wrong + " and the library: 25 missing:"
                        + " features.0.bias, features.2.weight, features.2.bias, features.5.weight, features.5.bias,"
                        + " features.7.weight, …; 1 unexpected: features.99.bias; features.0.weight must be"
                        + " [64, 3, 3, 3], got FLOAT32[64, 3, 11, 11]");
        Path damaged = Files.write(folder.resolve("damaged.safetensors"), new byte[] {1, 2, 3});
        assertThatThrownBy(() -> Lpips.vgg(damaged)).isInstanceOf(MalformedFileException.class);
        Path torch = Files.write(folder.resolve("damaged.pth"), new byte[] {1, 2, 3, 4, 5});
        assertThatThrownBy(() -> Lpips.vgg(torch))
                .isInstanceOf(MalformedFileException.class)
                .hasMessage(torch + ": must be a file of torch.save, got another kind");
        assertThatThrownBy(() -> Lpips.vgg(folder.resolve("nowhere.pth")))
                .hasMessageContaining("could not be read: there is no");
    }

    @Test
    void knowsItsNameAndHash() {
        assertThat(alex.name()).isEqualTo("lpips-alex");
        assertThat(alex.hash()).matches("[0-9a-f]{64}").isEqualTo(Lpips.alex().hash());
        assertThat(alex.width()).isEqualTo(1152);
        assertThat(alex.channels()).isEqualTo(3);
    }

    private static Tensor golden(String name) {
        return Samples.GOLDEN.tensor("lpips." + name);
    }
}
