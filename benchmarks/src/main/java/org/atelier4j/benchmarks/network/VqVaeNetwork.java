package org.atelier4j.benchmarks.network;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.atelier4j.nn.Losses;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.vqvae.VqVae;
import org.atelier4j.vqvae.VqVaeConfig;
import org.jspecify.annotations.Nullable;

/**
 * A VQ-VAE whose codebook learns by moving averages: what {@code ./atelier train vqvae} trains.
 *
 * @param name of the network
 * @param config networks and codebook, of the nearest vector
 * @param size height and width of the images
 */
public record VqVaeNetwork(String name, VqVaeConfig config, int size) implements Network {

    /** Returns that of Fashion-MNIST: 28×28 in gray to 7×7 codes of 512. */
    public static VqVaeNetwork fashionMnist() {
        return new VqVaeNetwork("vqvae", VqVaeConfig.fashionMnist(), 28);
    }

    /** Returns images (B, H, W, C). */
    public float[] images(int batch) {
        return Numbers.of(1, batch * size * size * config.network().imageChannels());
    }

    @Override
    public VqVae make() {
        return new VqVae(config, Rng.of(1));
    }

    @Override
    public Model model(int batch) {
        VqVae net = make();
        Tensor images = Model.images(images(batch), size, size, config.network().imageChannels());
        Rng rng = Rng.of(2);
        return new Model(net) {
            private VqVae.@Nullable Pass pass;

            @Override
            public Tensor predict() {
                return net.reconstruct(images);
            }

            @Override
            public List<Objective> objectives() {
                return minimize(() -> {
                    VqVae.Pass made = net.forward(images, 0, rng);
                    pass = made;
                    return Losses.mse(made.images(), images)
                            .add(made.quantization().loss());
                });
            }

            @Override
            public void learn() {
                VqVae.Pass made = Objects.requireNonNull(pass);
                net.codebook().learn(made.latents().detach(), made.quantization(), rng);
                pass = null;
            }

            @Override
            public Map<String, Tensor> learned() {
                String path = "quantize.embedding.weight";
                return Map.of(path, Objects.requireNonNull(net.state().get(path)));
            }
        };
    }
}
