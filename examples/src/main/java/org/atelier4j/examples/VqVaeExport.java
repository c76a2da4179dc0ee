package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.data.Batches;
import org.atelier4j.vqvae.VqVae;
import org.atelier4j.vqvae.VqVaeScores;

/** What is left of a run that trained a VQ-VAE, with a discriminator or without. */
final class VqVaeExport {
    private VqVaeExport() {}

    /**
     * Writes the model, its latents measured, and how often each code is used; returns what it is worth.
     *
     * @param images that it was not trained on
     * @param notes texts for the file's metadata
     */
    static Map<String, Double> write(Path folder, VqVae model, Batches images, Map<String, String> notes) {
        VqVaeScores scores = VqVaeScores.of(model, images);
        VqVae.save(
                folder.resolve("model.safetensors"),
                model.config().withLatentStd(scores.latentStd()),
                model.state(),
                notes);
        CodebookPlot.save("Uses of each code, test images", scores.counts(), folder.resolve("codebook.png"));
        Map<String, Double> numbers = new LinkedHashMap<>();
        numbers.put("psnr", scores.psnr());
        numbers.put("used", scores.counts().used());
        numbers.put("perplexity", scores.counts().perplexity());
        numbers.put("latentStd", scores.latentStd());
        return numbers;
    }
}
