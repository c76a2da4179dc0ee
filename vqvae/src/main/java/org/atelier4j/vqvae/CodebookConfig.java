package org.atelier4j.vqvae;

import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.io.Json;
import org.atelier4j.tensor.Rng;
import org.jspecify.annotations.Nullable;

/** Settings of a codebook of some kind. */
public sealed interface CodebookConfig
        permits NearestCodebook.Config, GumbelCodebook.Config, FiniteScalar.Config, LookupFree.Config, Residual.Config {

    /** Returns K, the number of codes. */
    int size();

    /** Returns D, the length of latents and of what they become. */
    int width();

    /** Returns the name of the kind, as {@code nearest}: what files and command lines say. */
    String kind();

    /** Returns the same for a run of another length: what changes while training, as a temperature, takes so many steps. */
    default CodebookConfig annealedOver(long steps) {
        return this;
    }

    /** Returns a new codebook. */
    Codebook make(Rng rng);

    /** Returns this as a tree for {@link Json}. */
    default Map<String, Object> toTree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("kind", kind());
        tree.put("settings", this);
        return tree;
    }

    /**
     * Returns the config that {@link #toTree} wrote.
     *
     * @throws IllegalArgumentException if it is none
     */
    static CodebookConfig ofTree(Map<String, @Nullable Object> tree) {
        String kind = String.valueOf(tree.get("kind"));
        Object settings = tree.get("settings");
        return switch (kind) {
            case NearestCodebook.KIND -> Json.record(NearestCodebook.Config.class, settings);
            case GumbelCodebook.KIND -> Json.record(GumbelCodebook.Config.class, settings);
            case FiniteScalar.KIND -> Json.record(FiniteScalar.Config.class, settings);
            case LookupFree.KIND -> Json.record(LookupFree.Config.class, settings);
            case Residual.KIND ->
                Json.record(Residual.Stack.class, settings).of(ofTree(Json.object(tree.get("part"), "Residual.part")));
            default ->
                throw new IllegalArgumentException(
                        "CodebookConfig: kind must be nearest, gumbel, finite-scalar, lookup-free or residual, got "
                                + kind);
        };
    }
}
