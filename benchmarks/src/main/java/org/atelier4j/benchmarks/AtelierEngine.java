package org.atelier4j.benchmarks;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.atelier4j.benchmarks.network.Numbers;
import org.atelier4j.nn.Convolutions;
import org.atelier4j.optim.Adam;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.Precision;
import org.atelier4j.tensor.device.PrecisionScope;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.kernel.Norm;
import org.atelier4j.tensor.op.Normalize;

/** The library, as its users call it: through {@link Tensor}, each run in a scope of its own. */
final class AtelierEngine implements Engine {

    /** It rounds products where the processor multiplies rounded numbers. */
    @Override
    public boolean does(Task task) {
        return !(task instanceof Task.RoundedStep) || Device.cpu().kernels().multiplies(Precision.BF16);
    }

    @Override
    public Work prepare(Task task) {
        if (task instanceof Task.MatMul t) {
            Tensor a = Tensor.of(Numbers.of(1, t.batch() * t.m() * t.k()), t.batch(), t.m(), t.k());
            Tensor b = Tensor.of(Numbers.of(2, t.batch() * t.k() * t.n()), t.batch(), t.k(), t.n());
            Tensor x = t.batch() == 1 ? a.squeeze(0) : a;
            Tensor y = t.batch() == 1 ? b.squeeze(0) : b;
            return forward(() -> x.matmul(y));
        } else if (task instanceof Task.NearestCode t) {
            return nearestCode(t);
        } else if (task instanceof Task.Softmax t) {
            Tensor x = Tensor.of(Numbers.of(1, t.batch() * t.rows() * t.length()), t.batch(), t.rows(), t.length());
            return forward(() -> x.softmax(-1));
        } else if (task instanceof Task.Silu t) {
            Tensor x = Tensor.of(Numbers.of(1, t.size()), t.size());
            return forward(x::silu);
        } else if (task instanceof Task.GroupNorm t) {
            return groupNorm(t);
        } else if (task instanceof Task.Conv t) {
            return conv(t);
        } else if (task instanceof Task.BiasAdd t) {
            Tensor x = image(1, t.image());
            Tensor bias =
                    Tensor.of(Numbers.of(2, t.image().channels()), t.image().channels());
            return forward(() -> x.add(bias));
        } else if (task instanceof Task.Adam t) {
            return adam(t);
        } else if (task instanceof Task.SmallOps t) {
            return smallOps(t);
        } else if (task instanceof Task.Step t) {
            return AtelierNetworks.step(t.network().model(t.batch()));
        } else if (task instanceof Task.RoundedStep t) {
            return rounding(AtelierNetworks.step(t.network().model(t.batch())));
        } else if (task instanceof Task.Forward t) {
            return AtelierNetworks.forward(t.network().model(t.batch()));
        } else if (task instanceof Task.Sample t) {
            return AtelierNetworks.sample(t.network().model(t.batch()));
        }
        throw new AssertionError(task); // Task is sealed
    }

    private static Work rounding(Work step) {
        return new Work() {
            @Override
            public void run() {
                try (PrecisionScope rounded = PrecisionScope.open(Precision.BF16)) {
                    step.run();
                }
            }

            @Override
            public Map<String, float[]> results() {
                try (PrecisionScope rounded = PrecisionScope.open(Precision.BF16)) {
                    return step.results();
                }
            }

            @Override
            public void close() {
                step.close();
            }
        };
    }

    private static Work nearestCode(Task.NearestCode t) {
        Tensor points = Tensor.of(Numbers.of(1, t.points() * t.width()), t.points(), t.width());
        Tensor table = Tensor.of(Numbers.of(2, t.codes() * t.width()), t.codes(), t.width());
        Supplier<Tensor> codes = () -> {
            if (!t.whole()) {
                return points.nearestRow(table); // (N)
            }
            Tensor half = table.square().sum(1).reshape(1, t.codes()).mul(-0.5);
            return points.matmul(table, false, true).add(half).argMax(1).reshape(t.points());
        };
        return new Work() {
            @Override
            public void run() {
                try (TensorScope scope = TensorScope.open()) {
                    Tensor unread = codes.get();
                }
            }

            @Override
            public Map<String, float[]> results() {
                try (TensorScope scope = TensorScope.open()) {
                    Tensor apart = table.gatherRows(codes.get()).sub(points).square();
                    return Map.of("y", apart.sum(1).toFloats());
                }
            }
        };
    }

