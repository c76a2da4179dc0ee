package org.atelier4j.vqvae;

import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.io.Json;
import org.atelier4j.tensor.Check;
import org.jspecify.annotations.Nullable;

/**
 * All that must be known of a {@link VqVae} beside its weights.
 *
 * @param network sizes of encoder and decoder
 * @param codebook what stands between them
 * @param latentStd standard deviation of the latents over the training images, by which {@link VqVae#encode} divides; 1
 *     until it is measured
 */
public record VqVaeConfig(AutoencoderConfig network, CodebookConfig codebook, double latentStd) {

    /** Checks the deviation. */
    public VqVaeConfig {
        Check.that(latentStd > 0, "VqVaeConfig: latentStd must be > 0, got %s", latentStd);
    }

    /** Returns a config whose latents are not measured yet. */
    public static VqVaeConfig of(AutoencoderConfig network, CodebookConfig codebook) {
        return new VqVaeConfig(network, codebook, 1);
    }

    /** Returns the pretrained model's sizes: Fashion-MNIST to 7 × 7 codes of 512. */
    public static VqVaeConfig fashionMnist() {
        return of(AutoencoderConfig.fashionMnist(), NearestCodebook.Config.lively(512, 32));
    }

    /** Returns the same with latents as measured. */
    public VqVaeConfig withLatentStd(double measured) {
        return new VqVaeConfig(network, codebook, measured);
    }

    /** Returns the same for a run of another length: a codebook's temperature takes the whole run to fall. */
    public VqVaeConfig annealedOver(long steps) {
        return new VqVaeConfig(network, codebook.annealedOver(steps), latentStd);
    }

    /** Returns this as a tree for {@link Json}. */
    public Map<String, Object> toTree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("network", network);
        tree.put("codebook", codebook.toTree());
        tree.put("latentStd", latentStd);
        return tree;
    }

    /**
     * Returns the config that {@link #toTree} wrote.
     *
     * @param source where the tree is from, for messages
     * @throws IllegalArgumentException if it is none
     */
    public static VqVaeConfig ofTree(Map<String, ? extends @Nullable Object> tree, Object source) {
        Check.that(
                tree.get("latentStd") instanceof Number,
                "VqVaeConfig: %s must have network, codebook and latentStd, got %s",
                source,
                tree.keySet());
        return new VqVaeConfig(
                Json.record(AutoencoderConfig.class, tree.get("network")),
                CodebookConfig.ofTree(Json.object(tree.get("codebook"), source)),
                ((Number) tree.get("latentStd")).doubleValue());
    }
}
