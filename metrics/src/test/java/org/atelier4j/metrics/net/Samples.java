package org.atelier4j.metrics.net;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.image.PixelRange;
import org.atelier4j.io.SafeTensors;
import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.junit.jupiter.api.Assumptions;

/** What the tests of networks share: pictures, golden values, published weights where they are on the machine. */
final class Samples {
    /** Outlives the scopes of tests: whichever of them comes first. */
    static final GoldenFile GOLDEN = TensorScope.outside(() -> GoldenFile.load("golden/networks.safetensors"));

    private Samples() {}

    /** Returns a picture of the test resources, (1, H, W, 3) in [−1, 1]. */
    static Tensor picture(String path) {
        try (InputStream in = Samples.class.getClassLoader().getResourceAsStream(path)) {
            return PixelRange.SIGNED
                    .toTensor(ImageFiles.decode(in.readAllBytes(), path).withChannels(3))
                    .unsqueeze(0);
        } catch (IOException e) {
            throw new UncheckedIOException(path, e);
        }
    }

    /** Returns every so many-th row, column and channel of (B, H, W, C). */
    static Tensor every(Tensor x, int rows, int columns, int channels) {
        Tensor y = x;
        int[] steps = {1, rows, columns, channels};
        for (int axis = 1; axis < 4; axis++) {
            int step = steps[axis];
            int[] indices = new int[(x.dim(axis) + step - 1) / step];
            Arrays.setAll(indices, i -> i * step);
            y = y.indexSelect(axis, Tensor.of(indices, indices.length));
        }
        return y;
    }

    /** Returns the largest difference. */
    static double distance(Tensor a, Tensor b) {
        return a.sub(b).abs().max().item();
    }

    /**
     * Returns a file of published weights from the folder that the system property or environment variable names; the test
     * is skipped where there is none.
     */
    static Path published(String file) {
        String folder = System.getProperty("atelier.weights", System.getenv().getOrDefault("ATELIER_WEIGHTS", ""));
        Path path = Path.of(folder).resolve(file);
        Assumptions.assumeTrue(
                !folder.isEmpty() && Files.exists(path),
                "skipped: " + file + " is not in the folder of -Datelier.weights or $ATELIER_WEIGHTS, got '" + folder
                        + "'");
        return path;
    }

    /** Writes tensors to a file. */
    static Path write(Path path, Map<String, Tensor> tensors) {
        SafeTensors.write(path, new TreeMap<>(tensors), Map.of());
        return path;
    }
}
