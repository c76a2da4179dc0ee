package org.atelier4j.examples;

import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.data.Datasets;
import org.atelier4j.io.Json;
import org.atelier4j.train.TrainingLength;
import org.atelier4j.vqvae.AutoencoderKl;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a run that trains the autoencoder of latent diffusion.
 *
 * @param model its networks; their latents are measured in the end
 * @param data name of the data set
 * @param length when the run is over
 * @param optimization how the autoencoder is changed, by Adam; there are no averaged weights
 * @param adversary what it is trained against
 * @param divergenceCost weight of the divergence from the standard normal law
 * @param seed of all randomness
 */
record AutoencoderKlRunConfig(
        AutoencoderKl.Config model,
        String data,
        TrainingLength length,
        Optimization optimization,
        Adversary adversary,
        double divergenceCost,
        long seed)
        implements RunConfig {
    static final String FAMILY = "autoencoder-kl";

    @Override
    public String family() {
        return FAMILY;
    }

    @Override
    public AutoencoderKlRunConfig withLength(TrainingLength other) {
        return new AutoencoderKlRunConfig(model, data, other, optimization, adversary, divergenceCost, seed);
    }

    @Override
    public AutoencoderKlRunConfig withOptimization(Optimization other) {
        return new AutoencoderKlRunConfig(model, data, length, other, adversary, divergenceCost, seed);
    }

    @Override
    public AutoencoderKlRun start(Datasets.Resolved found) {
        return new AutoencoderKlRun(this, found);
    }

    @Override
    public Map<String, Object> toTree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("model", model);
        tree.put("data", data);
        tree.put("length", length);
        tree.put("optimization", optimization);
        tree.put("adversary", adversary);
        tree.put("divergenceCost", divergenceCost);
        tree.put("seed", seed);
        return tree;
    }

    /** Returns the config that {@link #toTree} wrote. */
    static AutoencoderKlRunConfig ofTree(Map<String, @Nullable Object> tree) {
        return Json.record(AutoencoderKlRunConfig.class, tree);
    }
}
