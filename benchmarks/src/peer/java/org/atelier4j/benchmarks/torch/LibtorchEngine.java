package org.atelier4j.benchmarks.torch;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.atelier4j.benchmarks.Engine;
import org.atelier4j.benchmarks.OpenBlas;
import org.atelier4j.benchmarks.Task;
import org.atelier4j.benchmarks.Work;
import org.atelier4j.benchmarks.network.AutoencoderNetwork;
import org.atelier4j.benchmarks.network.GanNetwork;
import org.atelier4j.benchmarks.network.NerfNetwork;
import org.atelier4j.benchmarks.network.Network;
import org.atelier4j.benchmarks.network.Numbers;
import org.atelier4j.benchmarks.network.PixelCnnNetwork;
import org.atelier4j.benchmarks.network.TransformerNetwork;
import org.atelier4j.benchmarks.network.UNetNetwork;
import org.atelier4j.benchmarks.network.VqVaeNetwork;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/**
 * PyTorch's C++ library with the settings that suit it best here: images channels-last, as many OpenMP threads as the library
 * has, inference mode where nothing is differentiated.
 *
 * <p>This build of libtorch computes convolutions by its own oneDNN and matrix products by OpenBLAS, on which it calls from
 * inside of OpenMP loops too. OpenBLAS starts threads of its own there, which makes these calls a hundred times slower;
 * hence it is kept to one thread for single operations, except for large products ({@link #BLAS_THREADS}). For networks it is
 * tried what is better ({@link TunedWork}).
 */
public final class LibtorchEngine implements Engine {
    /** The system property that sets OpenBLAS's threads for tasks other than single products. */
    public static final String BLAS_THREADS = "atelier.benchmarks.blas";

    /** Makes the engine. */
    public LibtorchEngine() {}

    @Override
    public boolean does(Task task) {
        return true;
    }

    @Override
    public Optional<String> describe() {
        String built = torch.show_config().getString();
        String dnn =
                built.lines().filter(l -> l.contains("MKL-DNN")).findFirst().orElse("without oneDNN");
        String version = built.replaceFirst("(?s).*TORCH_VERSION=([^,]*),.*", "$1");
        String blas = built.replaceFirst("(?s).*BLAS_INFO=([^,]*),.*", "$1");
        return Optional.of("libtorch " + version + " with " + dnn.replaceFirst("^.*(MKL-DNN v\\S+).*$", "$1")
                + " and BLAS " + blas);
    }

    @Override
    public Work prepare(Task task) {
        int threads = OpenBlas.available();
        torch.set_num_threads(threads);
        boolean large = task instanceof Task.MatMul m && m.batch() == 1 || task instanceof Task.NearestCode;
        OpenBlas.setThreads(large ? threads : Integer.getInteger(BLAS_THREADS, 1));
        if (task instanceof Task.MatMul t) {
            Tensor a = Torch.of(Numbers.of(1, t.batch() * t.m() * t.k()), t.batch(), t.m(), t.k());
            Tensor b = Torch.of(Numbers.of(2, t.batch() * t.k() * t.n()), t.batch(), t.k(), t.n());
            Tensor x = t.batch() == 1 ? a.squeeze(0) : a;
            Tensor y = t.batch() == 1 ? b.squeeze(0) : b;
            return forward(() -> torch.matmul(x, y));
        } else if (task instanceof Task.NearestCode t) {
            return nearestCode(t);
        } else if (task instanceof Task.Softmax t) {
            Tensor x = Torch.of(Numbers.of(1, t.batch() * t.rows() * t.length()), t.batch(), t.rows(), t.length());
            return forward(() -> torch.softmax(x, -1));
        } else if (task instanceof Task.Silu t) {
            Tensor x = Torch.of(Numbers.of(1, t.size()), t.size());
            return forward(() -> torch.silu(x));
        } else if (task instanceof Task.GroupNorm t) {
            return groupNorm(t);
        } else if (task instanceof Task.Conv t) {
            return conv(t);
        } else if (task instanceof Task.BiasAdd t) {
            Tensor x = image(1, t.image());
            Tensor bias =
                    Torch.of(Numbers.of(2, t.image().channels()), 1, t.image().channels(), 1, 1);
            return forwardImage(() -> x.add(bias));
        } else if (task instanceof Task.Adam t) {
            return adam(t);
        } else if (task instanceof Task.SmallOps t) {
            return smallOps(t);
        } else if (task instanceof Task.Step t) {
            return new TunedWork(task, () -> TorchWork.step(model(t.network(), t.batch()), false));
        } else if (task instanceof Task.RoundedStep t) {
            return new TunedWork(task, () -> TorchWork.step(model(t.network(), t.batch()), true));
        } else if (task instanceof Task.Forward t) {
            return new TunedWork(task, () -> TorchWork.forward(model(t.network(), t.batch())));
        } else if (task instanceof Task.Sample t) {
            return new TunedWork(task, () -> TorchWork.sample(new TorchTransformer(t.network(), t.batch())));
        }
        throw new AssertionError(task); // Task is sealed
    }

