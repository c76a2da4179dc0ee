package org.atelier4j.examples;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.atelier4j.data.Batches;
import org.atelier4j.data.Datasets;
import org.atelier4j.image.Image;
import org.atelier4j.tensor.Rng;
import org.atelier4j.train.StepListener;
import org.atelier4j.train.TrainingState;
import org.atelier4j.vqvae.Autoencoder;
import org.atelier4j.vqvae.CodebookUsage;
import org.atelier4j.vqvae.VqVae;

/** Trains a VQGAN: config → data → model → step → export. The verb {@code train vqgan} only chooses its configuration. */
final class VqGanRun extends AdversarialRun {
    private final VqGanRunConfig config;
    private final VqVae model;
    private final CodebookUsage usage;

    VqGanRun(VqGanRunConfig config, Datasets.Resolved data) {
        this(
                config,
                data,
                new VqVae(config.model(), Rng.of(config.seed()).split("network")),
                new CodebookUsage(
                        config.model().codebook().size(),
                        Math.max(1, data.train().size() / config.optimization().batch())));
    }

    private VqGanRun(VqGanRunConfig config, Datasets.Resolved data, VqVae model, CodebookUsage usage) {
        super(config, config.adversary(), data, model, Autoencoder.of(model, usage));
        this.config = config;
        this.model = model;
        this.usage = usage;
    }

    @Override
    public TrainingState state() {
        return super.state().tensors("usage", usage::state, usage::load);
    }

    @Override
    public List<StepListener> listeners() {
        return List.of(usage);
    }

    @Override
    public Image samples() {
        return Reconstructions.draw(model::reconstruct, test());
    }

    /** Writes the model, its latents measured, and how often each code is used; returns what it is worth on test images. */
    @Override
    public Map<String, Double> export(Path folder, Map<String, String> notes) {
        try (Batches images = tested()) {
            return VqVaeExport.write(folder, model, images, notes);
        }
    }
}
