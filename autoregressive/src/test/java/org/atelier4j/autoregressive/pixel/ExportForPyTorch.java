package org.atelier4j.autoregressive.pixel;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.data.Batch;
import org.atelier4j.data.Batches;
import org.atelier4j.data.Datasets;
import org.atelier4j.io.SafeTensors;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;

/**
 * Writes the initial weights and the batches of {@code ./atelier train pixelcnn}, so that {@code pixelcnn_train.py} can do
 * the same run in PyTorch.
 */
final class ExportForPyTorch {
    private static final int BATCH = 16;
    private static final long SEED = 1;

    private ExportForPyTorch() {}

    /** Writes {@code args[0]} steps into the file {@code args[1]}. */
    public static void main(String[] args) {
        int steps = Integer.parseInt(args[0]);
        PixelCnn.Config config =
                new PixelCnn.Config(new PixelCnn.Grid(28, 28, 1, 32), 0, 0, new PixelCnn.Size(32, 6, 3), 10);
        Rng rng = Rng.of(SEED);
        Map<String, Tensor> content = new LinkedHashMap<>();
        new PixelCnn(config, rng.split("network")).state().forEach((path, p) -> content.put("p." + path, p));
        int[] dims = config.grid().batch(steps * BATCH).dims();
        byte[] values = new byte[steps * BATCH * config.grid().dimensions()];
        int[] labels = new int[steps * BATCH];
        try (Batches batches = new Batches(
                Datasets.resolve("fashion-mnist").train(), Batches.Config.training(BATCH), rng.split("data"))) {
            for (int step = 0; step < steps; step++) {
                try (TensorScope scope = TensorScope.open()) {
                    Batch batch = batches.next();
                    int[] some = new PixelLevels(5).quantize(batch.images()).toInts();
                    for (int i = 0; i < some.length; i++) {
                        values[step * some.length + i] = (byte) some[i];
                    }
                    System.arraycopy(batch.labels().toInts(), 0, labels, step * BATCH, BATCH);
                }
            }
        }
        content.put("values", Tensor.of(values, dims));
        content.put("labels", Tensor.of(labels, labels.length).to(DType.INT32));
        SafeTensors.write(Path.of(args[1]), content, Map.of());
    }
}
