package org.atelier4j.benchmarks.torch;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.atelier4j.benchmarks.network.Model;
import org.atelier4j.benchmarks.network.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/**
 * A network of the library once more in libtorch's functions, with the same parameters under the same names: what a PyTorch
 * user would write, run by the same C++ code as from Python. The mirror image of {@link Model}.
 *
 * <p>Functions let go of their intermediate tensors when they return ({@link Torch#tensor}), as Python functions do, so that
 * peak memory is PyTorch's as well.
 */
abstract class TorchModel {
    /** The system property that, set to {@code contiguous}, has images as (B, C, H, W) in memory. */
    private static final String LAYOUT = "atelier.benchmarks.layout";

    private final Map<String, Tensor> parameters = new LinkedHashMap<>();
    private final Map<String, Tensor> buffers = new LinkedHashMap<>();

    /**
     * What some of the parameters shall minimize.
     *
     * @param name of the loss
     * @param parameters by path
     * @param loss computes it, recorded
     */
    record Objective(String name, Map<String, Tensor> parameters, Supplier<Tensor> loss) {}

    /** Makes the parameters that all engines share. */
    TorchModel(Weights weights) {
        weights.parameters()
                .keySet()
                .forEach(path -> parameters.put(path, made(weights, path).set_requires_grad(true)));
        weights.buffers().keySet().forEach(path -> buffers.put(path, made(weights, path)));
    }

    private static Tensor made(Weights weights, String path) {
        long[] shape = weights.shape(path).stream().mapToLong(d -> d).toArray();
        Tensor plain = Torch.of(weights.value(path), shape);
        return shape.length == 4 ? Torch.tensor(() -> plain.contiguous(layout())) : plain;
    }

    /** Returns how images and the weights of convolutions lie in memory. */
    static MemoryFormat layout() {
        boolean contiguous = "contiguous".equals(System.getProperty(LAYOUT));
        return contiguous ? MemoryFormat.Contiguous : MemoryFormat.ChannelsLast;
    }

    /** Returns what the network is used for; images as (B, C, H, W). */
    abstract Tensor predict();

    /** Returns what a training step minimizes, one after the other. */
    abstract List<Objective> objectives();

    /** Changes what no gradient changes, at the end of a training step. */
    void learn() {}

    /** Returns what {@link #learn} changes, by path. */
    Map<String, Tensor> learned() {
        return Map.of();
    }

    /** Goes over to training, as it is at first, or to evaluation. */
    void train(boolean on) {}

    /** Returns the gradient of each parameter of an objective under the library's paths. */
    Map<String, float[]> gradients(Objective objective) {
        Map<String, float[]> all = new LinkedHashMap<>();
        objective.parameters().forEach((path, p) -> all.put(path, Torch.values(p.grad())));
        return all;
    }

    /** Returns the objective of a network that has one only. */
    final List<Objective> minimize(Supplier<Tensor> loss) {
        return List.of(new Objective("loss", parameters, loss));
    }

    /** Returns the parameters by path, in order. */
    final Map<String, Tensor> parameters() {
        return parameters;
    }

    /** Returns a parameter or buffer. */
    final Tensor get(String path) {
        Tensor p = parameters.getOrDefault(path, buffers.get(path));
        return Objects.requireNonNull(p, path);
    }

    final boolean has(String path) {
        return parameters.containsKey(path);
    }

    /** Returns the convolution of parameters {@code name.weight} and {@code name.bias}, padding k/2. */
    final Tensor conv(String name, Tensor x, long stride) {
        return conv(name, x, stride, get(name + ".weight").sizes().get(2) / 2);
    }

    final Tensor conv(String name, Tensor x, long stride, long padding) {
        return Torch.conv(x, get(name + ".weight"), parameters.get(name + ".bias"), stride, padding);
    }

    final Tensor convTranspose(String name, Tensor x, long stride, long padding) {
        return Torch.convTranspose(x, get(name + ".weight"), parameters.get(name + ".bias"), stride, padding);
    }

    final Tensor linear(String name, Tensor x) {
        return Torch.linear(x, get(name + ".weight"), get(name + ".bias"));
    }

    final Tensor groupNorm(String name, Tensor x, long groups, double eps) {
        return Torch.groupNorm(x, groups, get(name + ".weight"), get(name + ".bias"), eps);
    }
}
