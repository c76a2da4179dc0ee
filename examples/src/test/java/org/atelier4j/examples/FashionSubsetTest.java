package org.atelier4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import org.atelier4j.data.Dataset;
import org.atelier4j.data.Datasets;
import org.atelier4j.data.Idx;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FashionSubsetTest {
    private static final String RESOURCES = "fashion-mnist/";

    @TempDir
    Path folder;

    @Test
    void shipsBalancedImagesOfTenClasses() {
        Datasets.Resolved data = Datasets.resolve("fashion-mnist-small");
        assertThat(data.source()).isEqualTo("the subset that comes with the library");
        assertThat(perClass(data.train())).containsOnly(1150);
        assertThat(perClass(data.test())).containsOnly(200);
        assertThat(data.train().label(0)).isEqualTo(9); // the whole set begins with an ankle boot
        assertThat(data.train().classNames().get(9)).isEqualTo("Ankle boot");
        assertThat(data.train().image(0).at(13, 9, 0)).isBetween(1, 255);
    }

    private static int[] perClass(Dataset set) {
        int[] counts = new int[10];
        for (int i = 0; i < set.size(); i++) {
            counts[set.label(i)]++;
        }
        return counts;
    }

    @Test
    void isSmallAndComesWithItsLicence() throws IOException {
        long bytes = 0;
        for (String part : new String[] {"train", "t10k"}) {
            bytes += resource(part + "-images-idx3-ubyte.gz").length + resource(part + "-labels-idx1-ubyte.gz").length;
        }
        assertThat(bytes).isBetween(5_000_000L, 6_000_000L);
        assertThat(new String(resource("LICENSE"), StandardCharsets.UTF_8)).contains("Zalando SE");
    }

    @Test
    void theMakerMakesItAgainWhereTheWholeSetIsInstalled() throws IOException {
        assumeThat(Datasets.resolve("fashion-mnist").train().size())
                .as("the whole of Fashion-MNIST is installed")
                .isEqualTo(60_000);
        MakeFashionSubset.main(new String[] {folder.toString()});
        for (String file :
                new String[] {"train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"}) {
            byte[] made =
                    new byte[(int) Idx.read(folder.resolve(file + "-ubyte.gz")).size()];
            Idx.read(folder.resolve(file + "-ubyte.gz")).download().get(made);
            byte[] shipped = new GZIPInputStream(new ByteArrayInputStream(resource(file + "-ubyte.gz"))).readAllBytes();
            assertThat(Arrays.copyOfRange(shipped, shipped.length - made.length, shipped.length))
                    .isEqualTo(made);
        }
        assertThatThrownBy(() -> MakeFashionSubset.main(new String[0]))
                .hasMessage("MakeFashionSubset: one argument must be given, the folder to write to");
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = FashionSubsetTest.class.getResourceAsStream(RESOURCES + name)) {
            assertThat(in).as(name).isNotNull();
            return in.readAllBytes();
        }
    }
}
