package org.atelier4j.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;
import org.junit.jupiter.api.Test;

/** Models are read-only in evaluation: one model serves many threads. */
class InferenceThreadsTest {
    private static final int THREADS = 8;
    private static final int REPEATS = 5;

    private static final class Net extends Layer {
        private final SpectralNorm<Conv2d> conv;
        private final BatchNorm2d batch;
        private final GroupNorm group;
        private final MultiHeadAttention attention;
        private final Dropout dropout;
        private final ConvTranspose2d up;

        Net(Rng rng) {
            conv = child(
                    "conv", new SpectralNorm<>(new Conv2d(3, 8, 3, 1, 1, rng.split("conv")), rng.split("spectral")));
            batch = child("batch", new BatchNorm2d(8));
            group = child("group", new GroupNorm(GroupNorm.Config.of(2, 8).withSilu()));
            attention = child(
                    "attention", new MultiHeadAttention(MultiHeadAttention.Config.self(8, 2), rng.split("attention")));
            dropout = child("dropout", new Dropout(0.2, rng.split("dropout")));
            up = child("up", new ConvTranspose2d(8, 3, 4, 2, 1, rng.split("up")));
        }

        Tensor forward(Tensor x) {
            Tensor h = group.forward(batch.forward(conv.forward(x))); // (B, H, W, 8)
            Tensor tokens = attention.forward(h.reshape(x.dim(0), -1, 8)); // (B, H·W, 8)
            return up.forward(dropout.forward(tokens).reshape(h.shape())); // (B, 2H, 2W, 3)
        }
    }

    @Test
    void eightThreadsGetTheBitsThatOneGets() throws Exception {
        Net net = new Net(Rng.of(1));
        Tensor x = Rng.of(2).normal(Shape.of(2, 10, 9, 3));
        net.forward(x);
        try (Layer.Mode mode = net.evaluating()) {
            Tensor expected = infer(net, x);
            Callable<List<Tensor>> work = () -> {
                List<Tensor> results = new ArrayList<>();
                for (int i = 0; i < REPEATS; i++) {
                    results.add(infer(net, x));
                }
                return results;
            };
            ExecutorService pool = Executors.newFixedThreadPool(THREADS);
            try {
                for (Future<List<Tensor>> results : pool.invokeAll(java.util.Collections.nCopies(THREADS, work))) {
                    for (Tensor y : results.get()) {
                        TensorAssert.assertThat(y).isIdenticalTo(expected);
                    }
                }
            } finally {
                pool.shutdown();
            }
        }
    }

    private static Tensor infer(Net net, Tensor x) {
        try (NoGrad off = NoGrad.open();
                TensorScope scope = TensorScope.open()) {
            return scope.keep(net.forward(x));
        }
    }
}
