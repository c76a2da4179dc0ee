package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.atelier4j.data.Datasets;
import org.atelier4j.io.Json;
import org.atelier4j.train.TrainingLength;
import org.jspecify.annotations.Nullable;

/**
 * All that decides what a training run does, whatever family of models it trains; stands in {@code config.json} of its
 * folder. The same configuration on the same data gives the same model, bit for bit on the same kernels.
 *
 * <p>A family has a record of its own settings beside these, and a {@link Run}.
 */
interface RunConfig {
    /** Key of the family in {@code config.json}; files of the time when there was only diffusion have none. */
    String FAMILY = "family";

    /** Returns the name of the family, which is also that of its command, as {@code diffusion}. */
    String family();

    /** Returns the name of the data set. */
    String data();

    /** Returns when the run is over. */
    TrainingLength length();

    /** Returns how the network is changed. */
    Optimization optimization();

    /** Returns the seed of all randomness. */
    long seed();

    /** Returns the same with another length. */
    RunConfig withLength(TrainingLength other);

    /** Returns the same with another optimization. */
    RunConfig withOptimization(Optimization other);

    /** Returns all settings but the family as a tree for {@link Json}. */
    Map<String, Object> toTree();

    /** Returns a new model in training. */
    Run<?> start(Datasets.Resolved found);

    /** Returns the number of steps that the run takes. */
    default long steps() {
        int batch = optimization().batch();
        return switch (length().unit()) {
            case STEPS -> length().amount();
            case IMAGES -> (length().amount() + batch - 1) / batch;
        };
    }

    /** Writes this as JSON. */
    default void save(Path file) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put(FAMILY, family());
        tree.putAll(toTree());
        Json.save(file, tree);
    }

    /**
     * Reads what {@link #save} wrote.
     *
     * @throws IllegalArgumentException naming the file and everything missing, unknown or wrong in it
     */
    static RunConfig load(Path file) {
        Map<String, @Nullable Object> tree = new LinkedHashMap<>(Json.read(file));
        Object family = tree.remove(FAMILY);
        try {
            return ofTree(family == null ? DiffusionConfig.FAMILY : String.valueOf(family), tree, file);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
        }
    }

    private static RunConfig ofTree(String family, Map<String, @Nullable Object> tree, Path file) {
        return switch (family) {
            case DiffusionConfig.FAMILY -> DiffusionConfig.ofTree(tree, file);
            case VqVaeRunConfig.FAMILY -> VqVaeRunConfig.ofTree(tree, file);
            case VqGanRunConfig.FAMILY -> VqGanRunConfig.ofTree(tree, file);
            case AutoencoderKlRunConfig.FAMILY -> AutoencoderKlRunConfig.ofTree(tree);
            case PixelCnnRunConfig.FAMILY -> PixelCnnRunConfig.ofTree(tree, file);
            case PriorRunConfig.FAMILY -> PriorRunConfig.ofTree(tree, file);
            default ->
                throw new IllegalArgumentException("family: must be one that this version trains, got " + family);
        };
    }

    /** Returns the names of the settings in which two configurations differ, the length aside. */
    static List<String> differences(RunConfig a, RunConfig b) {
        if (!a.family().equals(b.family())) {
            return List.of(FAMILY);
        }
        Map<String, Object> left = a.withLength(b.length()).toTree(); // some settings follow the length
        Map<String, Object> right = b.toTree();
        TreeSet<String> names = new TreeSet<>();
        left.forEach((name, value) -> {
            if (!name.equals("length") && !value.equals(right.get(name))) {
                names.add(name);
            }
        });
        return List.copyOf(names);
    }
}
