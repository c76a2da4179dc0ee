package org.atelier4j.examples;

import java.nio.file.Files;
import java.nio.file.Path;
import org.atelier4j.metrics.net.EfficientNetLite0;
import org.atelier4j.metrics.net.FmNet;
import org.atelier4j.metrics.net.FrozenClassifier;
import org.atelier4j.metrics.net.Inception2015;
import org.atelier4j.model.FeatureExtractor;
import org.jspecify.annotations.Nullable;

/** The networks that metrics look at images with, by name. */
final class Extractors {
    private static final String GRAY = FmNet.NAME;
    private static final String COLOR = "efficientnet-lite0";
    private static final String CIFAR = "cifar10-net";
    private static final String INCEPTION = "inception";

    private Extractors() {}

    /**
     * Loads a network.
     *
     * @param name of one that ships, {@code inception}, or the file of a classifier; null for what suits the images
     * @param channels of the images
     */
    static FeatureExtractor of(@Nullable String name, int channels) {
        String chosen = name == null ? (channels == 1 ? GRAY : COLOR) : name;
        FeatureExtractor network = switch (chosen) {
            case GRAY -> FmNet.load();
            case COLOR -> EfficientNetLite0.load();
            case INCEPTION -> Inception2015.load();
            case CIFAR -> Models.open(CIFAR, FrozenClassifier::load);
            default -> ofFile(chosen);
        };
        if (network.channels() != channels) {
            throw new RunException(chosen + " looks at images of " + network.channels()
                    + " channels, but the data have " + channels + "; choose another one with --extractor");
        }
        return network;
    }

    private static FeatureExtractor ofFile(String name) {
        if (!Files.isRegularFile(Path.of(name))) {
            throw new RunException("there is no extractor " + name + ": it must be " + GRAY + ", " + COLOR + ", "
                    + CIFAR + ", " + INCEPTION + " or a file that ./atelier train classifier wrote");
        }
        return FrozenClassifier.load(Path.of(name));
    }
}
