package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.autoregressive.pipeline.PriorKind;
import org.atelier4j.data.Datasets;
import org.atelier4j.io.Json;
import org.atelier4j.tensor.Check;
import org.atelier4j.train.TrainingLength;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a run that trains a prior on the codes of a VQ-VAE.
 *
 * @param kind of prior
 * @param network its sizes
 * @param codec VQ-VAE whose codes it learns: name of one that ships, file or run folder
 * @param data name of the data set
 * @param length when the run is over
 * @param optimization how the network is changed, by AdamW
 * @param labelDropout part of the grids whose class is hidden in training, in [0, 1): what guidance needs
 * @param seed of all randomness
 */
record PriorRunConfig(
        PriorKind kind,
        Record network,
        String codec,
        String data,
        TrainingLength length,
        Optimization optimization,
        double labelDropout,
        long seed)
        implements RunConfig {
    static final String FAMILY = "prior";

    PriorRunConfig {
        Check.that(
                kind.sizes().isInstance(network),
                "network: must hold the sizes of a %s, got %s",
                kind.label(),
                network);
        Check.that(labelDropout >= 0 && labelDropout < 1, "labelDropout: must lie in [0, 1), got %s", labelDropout);
    }

    @Override
    public String family() {
        return FAMILY;
    }

    @Override
    public PriorRunConfig withLength(TrainingLength other) {
        return new PriorRunConfig(kind, network, codec, data, other, optimization, labelDropout, seed);
    }

    @Override
    public PriorRunConfig withOptimization(Optimization other) {
        return new PriorRunConfig(kind, network, codec, data, length, other, labelDropout, seed);
    }

    @Override
    public PriorRun start(Datasets.Resolved found) {
        return new PriorRun(this, found);
    }

    @Override
    public Map<String, Object> toTree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("kind", kind.label());
        tree.put("network", network);
        tree.put("codec", codec);
        tree.put("data", data);
        tree.put("length", length);
        tree.put("optimization", optimization);
        tree.put("labelDropout", labelDropout);
        tree.put("seed", seed);
        return tree;
    }

    /** Returns the config that {@link #toTree} wrote. */
    static PriorRunConfig ofTree(Map<String, @Nullable Object> tree, Path source) {
        Map<String, @Nullable Object> rest = new LinkedHashMap<>(tree);
        PriorKind kind = PriorKind.of(String.valueOf(rest.remove("kind")));
        Record network = Json.record(kind.sizes(), rest.remove("network"));
        Shell shell = Json.record(Shell.class, rest);
        return new PriorRunConfig(
                kind,
                network,
                shell.codec,
                shell.data,
                shell.length,
                shell.optimization,
                shell.labelDropout,
                shell.seed);
    }

    /** Everything but the network, whose sizes are of several types. */
    private record Shell(
            String codec,
            String data,
            TrainingLength length,
            Optimization optimization,
            double labelDropout,
            long seed) {}
}
