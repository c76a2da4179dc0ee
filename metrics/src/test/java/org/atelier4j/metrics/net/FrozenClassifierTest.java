package org.atelier4j.metrics.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.atelier4j.io.MalformedFileException;
import org.atelier4j.io.SafeTensors;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.Gradients;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FrozenClassifierTest {
    private static final List<String> NAMES = List.of("cat", "dog", "owl");

    @TempDir
    private Path folder;

    private static ClassifierNet net(boolean folded) {
        return new ClassifierNet(new ClassifierNet.Config(1, List.of(3, 4), 3, folded), Rng.of(1));
    }

    private static Tensor images() {
        return Rng.of(2).uniform(Shape.of(2, 8, 8, 1)).affine(2, -1);
    }

    @Test
    void whatIsSavedIsLoaded() {
        Path file = folder.resolve("a.safetensors");
        ClassifierNet net = net(true);
        FrozenClassifier.save(file, "mine", NAMES, net, Map.of("seed", "1"));
        FrozenClassifier loaded = FrozenClassifier.load(file);

        assertThat(loaded.name()).isEqualTo("mine");
        assertThat(loaded.classNames()).isEqualTo(NAMES);
        assertThat(loaded.hash()).hasSize(64);
        assertThat(List.of(loaded.channels(), loaded.width(), loaded.classes())).containsExactly(1, 4, 3);
        assertThat(loaded.logits(loaded.features(images())).toDoubles())
                .isEqualTo(net.forward(images()).toDoubles());
    }

    @Test
    void gradientsReachTheImagesButNotTheWeights() {
        FrozenClassifier frozen = FrozenClassifier.of("mine", NAMES, net(true));
        Tensor images = images().requireGradient();
        Gradients gradients = frozen.features(images).sum().backward();

        assertThat(gradients.get(images).abs().sum().item()).isPositive();
        assertThat(frozen.features(images().detach()).node())
                .as("nothing to differentiate")
                .isNull();
    }

    @Test
    void otherFilesAreRefusedInOneSentence() throws IOException {
        Path damaged = Files.write(folder.resolve("damaged.safetensors"), new byte[] {1, 2, 3});
        assertThatThrownBy(() -> FrozenClassifier.load(damaged))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining(damaged.toString());

        Path other = folder.resolve("other.safetensors");
        SafeTensors.write(other, Map.of("x", Tensor.zeros(2)), Map.of());
        assertThatThrownBy(() -> FrozenClassifier.load(other))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining("classifier must name its classifier in the metadata");
    }

    @Test
    void trainingFormsAndWrongChannelsAreRefused() {
        assertThatThrownBy(() -> FrozenClassifier.of("mine", NAMES, net(false)))
                .hasMessageContaining("net must be folded");
        assertThatThrownBy(() -> FrozenClassifier.of("mine", NAMES, net(true)).features(Tensor.zeros(1, 8, 8, 3)))
                .hasMessage("mine: images must have shape (B, H, W, 1), got [1, 8, 8, 3]");
    }
}
