package org.atelier4j.metrics.net;

import java.util.Locale;
import java.util.function.Function;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;

/**
 * Prints how long the networks of the metrics take for an image; {@code network_timings.py} prints the same for PyTorch. Run
 * the two by turns on a quiet machine, with the same {@code OMP_NUM_THREADS}.
 */
final class NetworkTimings {
    private static final int BATCH = 16;
    private static final int ROUNDS = 12;

    private NetworkTimings() {}

    /** Runs all of them. */
    public static void main(String[] args) {
        time("efficientnet-lite0", 224, EfficientNetLite0.load()::features);
        time("inception", 299, Inception2015.of(Hashed.of("inception-2015", Graphs.inception()))::features);
        Lpips alex = Lpips.alex();
        time("lpips-alex", 64, images -> alex.between(images, images));
    }

    /** Prints the shortest of several rounds. */
    private static void time(String network, int side, Function<Tensor, Tensor> features) {
        Tensor images = Rng.of(1).uniform(Shape.of(BATCH, side, side, 3)).affine(2, -1); // (B, H, W, 3) in [−1, 1]
        double best = Double.POSITIVE_INFINITY;
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            try (TensorScope scope = TensorScope.open();
                    NoGrad off = NoGrad.open()) {
                features.apply(images).sum().item();
            }
            best = Math.min(best, (System.nanoTime() - start) * 1e-6 / BATCH);
        }
        System.out.printf(Locale.ROOT, "atelier %-20s %8.3f ms an image%n", network, best);
    }
}
