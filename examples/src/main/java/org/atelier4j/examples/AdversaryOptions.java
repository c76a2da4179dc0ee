package org.atelier4j.examples;

import org.atelier4j.metrics.net.FmNet;
import org.atelier4j.vqvae.VqLoss;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of {@code train vqgan} and {@code train autoencoder-kl} about their losses. */
final class AdversaryOptions {
    private static final String NONE = "none";

    @Option(
            names = "--loss",
            paramLabel = "NAME",
            defaultValue = "l1",
            description = "how pixels are compared: l1 or l2 (${DEFAULT-VALUE})")
    private VqLoss.Reconstruction loss;

    @Option(
            names = "--perceptual",
            paramLabel = "NAME",
            description = "network that compares too: fm-net, efficientnet-lite0, the file of a classifier, or none"
                    + " (fm-net for gray images, none for others)")
    private @Nullable String perceptual;

    @Option(
            names = "--perceptual-weight",
            paramLabel = "X",
            defaultValue = "1",
            description = "of that comparison (${DEFAULT-VALUE})")
    private double perceptualWeight;

    @Option(
            names = "--adversarial-weight",
            paramLabel = "X",
            defaultValue = "0.3",
            description = "of the discriminator; 0 for none (${DEFAULT-VALUE})")
    private double adversarialWeight;

    @Option(names = "--sudden", description = "let the discriminator come in all at once, as first published")
    private boolean sudden;

    /** Returns the settings for images of so many channels. */
    Adversary settings(int channels) {
        Adversary settings = Adversary.of(channels).withReconstruction(loss).withAdversarialWeight(adversarialWeight);
        String eyes = perceptual != null ? perceptual : channels == 1 ? FmNet.NAME : NONE;
        settings = eyes.equals(NONE) ? settings : settings.withPerceptual(eyes, perceptualWeight);
        return sudden ? settings.suddenly() : settings;
    }
}
