package org.atelier4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.atelier4j.image.Image;
import org.atelier4j.io.MalformedFileException;
import org.atelier4j.io.SafeTensors;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmojiTest {
    @TempDir
    private Path folder;

    private Datasets datasets() {
        return new Datasets(Map.of("ATELIER_DATA", folder.toString()), folder.resolve("none"));
    }

    @Test
    void everyTenthIsATestImage() {
        List<Emoji.Picture> pictures = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
            pictures.add(new Emoji.Picture(Image.filled(32, 32, 3, 10 * i), i % 9, "emoji " + i));
        }
        Emoji.write(folder.resolve("emoji"), pictures);

        Datasets.Resolved found = datasets().find("emoji");

        assertThat(found.source()).isEqualTo(folder.resolve("emoji").toString());
        assertThat(found.train().size()).isEqualTo(23);
        assertThat(found.test().size()).isEqualTo(2);
        assertThat(found.test().imageShape()).isEqualTo(Shape.of(32, 32, 3));
        assertThat(found.test().image(1)).isEqualTo(pictures.get(19).image());
        assertThat(found.test().label(1)).isEqualTo(19 % 9);
        assertThat(found.train().image(9)).isEqualTo(pictures.get(10).image());
        assertThat(found.train().classNames()).hasSize(9).contains("Food & Drink");
    }

    @Test
    void whatIsNoEmojiIsRefused() {
        assertThatThrownBy(() -> new Emoji.Picture(Image.filled(31, 32, 3, 0), 0, "x"))
                .hasMessageStartingWith("Emoji: images must be 32 x 32 pixels of 3 channels, got");
        assertThatThrownBy(() -> new Emoji.Picture(Image.filled(32, 32, 3, 0), 9, "x"))
                .hasMessage("Emoji: label must lie in [0, 9), got 9");
        Path file = folder.resolve("emoji/emoji.safetensors");
        SafeTensors.write(
                file,
                Map.of("images", Tensor.of(new byte[3072], 1, 32, 32, 3), "labels", Tensor.of(new byte[2], 2)),
                Map.of());
        assertThatThrownBy(() -> datasets().find("emoji"))
                .isInstanceOf(MalformedFileException.class)
                .hasMessage(file + ": there must be 3072 bytes for each of at least 10 labels, got 3072 for 2");
    }
}
