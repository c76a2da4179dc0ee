package org.atelier4j.examples;

import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.data.Datasets;
import org.atelier4j.diffusion.pipeline.Objective;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.atelier4j.io.Json;
import org.atelier4j.tensor.Check;
import org.atelier4j.train.TrainingLength;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a run that trains a class-conditional diffusion model.
 *
 * @param network sizes of the network
 * @param data name of the data set
 * @param length when the run is over
 * @param optimization how the network is changed, by AdamW
 * @param objective what it learns
 * @param labelDropout part of the images whose class is hidden in training, in [0, 1): what guidance needs
 * @param seed of all randomness
 */
record DiffusionConfig(
        UNetConfig network,
        String data,
        TrainingLength length,
        Optimization optimization,
        Objective objective,
        double labelDropout,
        long seed)
        implements RunConfig {
    static final String FAMILY = "diffusion";

    DiffusionConfig {
        Check.that(labelDropout >= 0 && labelDropout < 1, "label dropout: must lie in [0, 1), got %s", labelDropout);
    }

    @Override
    public String family() {
        return FAMILY;
    }

    @Override
    public DiffusionConfig withLength(TrainingLength other) {
        return new DiffusionConfig(network, data, other, optimization, objective, labelDropout, seed);
    }

    @Override
    public DiffusionConfig withOptimization(Optimization other) {
        return new DiffusionConfig(network, data, length, other, objective, labelDropout, seed);
    }

    /** Returns the same with another objective. */
    DiffusionConfig withObjective(Objective other) {
        return new DiffusionConfig(network, data, length, optimization, other, labelDropout, seed);
    }

    @Override
    public DiffusionRun start(Datasets.Resolved found) {
        return new DiffusionRun(this, found);
    }

    @Override
    public Map<String, Object> toTree() {
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

    /** Returns the config that {@link #toTree} wrote. */
    static DiffusionConfig ofTree(Map<String, @Nullable Object> tree, Object source) {
        Map<String, @Nullable Object> rest = new LinkedHashMap<>(tree);
        Object objective = rest.remove("objective");
        Shell shell = Json.record(Shell.class, rest);
        return new DiffusionConfig(
                shell.network,
                shell.data,
                shell.length,
                shell.optimization,
                Objective.ofTree(Json.object(objective, source)),
                shell.labelDropout,
                shell.seed);
    }

    /** Everything but the objective, of which there are several kinds. */
    private record Shell(
            UNetConfig network,
            String data,
            TrainingLength length,
            Optimization optimization,
            double labelDropout,
            long seed) {}
}
