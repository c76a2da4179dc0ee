package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.data.Datasets;
import org.atelier4j.io.Json;
import org.atelier4j.train.TrainingLength;
import org.atelier4j.vqvae.VqLoss;
import org.atelier4j.vqvae.VqVaeConfig;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a run that trains a VQ-VAE.
 *
 * @param model networks and codebook
 * @param data name of the data set
 * @param length when the run is over
 * @param optimization how the network is changed, by Adam; there are no averaged weights
 * @param loss how reconstructions are compared with images
 * @param seed of all randomness
 */
record VqVaeRunConfig(
        VqVaeConfig model, String data, TrainingLength length, Optimization optimization, VqLoss loss, long seed)
        implements RunConfig {
    static final String FAMILY = "vqvae";

    @Override
    public String family() {
        return FAMILY;
    }

    /** A Gumbel codebook's temperature falls over the whole run, so it follows the length. */
    @Override
    public VqVaeRunConfig withLength(TrainingLength other) {
        VqVaeRunConfig longer = new VqVaeRunConfig(model, data, other, optimization, loss, seed);
        VqVaeConfig annealed = model.annealedOver(Math.max(1, longer.steps()));
        return new VqVaeRunConfig(annealed, data, other, optimization, loss, seed);
    }

    @Override
    public VqVaeRunConfig withOptimization(Optimization other) {
        return new VqVaeRunConfig(model, data, length, other, loss, seed);
    }

    @Override
    public VqVaeRun start(Datasets.Resolved found) {
        return new VqVaeRun(this, found);
    }

    @Override
    public Map<String, Object> toTree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("model", model.toTree());
        tree.put("data", data);
        tree.put("length", length);
        tree.put("optimization", optimization);
        tree.put("loss", loss);
        tree.put("seed", seed);
        return tree;
    }

    /** Returns the config that {@link #toTree} wrote. */
    static VqVaeRunConfig ofTree(Map<String, @Nullable Object> tree, Path source) {
        Map<String, @Nullable Object> rest = new LinkedHashMap<>(tree);
        VqVaeConfig model = VqVaeConfig.ofTree(Json.object(rest.remove("model"), source), source);
        Shell shell = Json.record(Shell.class, rest);
        return new VqVaeRunConfig(model, shell.data, shell.length, shell.optimization, shell.loss, shell.seed);
    }

    /** Everything but the model, whose codebook is of several kinds. */
    private record Shell(String data, TrainingLength length, Optimization optimization, VqLoss loss, long seed) {}
}
