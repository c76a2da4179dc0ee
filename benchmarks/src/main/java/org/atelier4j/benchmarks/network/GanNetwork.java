package org.atelier4j.benchmarks.network;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.atelier4j.nn.Activation;
import org.atelier4j.nn.BatchNorm2d;
import org.atelier4j.nn.Conv2d;
import org.atelier4j.nn.ConvConfig;
import org.atelier4j.nn.ConvTranspose2d;
import org.atelier4j.nn.Layer;
import org.atelier4j.nn.Losses;
import org.atelier4j.nn.Sequential;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The generator and the discriminator of Radford et al. 2015, "Unsupervised Representation Learning with Deep Convolutional
 * Generative Adversarial Networks" (arXiv:1511.06434), for images of 32×32: from 4×4 up in three steps, and down again.
 *
 * <p>A step teaches the discriminator, then the generator through the discriminator as it has become.
 *
 * @param name of the network
 * @param noise length of what the generator is given, 100 in the paper
 * @param base channels at 16×16; twice and four times as many at 8×8 and 4×4
 */
public record GanNetwork(String name, int noise, int base) implements Network {
    private static final int SIZE = 32;
    private static final int COLORS = 3;
    private static final double SLOPE = 0.2;

    /** Returns that of 64 to 256 channels. */
    public static GanNetwork dcgan() {
        return new GanNetwork("dcgan", 100, 64);
    }

    /** Returns what the generator is given (B, 1, 1, noise). */
    public float[] noises(int batch) {
        return Numbers.of(1, batch * noise);
    }

    /** Returns images to be imitated (B, 32, 32, 3). */
    public float[] images(int batch) {
        return Numbers.of(2, batch * SIZE * SIZE * COLORS);
    }

    @Override
    public Layer make() {
        return new Pair(this);
    }

    @Override
    public boolean isSmooth() {
        return false;
    }

    @Override
    public Model model(int batch) {
        Pair net = new Pair(this);
        Tensor noises = Model.images(noises(batch), 1, 1, noise);
        Tensor images = Model.images(images(batch), SIZE, SIZE, COLORS);
        return new Model(net) {
            private @Nullable Tensor fake;

            @Override
            public Tensor predict() {
                return net.generator.forward(noises); // (B, 32, 32, 3)
            }

            @Override
            public List<Objective> objectives() {
                return List.of(
                        new Objective("discriminator's loss", net.part("discriminator."), this::discriminatorLoss),
                        new Objective("generator's loss", net.part("generator."), this::generatorLoss));
            }

            private Tensor discriminatorLoss() {
                Tensor drawn = predict();
                fake = drawn;
                Tensor onReal = net.discriminator.forward(images); // (B, 1, 1, 1)
                Tensor onFake = net.discriminator.forward(drawn.detach());
                return Losses.binaryCrossEntropy(onReal, Tensor.onesLike(onReal))
                        .add(Losses.binaryCrossEntropy(onFake, Tensor.zerosLike(onFake)));
            }

            private Tensor generatorLoss() {
                Tensor logits = net.discriminator.forward(Objects.requireNonNull(fake));
                return Losses.binaryCrossEntropy(logits, Tensor.onesLike(logits));
            }
        };
    }

    /** Both networks. */
    private static final class Pair extends Layer {
        private final Sequential generator;
        private final Sequential discriminator;

        Pair(GanNetwork sizes) {
            Rng rng = Rng.of(1);
            int c = sizes.base();
            generator = child(
                    "generator",
                    new Sequential(
                            up(sizes.noise(), 4 * c, 1, 0, rng.split(0)), // (B, 4, 4, 4C)
                            new BatchNorm2d(4 * c),
                            Activation.relu(),
                            up(4 * c, 2 * c, 2, 1, rng.split(1)), // (B, 8, 8, 2C)
                            new BatchNorm2d(2 * c),
                            Activation.relu(),
                            up(2 * c, c, 2, 1, rng.split(2)), // (B, 16, 16, C)
                            new BatchNorm2d(c),
                            Activation.relu(),
                            up(c, COLORS, 2, 1, rng.split(3)), // (B, 32, 32, 3)
                            Activation.tanh()));
            discriminator = child(
                    "discriminator",
                    new Sequential(
                            down(COLORS, c, 2, 1, rng.split(4)), // (B, 16, 16, C)
                            Activation.leakyRelu(SLOPE),
                            down(c, 2 * c, 2, 1, rng.split(5)), // (B, 8, 8, 2C)
                            new BatchNorm2d(2 * c),
                            Activation.leakyRelu(SLOPE),
                            down(2 * c, 4 * c, 2, 1, rng.split(6)), // (B, 4, 4, 4C)
                            new BatchNorm2d(4 * c),
                            Activation.leakyRelu(SLOPE),
                            down(4 * c, 1, 1, 0, rng.split(7)))); // (B, 1, 1, 1)
        }

        private static ConvTranspose2d up(int in, int out, int stride, int padding, Rng rng) {
            return new ConvTranspose2d(config(in, out, stride, padding), 0, rng);
        }

        private static Conv2d down(int in, int out, int stride, int padding, Rng rng) {
            return new Conv2d(config(in, out, stride, padding), rng);
        }

        private static ConvConfig config(int in, int out, int stride, int padding) {
            return ConvConfig.of2d(in, out, 4)
                    .withStride(stride)
                    .withPadding(padding)
                    .withoutBias();
        }

        /** Returns the parameters whose paths begin so. */
        Map<String, Tensor> part(String prefix) {
            Map<String, Tensor> all = new LinkedHashMap<>(parameters());
            all.keySet().removeIf(path -> !path.startsWith(prefix));
            return all;
        }
    }
}
