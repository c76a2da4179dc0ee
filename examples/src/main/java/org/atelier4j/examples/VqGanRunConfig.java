package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.data.Datasets;
import org.atelier4j.io.Json;
import org.atelier4j.train.TrainingLength;
import org.atelier4j.vqvae.VqVaeConfig;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a run that trains a VQGAN.
 *
 * @param model networks and codebook
 * @param data name of the data set
 * @param length when the run is over
 * @param optimization how the autoencoder is changed, by Adam; there are no averaged weights
 * @param adversary what it is trained against
 * @param seed of all randomness
 */
record VqGanRunConfig(
        VqVaeConfig model,
        String data,
        TrainingLength length,
        Optimization optimization,
        Adversary adversary,
        long seed)
        implements RunConfig {
    static final String FAMILY = "vqgan";

    @Override
    public String family() {
        return FAMILY;
    }

    /** A Gumbel codebook's temperature falls over the whole run, so it follows the length. */
    @Override
    public VqGanRunConfig withLength(TrainingLength other) {
        VqGanRunConfig longer = new VqGanRunConfig(model, data, other, optimization, adversary, seed);
        VqVaeConfig annealed = model.annealedOver(Math.max(1, longer.steps()));
        return new VqGanRunConfig(annealed, data, other, optimization, adversary, seed);
    }

    @Override
    public VqGanRunConfig withOptimization(Optimization other) {
        return new VqGanRunConfig(model, data, length, other, adversary, seed);
    }

    @Override
    public VqGanRun start(Datasets.Resolved found) {
        return new VqGanRun(this, found);
    }

    @Override
    public Map<String, Object> toTree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("model", model.toTree());
        tree.put("data", data);
        tree.put("length", length);
        tree.put("optimization", optimization);
        tree.put("adversary", adversary);
        tree.put("seed", seed);
        return tree;
    }

    /** Returns the config that {@link #toTree} wrote. */
    static VqGanRunConfig ofTree(Map<String, @Nullable Object> tree, Path source) {
        Map<String, @Nullable Object> rest = new LinkedHashMap<>(tree);
        VqVaeConfig model = VqVaeConfig.ofTree(Json.object(rest.remove("model"), source), source);
        Shell shell = Json.record(Shell.class, rest);
        return new VqGanRunConfig(model, shell.data, shell.length, shell.optimization, shell.adversary, shell.seed);
    }

    /** Everything but the model, whose codebook is of several kinds. */
    private record Shell(
            String data, TrainingLength length, Optimization optimization, Adversary adversary, long seed) {}
}
