package org.atelier4j.benchmarks.network;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.atelier4j.io.Json;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The values with which every engine starts a network.
 *
 * <p>No weight is zero, as some are in a new network, so that every gradient is put to the test.
 *
 * @param parameters shapes of what is trained, by path
 * @param buffers shapes of what is saved with it but not trained, by path
 */
public record Weights(Map<String, List<Integer>> parameters, Map<String, List<Integer>> buffers) {
    /** η of AdamW for all networks; everything else is PyTorch's default. */
    public static final double LEARNING_RATE = 1e-4;

    /** The system property that names a file with the shapes: for a process that is to do without the library. */
    public static final String SHAPES = "atelier.benchmarks.shapes";

    /** Returns the weights of a network. */
    public static Weights of(Network network) {
        String file = System.getProperty(SHAPES);
        return file == null ? of(network.make()) : read(Path.of(file));
    }

    static Weights of(Layer layer) {
        Map<String, Tensor> trained = layer.parameters();
        Map<String, Tensor> kept = new LinkedHashMap<>(layer.state());
        kept.keySet().removeAll(trained.keySet());
        kept.values().removeIf(b -> !b.dtype().isFloating());
        return new Weights(shapes(trained), shapes(kept));
    }

    private static Map<String, List<Integer>> shapes(Map<String, Tensor> tensors) {
        Map<String, List<Integer>> shapes = new LinkedHashMap<>();
        tensors.forEach((path, p) ->
                shapes.put(path, Arrays.stream(p.shape().dims()).boxed().toList()));
        return shapes;
    }

    /** Writes the shapes to a file for {@link #SHAPES}. */
    public void save(Path file) {
        Json.save(file, this);
    }

    private static Weights read(Path file) {
        Map<String, @Nullable Object> tree = Json.read(file);
        return new Weights(
                shapes(Json.object(tree.get("parameters"), file), file),
                shapes(Json.object(tree.get("buffers"), file), file));
    }

    private static Map<String, List<Integer>> shapes(Map<String, @Nullable Object> tree, Path file) {
        Map<String, List<Integer>> shapes = new LinkedHashMap<>();
        tree.forEach((path, dims) -> shapes.put(path, integers(dims)));
        return shapes;
    }

    private static List<Integer> integers(@Nullable Object list) {
        return list instanceof List<?> items
                ? items.stream().map(i -> ((Long) i).intValue()).toList()
                : List.of();
    }

    /** Returns the shape of a parameter or buffer. */
    public List<Integer> shape(String path) {
        return Objects.requireNonNull(parameters.getOrDefault(path, buffers.get(path)), path);
    }

    /** Returns the values of a parameter or buffer: about 1 for scales of norms and counts, else of variance 1 over the fan-in. */
    public float[] value(String path) {
        List<Integer> shape = shape(path);
        int size = shape.stream().reduce(1, (a, b) -> a * b);
        float[] values = Numbers.of(path.hashCode(), size);
        boolean vector = shape.size() == 1;
        float scale = vector ? 0.1f : (float) Math.sqrt((double) shape.get(0) / size);
        float shift = vector && isPositive(path) ? 1 : 0;
        for (int i = 0; i < size; i++) {
            values[i] = shift + scale * values[i];
        }
        return values;
    }

    private static boolean isPositive(String path) {
        return path.endsWith("weight") || path.endsWith("running_var") || path.endsWith("cluster_size");
    }
}
