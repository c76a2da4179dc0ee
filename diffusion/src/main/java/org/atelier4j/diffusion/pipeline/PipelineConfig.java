package org.atelier4j.diffusion.pipeline;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.diffusion.unet.UNetConfig;
import org.atelier4j.io.Json;
import org.atelier4j.model.LabelDropout;
import org.atelier4j.tensor.Check;

/**
 * All that must be known of a model beside its weights.
 *
 * @param network sizes of the network
 * @param objective what it was trained for
 * @param classNames a name for each class, in order; empty for a model without classes
 * @param labelDropout how many classes were hidden in training: what guidance and images of no class need. Files that do not
 *     say it are from when a tenth was the rule
 */
public record PipelineConfig(
        UNetConfig network, Objective objective, List<String> classNames, LabelDropout labelDropout) {
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

    /** Returns whether the model can be guided: it has classes, and saw images without them. */
    public boolean allowsGuidance() {
        return labelDropout.allowsGuidance(classNames.size());
    }

    /** Returns this as texts for the metadata of a safetensors file. */
    public Map<String, String> toMetadata() {
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put(NETWORK, Json.write(network));
        texts.put(OBJECTIVE, Json.write(objective.toTree()));
        texts.put(CLASS_NAMES, Json.write(classNames));
        labelDropout.putInto(texts);
        return texts;
    }

    /**
     * Returns the config that {@link #toMetadata} wrote.
     *
     * @param source where the texts are from, for messages
     * @throws IllegalArgumentException if something is missing or wrong
     */
    public static PipelineConfig ofMetadata(Map<String, String> texts, Object source) {
        UNetConfig network = Json.record(UNetConfig.class, Json.parse(text(texts, NETWORK, source)));
        Objective objective = Objective.ofTree(Json.object(Json.parse(text(texts, OBJECTIVE, source)), source));
        Object names = Json.parse(text(texts, CLASS_NAMES, source));
        Check.that(
                names instanceof List<?>, "DiffusionPipeline: classNames of %s must be a list, got %s", source, names);
        List<String> classNames =
                ((List<?>) names).stream().map(String::valueOf).toList();
        LabelDropout dropout = LabelDropout.ofMetadata(texts, LabelDropout.USUAL, source);
        return new PipelineConfig(network, objective, classNames, dropout);
    }

    private static String text(Map<String, String> texts, String key, Object source) {
        String text = texts.get(key);
        Check.that(
                text != null,
                "DiffusionPipeline: metadata of %s must have network, objective and classNames, got %s",
                source,
                texts.keySet());
        return text;
    }
}
