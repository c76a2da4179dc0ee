package org.atelier4j.benchmarks;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.atelier4j.diffusion.unet.UNet;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.atelier4j.io.Json;
import org.atelier4j.tensor.Rng;
import org.jspecify.annotations.Nullable;

/**
 * What every engine starts the U-Net tasks with: the network's sizes, its weights, and a batch.
 *
 * <p>No weight is zero, as some are in a new network, so that every gradient is put to the test.
 *
 * @param config the sizes
 * @param shapes of the parameters, by path
 * @param batch images in a batch
 */
public record UNetData(UNetConfig config, Map<String, List<Integer>> shapes, int batch) {
    /** η of AdamW; everything else is PyTorch's default. */
    public static final double LEARNING_RATE = 1e-4;

    /** The system property that names a file with the shapes: for a process that is to do without the library. */
    static final String SHAPES = "atelier.benchmarks.shapes";

    /** Returns the data of a network. */
    public static UNetData of(Task.Network network, int batch) {
        String file = System.getProperty(SHAPES);
        return new UNetData(network.config(), file == null ? shapes(network) : readShapes(Path.of(file)), batch);
    }

    /** Returns the shapes of a network's parameters, by path. */
    static Map<String, List<Integer>> shapes(Task.Network network) {
        Map<String, List<Integer>> shapes = new LinkedHashMap<>();
        new UNet(network.config(), Rng.of(1))
                .parameters()
                .forEach((path, p) ->
                        shapes.put(path, Arrays.stream(p.shape().dims()).boxed().toList()));
        return shapes;
    }

    private static Map<String, List<Integer>> readShapes(Path file) {
        Map<String, List<Integer>> shapes = new LinkedHashMap<>();
        Json.read(file).forEach((path, dims) -> shapes.put(path, integers(dims)));
        return shapes;
    }

    private static List<Integer> integers(@Nullable Object list) {
        return list instanceof List<?> items
                ? items.stream().map(i -> ((Long) i).intValue()).toList()
                : List.of();
    }

    /** Returns the values of a parameter: about 1 for scales of norms, else of variance 1 over the fan-in. */
    public float[] weight(String path) {
        List<Integer> shape = Objects.requireNonNull(shapes.get(path), path);
        int size = shape.stream().reduce(1, (a, b) -> a * b);
        float[] values = Numbers.of(path.hashCode(), size);
        boolean vector = shape.size() == 1;
        float scale = vector ? 0.1f : (float) Math.sqrt((double) shape.get(0) / size);
        float shift = vector && path.endsWith("weight") ? 1 : 0;
        for (int i = 0; i < size; i++) {
            values[i] = shift + scale * values[i];
        }
        return values;
    }

    /** Returns noisy images (B, H, W, C). */
    public float[] images() {
        return Numbers.of(
                1,
                batch
                        * config.images().height()
                        * config.images().width()
                        * config.images().in());
    }

    /** Returns the noise that the network is to predict (B, H, W, C). */
    public float[] noise() {
        return Numbers.of(
                2,
                batch
                        * config.images().height()
                        * config.images().width()
                        * config.images().out());
    }

    /** Returns times (B) between 0 and 1,000. */
    public float[] times() {
        float[] times = Numbers.of(3, batch);
        for (int i = 0; i < batch; i++) {
            times[i] = 500 + 250 * times[i];
        }
        return times;
    }
}
