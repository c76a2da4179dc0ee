package org.atelier4j.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PictureTest {
    @TempDir
    Path folder;

    private static Results results(double libtorchMicros) {
        Machine machine = new Machine("2026-11-24", "P", 4, "AVX2", 8L, "Linux", "17", 2, List.of(), 0);
        return new Results(
                machine,
                List.of(
                        new Results.Timing("vqvae-step-32", Engine.ATELIER, List.of(100.0, 101.0)),
                        new Results.Timing("vqvae-step-32", Engine.LIBTORCH, List.of(libtorchMicros, libtorchMicros))),
                List.of());
    }

    @Test
    void aMeasuredNetworkHasABar() {
        assertThat(blue(results(150))).isPositive();
        assertThat(Picture.save(results(150), folder.resolve("a.png"))).isTrue();
        Image picture = ImageFiles.read(folder.resolve("a.png"));
        assertThat(picture.width()).isEqualTo(1000);
        assertThat(picture.height()).isEqualTo(560);
    }

    @Test
    void withoutLibtorchThereIsNoPicture() {
        Results alone = new Results(results(1).machine(), results(1).timings().subList(0, 1), List.of());
        assertThat(Picture.save(alone, folder.resolve("b.png"))).isFalse();
        assertThat(folder.resolve("b.png")).doesNotExist();
    }

    private int blue(Results results) {
        Path file = folder.resolve("bar.png");
        Picture.save(results, file);
        Image picture = ImageFiles.read(file);
        int count = 0;
        for (int y = 0; y < picture.height(); y++) {
            for (int x = 0; x < picture.width(); x++) {
                count += picture.at(x, y, 2) > picture.at(x, y, 0) + 50 ? 1 : 0;
            }
        }
        return count;
    }
}