    private static TorchModel model(Network network, int batch) {
        if (network instanceof UNetNetwork n) {
            return new TorchUNet(n, batch);
        } else if (network instanceof VqVaeNetwork n) {
            return new TorchVqVae(n, batch);
        } else if (network instanceof TransformerNetwork n) {
            return new TorchTransformer(n, batch);
        } else if (network instanceof PixelCnnNetwork n) {
            return new TorchPixelCnn(n, batch);
        } else if (network instanceof NerfNetwork n) {
            return new TorchNerf(n, batch);
        } else if (network instanceof GanNetwork n) {
            return new TorchGan(n, batch);
        } else if (network instanceof AutoencoderNetwork n) {
            return new TorchAutoencoder(n, batch);
        }
        throw new AssertionError(network); // Network is sealed
    }

    /** By a product and the largest of each row, which needs no square roots as {@code cdist} does. */
    private static Work nearestCode(Task.NearestCode t) {
        Tensor points = Torch.of(Numbers.of(1, t.points() * t.width()), t.points(), t.width());
        Tensor table = Torch.of(Numbers.of(2, t.codes() * t.width()), t.codes(), t.width());
        Supplier<Tensor> codes = () -> {
            Tensor half = table.square().sum(1).mul(new Scalar(-0.5));
            return torch.addmm(half, points, table.t()).argmax(new LongOptional(1), false);
        };
        return new Work() {
            @Override
            public void run() {
                try (PointerScope scope = new PointerScope();
                        InferenceMode mode = new InferenceMode()) {
                    Tensor unread = codes.get();
                }
            }

            @Override
            public Map<String, float[]> results() {
                try (PointerScope scope = new PointerScope()) {
                    Tensor apart =
                            torch.embedding(table, codes.get()).sub(points).square();
                    return Map.of("y", Torch.values(apart.sum(1)));
                }
            }
        };
    }

    private static Work groupNorm(Task.GroupNorm t) {
        long channels = t.image().channels();
        Tensor x = image(1, t.image());
        Tensor gamma = Torch.of(Numbers.of(2, t.image().channels()), channels);
        Tensor beta = Torch.of(Numbers.of(3, t.image().channels()), channels);
        if (!t.backward()) {
            return forwardImage(() -> normalized(t, x, gamma, beta));
        }
        List<Tensor> leaves = List.of(x, gamma, beta);
        leaves.forEach(leaf -> leaf.set_requires_grad(true));
        return backward(normalized(t, x, gamma, beta), image(4, t.image()), leaves);
    }

    private static Tensor normalized(Task.GroupNorm t, Tensor x, Tensor gamma, Tensor beta) {
        Tensor y = Torch.groupNorm(x, t.groups(), gamma, beta, 1e-5);
        return t.silu() ? torch.silu(y) : y;
    }

    private static Work conv(Task.Conv t) {
        int in = t.image().channels();
        Tensor x = image(1, t.image());
        Tensor w = Torch.of(Numbers.of(2, t.out() * in * 9), t.out(), in, 3, 3).contiguous(MemoryFormat.ChannelsLast);
        Tensor bias = Torch.of(Numbers.of(3, t.out()), t.out());
        if (t.pass() == Task.Pass.FORWARD) {
            return forwardImage(() -> Torch.conv(x, w, bias, 1, 1));
        }
        List<Tensor> leaves = t.pass() == Task.Pass.BACKWARD_INPUT ? List.of(x) : List.of(w, bias);
        leaves.forEach(leaf -> leaf.set_requires_grad(true));
        Task.Image result =
                new Task.Image(t.image().batch(), t.image().height(), t.image().width(), t.out());
        return backward(Torch.conv(x, w, bias, 1, 1), image(4, result), leaves);
    }