    private static Work groupNorm(Task.GroupNorm t) {
        int channels = t.image().channels();
        int positions = t.image().height() * t.image().width();
        Tensor x = image(1, t.image()).reshape(t.image().batch(), positions, channels); // (B, N, C)
        Tensor gamma = Tensor.of(Numbers.of(2, channels), channels);
        Tensor beta = Tensor.of(Numbers.of(3, channels), channels);
        Normalize op = new Normalize(new Norm(t.groups(), 1e-5, true, t.silu()));
        if (!t.backward()) {
            return forward(() -> op.apply(x, gamma, beta));
        }
        Tensor dy = image(4, t.image()).reshape(x.shape());
        return backward(inputs -> op.apply(inputs.toArray(Tensor[]::new)), dy, List.of(x, gamma, beta));
    }

    private static Work conv(Task.Conv t) {
        int in = t.image().channels();
        Tensor x = image(1, t.image());
        Tensor w = Tensor.of(Numbers.of(2, t.out() * in * 9), t.out(), in, 3, 3);
        Tensor bias = Tensor.of(Numbers.of(3, t.out()), t.out());
        Convolution geometry = Convolution.of2d(1, 1);
        Task.Image result =
                new Task.Image(t.image().batch(), t.image().height(), t.image().width(), t.out());
        return switch (t.pass()) {
            case FORWARD -> forward(() -> Convolutions.conv(x, w, bias, geometry));
            case BACKWARD_INPUT ->
                backward(leaf -> Convolutions.conv(leaf.get(0), w, bias, geometry), image(4, result), List.of(x));
            case BACKWARD_WEIGHT ->
                backward(
                        leaves -> Convolutions.conv(x, leaves.get(0), leaves.get(1), geometry),
                        image(4, result),
                        List.of(w, bias));
        };
    }

    private static Work adam(Task.Adam t) {
        Tensor p = Tensor.of(Numbers.of(1, t.size()), t.size()).requireGradient();
        Tensor g = Tensor.of(Numbers.of(2, t.size()), t.size());
        Adam adam = new Adam(Map.of("p", p), Adam.Config.of(1e-3));
        Gradients gradients = Gradients.given(Map.of(p, g));
        return new Work() {
            @Override
            public void run() {
                try (TensorScope scope = TensorScope.open()) {
                    adam.step(gradients);
                }
            }

            @Override
            public Map<String, float[]> results() {
                run();
                return Map.of("p", p.toFloats());
            }
        };
    }

    private static Work smallOps(Task.SmallOps t) {
        Tensor x =
                Tensor.of(Numbers.of(1, Task.SmallOps.SIZE), Task.SmallOps.SIZE).requireGradient();
        Tensor half = Tensor.full(0.5, x.dtype(), Shape.of(Task.SmallOps.SIZE));
        Supplier<Tensor> chain = () -> {
            Tensor h = x;
            for (int i = 0; i < Task.SmallOps.COUNT; i += 3) {
                h = h.add(x).mul(half).silu();
            }
            return h;
        };
        return new Work() {
            @Override
            public void run() {
                try (TensorScope scope = TensorScope.open()) {
                    Tensor y = chain.get();
                    if (t.backward()) {
                        Gradients.ofProduct(y, half, List.of(), false);
                    }
                }
            }

            @Override
            public Map<String, float[]> results() {
                try (TensorScope scope = TensorScope.open()) {
                    Tensor y = chain.get();
                    Gradients g = Gradients.ofProduct(y, half, List.of(), false);
                    return Map.of("y", y.toFloats(), "dx", g.get(x).toFloats());
                }
            }
        };
    }

    private static Tensor image(long seed, Task.Image image) {
        return Tensor.of(Numbers.of(seed, image.size()), image.shape());
    }

    private static Work forward(Supplier<Tensor> function) {
        return new Work() {
            @Override
            public void run() {
                try (TensorScope scope = TensorScope.open()) {
                    Tensor unread = function.get();
                }
            }

            @Override
            public Map<String, float[]> results() {
                try (TensorScope scope = TensorScope.open()) {
                    return Map.of("y", function.get().toFloats());
                }
            }
        };
    }

    /** Records the function once and differentiates it in every run. */
    private static Work backward(Function<List<Tensor>, Tensor> function, Tensor dy, List<Tensor> at) {
        List<Tensor> leaves = at.stream().map(Tensor::requireGradient).toList();
        Tensor y = function.apply(leaves);
        return new Work() {
            @Override
            public void run() {
                try (TensorScope scope = TensorScope.open()) {
                    Gradients.ofProduct(y, dy, List.of(), false);
                }
            }

            @Override
            public Map<String, float[]> results() {
                try (TensorScope scope = TensorScope.open()) {
                    Gradients g = Gradients.ofProduct(y, dy, List.of(), false);
                    Map<String, float[]> all = new LinkedHashMap<>();
                    for (int i = 0; i < leaves.size(); i++) {
                        all.put("gradient " + i, g.get(leaves.get(i)).toFloats());
                    }
                    return all;
                }
            }
        };
    }
}
