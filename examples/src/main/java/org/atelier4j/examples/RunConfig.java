package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.atelier4j.diffusion.pipeline.Objective;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.atelier4j.io.Json;
import org.atelier4j.optim.LearningRate;
import org.atelier4j.tensor.Check;
import org.atelier4j.train.TrainingLength;
import org.jspecify.annotations.Nullable;

/**
 * All that decides what a training run does; stands in {@code config.json} of its folder. The same configuration on the same
 * data gives the same model, bit for bit on the same kernels.
 *
 * @param network sizes of the network
 * @param data name of the data set
 * @param length when the run is over
 * @param optimization how the network is changed
 * @param objective what it learns
 * @param labelDropout part of the images whose class is hidden in training, in [0, 1): what guidance needs
 * @param seed of all randomness
 */
record RunConfig(
        UNetConfig network,
        String data,
        TrainingLength length,
        Optimization optimization,
        Objective objective,
        double labelDropout,
        long seed) {

    /**
     * How a network is changed.
     *
     * @param batch images in a step
     * @param learningRate highest rate of AdamW; it falls along half a cosine to {@value #LAST_RATE} of it
     * @param warmUp steps in which the rate rises
     * @param maxNorm norm at which gradients are clipped
     * @param emaHalfLife memory of the averaged weights, in images
     */
    record Optimization(int batch, double learningRate, long warmUp, double maxNorm, double emaHalfLife) {
        private static final double LAST_RATE = 0.02;

        Optimization {
            Check.that(batch >= 1, "batch: must be >= 1, got %d", batch);
            Check.that(learningRate > 0, "learning rate: must be > 0, got %s", learningRate);
        }

        Optimization with(int otherBatch, double otherRate) {
            return new Optimization(otherBatch, otherRate, warmUp, maxNorm, emaHalfLife);
        }

        /** Returns the rate of each step of a run. */
        LearningRate schedule(long steps) {
            return LearningRate.cosine(learningRate, LAST_RATE * learningRate, Math.max(1, steps))
                    .warmUp(Math.max(1, Math.min(warmUp, steps / 10)));
        }
    }

    RunConfig {
        Check.that(labelDropout >= 0 && labelDropout < 1, "label dropout: must lie in [0, 1), got %s", labelDropout);
    }

    /** Returns the number of steps that the run takes. */
    long steps() {
        return switch (length.unit()) {
            case STEPS -> length.amount();
            case IMAGES -> (length.amount() + optimization.batch() - 1) / optimization.batch();
        };
    }

    RunConfig withLength(TrainingLength other) {
        return new RunConfig(network, data, other, optimization, objective, labelDropout, seed);
    }

    /** Writes this as JSON. */
    void save(Path file) {
        Json.save(file, toTree());
    }

    private Map<String, Object> toTree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("network", network);
        tree.put("data", data);
        tree.put("length", length);
        tree.put("optimization", optimization);
        tree.put("objective", objective.toTree());
        tree.put("labelDropout", labelDropout);
        tree.put("seed", seed);
        return tree;
    }

    /**
     * Reads what {@link #save} wrote.
     *
     * @throws IllegalArgumentException naming the file and everything missing, unknown or wrong in it
     */
    static RunConfig load(Path file) {
        Map<String, @Nullable Object> tree = Json.read(file);
        try {
            Shell shell = Json.record(Shell.class, without(tree, "objective"));
            return new RunConfig(
                    shell.network,
                    shell.data,
                    shell.length,
                    shell.optimization,
                    Objective.ofTree(Json.object(tree.get("objective"), file)),
                    shell.labelDropout,
                    shell.seed);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
        }
    }

    /** Returns the names of the settings in which two configurations differ, the length aside. */
    static List<String> differences(RunConfig a, RunConfig b) {
        Map<String, Object> left = a.toTree();
        Map<String, Object> right = b.toTree();
        TreeSet<String> names = new TreeSet<>();
        left.forEach((name, value) -> {
            if (!name.equals("length") && !value.equals(right.get(name))) {
                names.add(name);
            }
        });
        return List.copyOf(names);
    }

    /** Everything but the objective, of which there are several kinds. */
    private record Shell(
            UNetConfig network,
            String data,
            TrainingLength length,
            Optimization optimization,
            double labelDropout,
            long seed) {}

    private static Map<String, @Nullable Object> without(Map<String, @Nullable Object> tree, String name) {
        Map<String, @Nullable Object> rest = new LinkedHashMap<>(tree);
        rest.remove(name);
        return rest;
    }
}
