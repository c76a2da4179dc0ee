package org.atelier4j.diffusion.pipeline;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.atelier4j.io.Json;
import org.atelier4j.tensor.Check;

/**
 * All that must be known of a model beside its weights.
 *
 * @param network sizes of the network
 * @param objective what it was trained for
 * @param classNames a name for each class, in order; empty for a model without classes
 */
public record PipelineConfig(UNetConfig network, Objective objective, List<String> classNames) {
    private static final String NETWORK = "network";
    private static final String OBJECTIVE = "objective";
    private static final String CLASS_NAMES = "classNames";

    /** Copies the list and checks its length. */
    public PipelineConfig {
        classNames = List.copyOf(classNames);
        Check.that(
                classNames.size() == network.conditions().classes(),
                "PipelineConfig: there must be %d class names, got %d",
                network.conditions().classes(),
                classNames.size());
    }

    /** Returns this as texts for the metadata of a safetensors file. */
    public Map<String, String> toMetadata() {
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put(NETWORK, Json.write(network));
        texts.put(OBJECTIVE, Json.write(objective.toTree()));
        texts.put(CLASS_NAMES, Json.write(classNames));
        return texts;
    }

    /**
     * Returns the config that {@link #toMetadata} wrote.
     *
     * @param source where the texts are from, for messages
     * @throws IllegalArgumentException if something is missing or wrong
     */
    public static PipelineConfig ofMetadata(Map<String, String> texts, Object source) {
        List<String> missing = List.of(NETWORK, OBJECTIVE, CLASS_NAMES).stream()
                .filter(key -> !texts.containsKey(key))
                .toList();
        Check.that(
                missing.isEmpty(), "DiffusionPipeline: metadata of %s must have %s, got %s", source, missing, texts.keySet());
        UNetConfig network = Json.record(UNetConfig.class, Json.parse(texts.get(NETWORK)));
        Objective objective = Objective.ofTree(Json.object(Json.parse(texts.get(OBJECTIVE)), source));
        Object names = Json.parse(texts.get(CLASS_NAMES));
        Check.that(names instanceof List<?>, "DiffusionPipeline: classNames of %s must be a list, got %s", source, names);
        List<String> classNames =
                ((List<?>) names).stream().map(String::valueOf).toList();
        return new PipelineConfig(network, objective, classNames);
    }
}
