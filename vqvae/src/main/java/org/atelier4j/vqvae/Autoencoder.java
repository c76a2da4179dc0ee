package org.atelier4j.vqvae;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.NoGrad;

/** An autoencoder as its training sees it, with codes or with continuous latents. */
public interface Autoencoder {

    /**
     * Returns what it makes of a batch.
     *
     * @param images (B, H, W, C) in [−1, 1]
     * @param step number of the training step, from 0
     * @param rng of this step
     */
    Pass pass(Tensor images, long step, Rng rng);

    /** Returns the weight of the layer that writes the pixels. */
    Tensor lastWeight();

    /**
     * One pass.
     *
     * @param images reconstructed (B, H, W, C)
     * @param terms what is added to the loss of the images
     * @param notes what a report says beside the terms, one number each
     * @param learn what must be done after the optimizer's step
     */
    record Pass(Tensor images, List<Quantization.Term> terms, Map<String, Tensor> notes, Runnable learn) {
        /** Copies list and map. */
        public Pass {
            terms = List.copyOf(terms);
            notes = Collections.unmodifiableMap(new TreeMap<>(notes));
        }
    }

    /**
     * Returns a VQ-VAE: its codebook's terms, which starts from the first batch and learns after each step. Notes are
     * {@code used} and {@code perplexity} of the last whole epoch.
     *
     * @param usage counts the codes; also a listener of the loop
     */
    static Autoencoder of(VqVae model, CodebookUsage usage) {
        return new Autoencoder() {
            @Override
            public Pass pass(Tensor images, long step, Rng rng) {
                if (step == 0) {
                    try (NoGrad off = NoGrad.open()) {
                        model.codebook().start(model.latents(images), rng.split("start"));
                    }
                }
                VqVae.Pass pass = model.forward(images, step, rng.split("codes"));
                Quantization chosen = pass.quantization();
                usage.add(chosen.codes());
                CodeCounts epoch = usage.epoch();
                return new Pass(
                        pass.images(),
                        chosen.terms(),
                        Map.of("used", epoch.usedPart(), "perplexity", epoch.equalCodes()),
                        () -> model.codebook().learn(pass.latents().detach(), chosen, rng.split("learn")));
            }

            @Override
            public Tensor lastWeight() {
                return model.lastWeight();
            }
        };
    }

    /**
     * Returns an autoencoder with continuous latents. Its term is the divergence of an image over the number of the image's
     * values, as the reconstruction is a mean over these.
     *
     * @param divergenceCost weight of the divergence beside a sum over all values, ≥ 0; published: 1e-6
     */
    static Autoencoder of(AutoencoderKl model, double divergenceCost) {
        return new Autoencoder() {
            @Override
            public Pass pass(Tensor images, long step, Rng rng) {
                Tensor eps = rng.split("latents")
                        .normal(model.latentShape(images.shape().drop(0)).insert(0, images.dim(0)));
                AutoencoderKl.Pass pass = model.forward(images, eps);
                double values = (double) images.size() / images.dim(0);
                Tensor divergence = pass.posterior().divergence().mean().div(values);
                return new Pass(
                        pass.images(),
                        List.of(new Quantization.Term("divergence", divergenceCost, divergence)),
                        Map.of(),
                        () -> {});
            }

            @Override
            public Tensor lastWeight() {
                return model.lastWeight();
            }
        };
    }
}
