package org.atelier4j.autoregressive.pipeline;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.autoregressive.CodePrior;
import org.atelier4j.autoregressive.CodeSpace;
import org.atelier4j.io.Json;
import org.atelier4j.model.LabelDropout;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;

/**
 * All that must be known of a prior beside its weights.
 *
 * @param kind what it is
 * @param network sizes of its network, a record of the kind's type
 * @param codebook {@linkplain org.atelier4j.model.ImageTokenizer#hash hash} of the codebook whose codes it learned
 * @param classNames a name for each class, in order; empty for a prior without classes
 * @param labelDropout how many classes were hidden in training: what guidance and images of no class need. Files that do not
 *     say it are from when a tenth was the rule
 */
public record PriorConfig(
        PriorKind kind, Record network, String codebook, List<String> classNames, LabelDropout labelDropout) {
    private static final String KIND = "kind";
    private static final String NETWORK = "network";
    private static final String CODEBOOK = "codebookHash";
    private static final String CLASS_NAMES = "classNames";

    /** Copies the list; checks type and number. */
    public PriorConfig {
        classNames = List.copyOf(classNames);
        Check.that(
                kind.sizes().isInstance(network),
                "PriorConfig: network of a %s must be sizes %s, got %s",
                kind.label(),
                kind.sizes().getName(),
                network);
        int classes = kind.space(network).classes();
        Check.that(
                classNames.size() == classes,
                "PriorConfig: there must be %d class names, got %d",
                classes,
                classNames.size());
    }

    /** Returns what the prior models. */
    public CodeSpace space() {
        return kind.space(network);
    }

    /** Returns whether the prior can be guided: it has classes, and saw grids without them. */
    public boolean allowsGuidance() {
        return labelDropout.allowsGuidance(classNames.size());
    }

    /** Returns a prior of these sizes with random weights. */
    public CodePrior make(Rng rng) {
        return kind.make(network, rng);
    }

    /** Returns this as texts for the metadata of a safetensors file. */
    public Map<String, String> toMetadata() {
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put(KIND, kind.label());
        texts.put(NETWORK, Json.write(network));
        texts.put(CODEBOOK, codebook);
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
    public static PriorConfig ofMetadata(Map<String, String> texts, Object source) {
        PriorKind kind = PriorKind.of(text(texts, KIND, source));
        Record network = Json.record(kind.sizes(), Json.parse(text(texts, NETWORK, source)));
        Object names = Json.parse(text(texts, CLASS_NAMES, source));
        Check.that(names instanceof List<?>, "CodePipeline: classNames of %s must be a list, got %s", source, names);
        List<String> classNames =
                ((List<?>) names).stream().map(String::valueOf).toList();
        LabelDropout dropout = LabelDropout.ofMetadata(texts, LabelDropout.USUAL, source);
        return new PriorConfig(kind, network, text(texts, CODEBOOK, source), classNames, dropout);
    }

    private static String text(Map<String, String> texts, String key, Object source) {
        String text = texts.get(key);
        Check.that(
                text != null,
                "CodePipeline: %s must hold a prior, with kind, network, codebookHash and classNames in its metadata,"
                        + " got %s",
                source,
                texts.keySet());
        return text;
    }
}
