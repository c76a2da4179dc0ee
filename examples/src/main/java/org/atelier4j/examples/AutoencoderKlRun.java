package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.data.Batches;
import org.atelier4j.data.Dataset;
import org.atelier4j.data.Datasets;
import org.atelier4j.image.Image;
import org.atelier4j.tensor.Rng;
import org.atelier4j.vqvae.Autoencoder;
import org.atelier4j.vqvae.AutoencoderKl;
import org.atelier4j.vqvae.CodecScores;

/**
 * Trains the autoencoder of latent diffusion: config → data → model → step → export. The verb {@code train autoencoder-kl}
 * only chooses its configuration.
 */
final class AutoencoderKlRun extends AdversarialRun {
    private static final int MEASURED_IMAGES = 10_000;

    private final AutoencoderKlRunConfig config;
    private final Dataset train;
    private final AutoencoderKl model;

    AutoencoderKlRun(AutoencoderKlRunConfig config, Datasets.Resolved data) {
        this(
                config,
                data,
                new AutoencoderKl(config.model(), Rng.of(config.seed()).split("network")));
    }

    private AutoencoderKlRun(AutoencoderKlRunConfig config, Datasets.Resolved data, AutoencoderKl model) {
        super(config, config.adversary(), data, model, Autoencoder.of(model, config.divergenceCost()));
        this.config = config;
        this.model = model;
        train = data.train();
    }

    @Override
    public Image samples() {
        return Reconstructions.draw(x -> model.decode(model.encode(x)), test());
    }

    /** Writes the model with the scale of its latents on training images; returns what it is worth on test images. */
    @Override
    public Map<String, Double> export(Path folder, Map<String, String> notes) {
        Dataset some = train.first(Math.min(MEASURED_IMAGES, train.size()));
        double std;
        try (Batches images = new Batches(some, Batches.Config.evaluation(MEASURED_BATCH), Rng.of(0))) {
            std = CodecScores.of(model, images).latentStd();
        }
        Path file = folder.resolve("model.safetensors");
        AutoencoderKl.save(file, config.model().withLatentStd(std), model.state(), notes);
        Map<String, Double> numbers = new LinkedHashMap<>();
        try (Batches images = tested()) {
            CodecScores scores = CodecScores.of(AutoencoderKl.load(file), images);
            numbers.put("psnr", scores.psnr());
            numbers.put("scaledLatentStd", scores.latentStd());
            numbers.put("latentStd", std);
        }
        return numbers;
    }
}
