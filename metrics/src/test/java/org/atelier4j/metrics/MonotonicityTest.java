package org.atelier4j.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.DoubleFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.atelier4j.metrics.image.MsSsim;
import org.atelier4j.metrics.image.Psnr;
import org.atelier4j.metrics.image.Ssim;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Interpolation;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The more an image is damaged, the worse every metric finds it. */
class MonotonicityTest {
    private static final List<Double> AMOUNTS = List.of(0.0, 1.0, 2.0, 3.0, 4.0);

    @TestFactory
    Stream<DynamicTest> distancesOfLawsGrow() {
        Tensor images = pictures(600, 8);
        PatchNet net = new PatchNet(1, 24, 4);
        FeatureBank real = bank(net, images);
        return Stream.of("noise", "blur", "dark") // a shift leaves the law of these pictures as it is
                .flatMap(damage -> Stream.of(
                        rises(
                                "Fréchet distance",
                                damage,
                                images,
                                x -> FrechetDistance.between(
                                        real.statistics(), bank(net, x).statistics())),
                        rises("kernel distance", damage, images, x -> KernelDistance.unbiased(real, bank(net, x))),
                        rises("CMMD", damage, images, x -> new Cmmd(3, 1).measure(real, bank(net, x)))));
    }

    @TestFactory
    Stream<DynamicTest> similaritiesOfPairsFall() {
        Tensor images = pictures(2, 176);
        return Stream.of("noise", "blur", "shift", "dark")
                .flatMap(damage -> Stream.of(
                        falls(
                                "PSNR",
                                damage,
                                images,
                                x -> Psnr.between(images, x).mean().item()),
                        falls(
                                "SSIM",
                                damage,
                                images,
                                x -> Ssim.paper().similarity(images, x).mean().item()),
                        falls(
                                "MS-SSIM",
                                damage,
                                images,
                                x -> MsSsim.paper().similarity(images, x).mean().item())));
    }

    private static DynamicTest rises(String metric, String damage, Tensor images, ToDoubleFunction<Tensor> f) {
        return falls(metric, damage, images, x -> -f.applyAsDouble(x));
    }

    private static DynamicTest falls(String metric, String damage, Tensor images, ToDoubleFunction<Tensor> f) {
        return DynamicTest.dynamicTest(metric + " under " + damage, () -> {
            DoubleFunction<Tensor> damaged = amount -> damaged(damage, images, amount);
            double[] values = AMOUNTS.stream()
                    .mapToDouble(a -> f.applyAsDouble(damaged.apply(a)))
                    .toArray();
            for (int i = 1; i < values.length; i++) {
                assertThat(values[i]).as("amount %s after %s", i, i - 1).isLessThan(values[i - 1]);
            }
        });
    }

    private static Tensor damaged(String damage, Tensor x, double amount) {
        int step = (int) amount;
        return switch (damage) {
            case "noise" ->
                x.add(Rng.of(9).normal(x.shape()).mul(0.06 * amount)).clamp(-1, 1);
            case "blur" -> blurred(x, step);
            case "shift" -> step == 0 ? x : x.roll(2, step);
            default -> x.add(1).mul(1 - 0.15 * amount).sub(1);
        };
    }

    /** Averages each pixel with its neighbors, over and over. */
    private static Tensor blurred(Tensor x, int times) {
        Tensor y = x;
        for (int i = 0; i < times; i++) {
            y = y.averagePool(3, 1, 1);
        }
        return y;
    }

    private static FeatureBank bank(PatchNet net, Tensor images) {
        return FeatureReader.of(net).bank(new TensorImages(images));
    }

    /** Returns smooth random pictures in about [−0.7, 0.7]. */
    private static Tensor pictures(int n, int size) {
        int coarse = Math.max(4, size / 4);
        Tensor noise = Rng.of(n).uniform(Shape.of(n, coarse, coarse, 1)).affine(1.4, -0.7);
        return noise.resize(Interpolation.BILINEAR, size, size);
    }
}
