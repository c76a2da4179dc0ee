package org.atelier4j.metrics.net;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/** Weights made from their names, the same here and in {@code networks.py}: large networks need no golden weights. */
final class Hashed {
    private Hashed() {}

    /** Returns numbers in [−1, 1): FNV-1a of the name, then murmur's finalizer of each index. */
    static double[] numbers(String name, int count) {
        int seed = 0x811c9dc5;
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            seed = (seed ^ b) * 16777619;
        }
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            int h = i * 0x9e3779b9 + seed;
            h ^= h >>> 16;
            h *= 0x85ebca6b;
            h ^= h >>> 13;
            h *= 0xc2b2ae35;
            h ^= h >>> 16;
            values[i] = (float) ((h >>> 8) / (double) (1 << 23) - 1);
        }
        return values;
    }

    /** Returns a weight, bias or statistic of a network that keeps its activations near 1 in size. */
    static Tensor weight(String name, int... dims) {
        Shape shape = Shape.of(dims);
        double[] values = numbers(name, Math.toIntExact(shape.size()));
        float[] scaled = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            scaled[i] = (float) scale(name, values[i], shape);
        }
        return Tensor.of(scaled, scaled.length).reshape(shape);
    }

    private static double scale(String name, double x, Shape shape) {
        if (name.endsWith("running_var")) {
            return 1 + x / 2;
        } else if (name.endsWith("running_mean") || name.endsWith("bias")) {
            return x / 8;
        } else if (shape.rank() == 1) {
            return 1 + x / 4;
        }
        return x * Math.sqrt(6.0 / shape.size(1, shape.rank()));
    }

    /** Returns all weights of a network whose names and shapes it asks for. */
    static Weights of(String network, Map<String, int[]> shapes) {
        Map<String, Tensor> all = new LinkedHashMap<>();
        shapes.forEach((name, dims) -> all.put(name, weight(name, dims)));
        return new Weights(network, "hashed names", all, "");
    }
}