    private static Work adam(Task.Adam t) {
        Tensor p = Torch.of(Numbers.of(1, t.size()), t.size()).set_requires_grad(true);
        p.mutable_grad().put(Torch.of(Numbers.of(2, t.size()), t.size()));
        Adam adam = new Adam(new TensorVector(p), new AdamOptions(1e-3));
        return new Work() {
            @Override
            public void run() {
                try (PointerScope scope = new PointerScope()) {
                    adam.step();
                }
            }

            @Override
            public Map<String, float[]> results() {
                run();
                return Map.of("p", Torch.values(p));
            }
        };
    }

    private static Work smallOps(Task.SmallOps t) {
        long size = Task.SmallOps.SIZE;
        Tensor x = Torch.of(Numbers.of(1, Task.SmallOps.SIZE), size).set_requires_grad(true);
        float[] halves = new float[Task.SmallOps.SIZE];
        Arrays.fill(halves, 0.5f);
        Tensor half = Torch.of(halves, size);
        Supplier<Tensor> chain = () -> {
            Tensor h = x;
            for (int i = 0; i < Task.SmallOps.COUNT; i += 3) {
                h = torch.silu(h.add(x).mul(half));
            }
            return h;
        };
        return new Work() {
            @Override
            public void run() {
                try (PointerScope scope = new PointerScope()) {
                    Tensor y = chain.get();
                    if (t.backward()) {
                        gradients(y, half, List.of(x), false);
                    }
                }
            }

            @Override
            public Map<String, float[]> results() {
                try (PointerScope scope = new PointerScope()) {
                    Tensor y = chain.get();
                    Tensor dx = gradients(y, half, List.of(x), false).get(0);
                    return Map.of("y", Torch.values(y), "dx", Torch.values(dx));
                }
            }
        };
    }

    private static Tensor image(long seed, Task.Image image) {
        long[] shape = Arrays.stream(image.shape()).asLongStream().toArray();
        return Torch.images(Numbers.of(seed, image.size()), MemoryFormat.ChannelsLast, shape);
    }

    private static Work forward(Supplier<Tensor> function) {
        return new Forward(function, false);
    }

    private static Work forwardImage(Supplier<Tensor> function) {
        return new Forward(function, true);
    }

    private record Forward(Supplier<Tensor> function, boolean image) implements Work {
        @Override
        public void run() {
            try (PointerScope scope = new PointerScope();
                    InferenceMode mode = new InferenceMode()) {
                Tensor unread = function.get();
            }
        }

        @Override
        public Map<String, float[]> results() {
            try (PointerScope scope = new PointerScope()) {
                Tensor y = function.get();
                return Map.of("y", image ? Torch.imageValues(y) : Torch.values(y));
            }
        }
    }

    /** Differentiates what was recorded once in every run. */
    private static Work backward(Tensor y, Tensor dy, List<Tensor> leaves) {
        return new Work() {
            @Override
            public void run() {
                try (PointerScope scope = new PointerScope()) {
                    gradients(y, dy, leaves, true);
                }
            }

            @Override
            public Map<String, float[]> results() {
                try (PointerScope scope = new PointerScope()) {
                    TensorVector g = gradients(y, dy, leaves, true);
                    Map<String, float[]> all = new LinkedHashMap<>();
                    for (int i = 0; i < leaves.size(); i++) {
                        boolean image = leaves.get(i).dim() == 4 && leaves.size() != 2;
                        all.put("gradient " + i, image ? Torch.imageValues(g.get(i)) : Torch.values(g.get(i)));
                    }
                    return all;
                }
            }
        };
    }

    private static TensorVector gradients(Tensor y, Tensor dy, List<Tensor> leaves, boolean again) {
        return torch.grad(
                new TensorVector(y),
                new TensorVector(leaves.toArray(Tensor[]::new)),
                new TensorVector(dy),
                new BoolOptional(again),
                false,
                false);
    }
}
