package org.atelier4j.benchmarks.network;

import java.util.List;
import org.atelier4j.autoregressive.pixel.PixelCnn;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/**
 * A gated PixelCNN with a softmax over all levels of a gray pixel: what {@code ./atelier train pixelcnn} trains.
 *
 * @param name of the network
 * @param config grid and sizes; one channel, no mixture, no embedding, some classes
 */
public record PixelCnnNetwork(String name, PixelCnn.Config config) implements Network {

    /** Returns that of Fashion-MNIST: 28×28 pixels of 5 bits of 10 classes, width 32, 6 gated layers behind the first. */
    public static PixelCnnNetwork fashionMnist() {
        PixelCnn.Grid grid = new PixelCnn.Grid(28, 28, 1, 32);
        return new PixelCnnNetwork("pixelcnn", new PixelCnn.Config(grid, 0, 0, new PixelCnn.Size(32, 6, 3), 10));
    }

    /** Returns levels of pixels (B, H, W, 1). */
    public int[] values(int batch) {
        return Numbers.integers(
                1, batch * config.grid().dimensions(), config.grid().levels());
    }

    /** Returns classes (B), "no class" among them. */
    public int[] labels(int batch) {
        return Numbers.integers(2, batch, config.classes() + 1);
    }

    @Override
    public PixelCnn make() {
        return new PixelCnn(config, Rng.of(1));
    }

    @Override
    public boolean isSmooth() {
        return false;
    }

    @Override
    public Model model(int batch) {
        PixelCnn net = make();
        Tensor values = Tensor.of(values(batch), config.grid().batch(batch).dims());
        Tensor labels = Tensor.of(labels(batch), batch);
        return new Model(net) {
            /** Returns logits (B, H, W, K). */
            @Override
            public Tensor predict() {
                return net.parameters(values, labels);
            }

            @Override
            public List<Objective> objectives() {
                return minimize(() -> net.bitsPerDimension(values, labels));
            }
        };
    }
}
