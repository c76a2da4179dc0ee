package org.atelier4j.benchmarks.network;

import java.util.List;
import org.atelier4j.nn.Activation;
import org.atelier4j.nn.Conv2d;
import org.atelier4j.nn.ConvTranspose2d;
import org.atelier4j.nn.Losses;
import org.atelier4j.nn.Sequential;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/**
 * A convolutional autoencoder of gray images: two convolutions of stride 2 and two transposed ones back, ReLU between them.
 *
 * @param name of the network
 * @param size height and width of the images, a multiple of 4
 * @param base channels of the first layer; the second has twice as many
 */
public record AutoencoderNetwork(String name, int size, int base) implements Network {

    /** Returns that of 28×28 images: 32 and 64 channels. */
    public static AutoencoderNetwork standard() {
        return new AutoencoderNetwork("autoencoder", 28, 32);
    }

    /** Returns images (B, H, W, 1). */
    public float[] images(int batch) {
        return Numbers.of(1, batch * size * size);
    }

    @Override
    public Sequential make() {
        Rng rng = Rng.of(1);
        return new Sequential(
                new Conv2d(1, base, 3, 2, 1, rng.split(0)), // (B, H/2, W/2, C)
                Activation.relu(),
                new Conv2d(base, 2 * base, 3, 2, 1, rng.split(1)), // (B, H/4, W/4, 2C)
                Activation.relu(),
                new ConvTranspose2d(2 * base, base, 4, 2, 1, rng.split(2)), // (B, H/2, W/2, C)
                Activation.relu(),
                new ConvTranspose2d(base, 1, 4, 2, 1, rng.split(3))); // (B, H, W, 1)
    }

    @Override
    public boolean isSmooth() {
        return false;
    }

    @Override
    public Model model(int batch) {
        Sequential net = make();
        Tensor images = Model.images(images(batch), size, size, 1);
        return new Model(net) {
            @Override
            public Tensor predict() {
                return net.forward(images);
            }

            @Override
            public List<Objective> objectives() {
                return minimize(() -> Losses.mse(predict(), images));
            }
        };
    }
}
