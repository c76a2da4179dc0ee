package org.atelier4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.atelier4j.examples.CommandLineFixture.atelier;

import java.nio.file.Path;
import org.atelier4j.data.Dataset;
import org.atelier4j.data.Datasets;
import org.atelier4j.image.Image;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompleterTest {
    private static final Dataset SHAPES = Datasets.resolve("toy-shapes").test();

    @TempDir
    private Path folder;

    /** The PixelCNN that ships was told every class. */
    @Test
    void aModelThatKnowsNoImageWithoutAClassIsRefused() {
        assertThatThrownBy(() -> Completer.open(Models.PIXELCNN))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(Models.PIXELCNN
                        + ": each image must have a class for a model trained with label dropout 0, which saw none");
    }

    @Test
    void aModelThatKnowsThemKeepsTheUpperHalf() {
        CommandLineFixture trained = atelier(
                "train pixelcnn --data toy-shapes --smoke --bits 8 --head mixture --steps 1"
                        + " --label-dropout 0.2 --out",
                folder);
        assertThat(trained.code()).as(trained.err()).isZero();
        Image given = SHAPES.image(0);

        try (Completer completer = Completer.open(folder.toString())) {
            Image done = completer.complete(given, Edit.Half.LOWER, 3);

            assertThat(completer.halves()).containsExactly(Edit.Half.LOWER);
            assertThat(java.util.Arrays.copyOf(done.toBytes(), 16 * 8))
                    .isEqualTo(java.util.Arrays.copyOf(given.toBytes(), 16 * 8));
            assertThat(done).isNotEqualTo(given);
        }
    }
}
