package org.atelier4j.metrics;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.function.DoubleSupplier;
import org.atelier4j.metrics.image.MsSsim;
import org.atelier4j.metrics.image.Ssim;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/** Prints how long the metrics take at the sizes that the page docs/metrics.md names; run it on a quiet machine. */
final class MetricTimings {
    private MetricTimings() {}

    /** Runs all of them. */
    public static void main(String[] args) {
        if (args.length == 0) {
            frechet();
        }
        time("precision and recall, 10,000 x 10,000 at 128", () -> {
            FeatureBank real = Laws.bank(10_000, 128, 1);
            FeatureBank generated = Laws.bank(10_000, 128, 2);
            return PrecisionRecall.paper().measure(real, generated).density();
        });
        FeatureBank x = Laws.bank(10_000, 2048, 1);
        FeatureBank y = Laws.bank(10_000, 2048, 2);
        time("statistics, 10,000 at 2048", () -> x.statistics().count());
        time(
                "kernel distance, 100 subsets of 1000 at 2048",
                () -> KernelDistance.usual().measure(x, y, Rng.of(1)).mean());
        FeatureBank a = Laws.bank(10_000, 768, 1);
        FeatureBank b = Laws.bank(10_000, 768, 2);
        time("cmmd, 10,000 x 10,000 at 768", () -> Cmmd.paper().measure(a, b));
        Tensor image = Rng.of(1).uniform(Shape.of(8, 256, 256, 3)).affine(2, -1);
        Tensor other = image.mul(0.9);
        time("ssim, 8 pairs of 256 x 256 x 3", () -> mean(Ssim.paper().similarity(image, other)));
        time("ms-ssim, 8 pairs of 256 x 256 x 3", () -> mean(MsSsim.paper().similarity(image, other)));
    }

    private static double mean(Tensor t) {
        return t.mean().item();
    }

    private static void frechet() {
        Tensor x = Laws.normal(4096, 2048, 1);
        Tensor y = Laws.normal(4096, 2048, 2);
        Tensor s1 = x.matmul(x, true, false).div(4096);
        Tensor s2 = y.matmul(y, true, false).div(4096);
        Tensor zero = Tensor.full(0, DType.FLOAT64, Shape.of(2048));
        time("frechet distance at 2048", () -> FrechetDistance.between(zero, s1, zero, s2));
    }

    private static long cpu() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    private static void time(String what, DoubleSupplier body) {
        for (int i = 0; i < 2; i++) {
            long start = System.nanoTime();
            long cpu = cpu();
            try (TensorScope scope = TensorScope.open();
                    NoGrad off = NoGrad.open()) {
                double value = body.getAsDouble();
                double seconds = (System.nanoTime() - start) * 1e-9;
                System.out.printf(
                        Locale.ROOT,
                        "%-46s %7.2f s, %7.2f s of processors  (%.6g)%n",
                        what,
                        seconds,
                        (cpu() - cpu) * 1e-9,
                        value);
            }
        }
    }
}
