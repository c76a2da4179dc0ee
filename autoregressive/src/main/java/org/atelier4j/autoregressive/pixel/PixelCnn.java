package org.atelier4j.autoregressive.pixel;

import org.atelier4j.nn.Embedding;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A probability of whole images, or grids of codes, as the product of that of each value given those before it,
 * {@code p(x) = Π_i p(x_i | x_1 … x_{i−1}, class)} (van den Oord et al. 2016, arXiv:1606.05328, eq. 1): a {@link
 * GatedPixelCnn} and a {@link PixelHead}.
 */
public final class PixelCnn extends Layer {

    /**
     * What is modelled.
     *
     * @param height H
     * @param width W
     * @param channels C, 1 for codes
     * @param levels K, how many values there are
     */
    public record Grid(int height, int width, int channels, int levels) {

        /** Checks the sizes. */
        public Grid {
            Check.that(
                    height >= 1 && width >= 1 && channels >= 1 && levels >= 2,
                    "PixelCnn: height, width and channels must be >= 1 and levels >= 2, got %d, %d, %d and %d",
                    height,
                    width,
                    channels,
                    levels);
        }

        /** Returns the shape of {@code count} of them, (B, H, W, C). */
        public Shape batch(int count) {
            return Shape.of(count, height, width, channels);
        }

        /** Returns the number of values of one, H · W · C. */
        public int dimensions() {
            return height * width * channels;
        }
    }

    /**
     * Sizes of the network.
     *
     * @param width channels of each stack
     * @param layers gated layers behind the first
     * @param kernel rows and columns of their kernels
     */
    public record Size(int width, int layers, int kernel) {}

    /**
     * All that must be known beside the weights.
     *
     * @param grid what is modelled
     * @param components M of a mixture of logistics; 0 for a softmax over all levels
     * @param embedding length of the vector that stands for a value, for codes; 0 for pixels, which go in as numbers
     * @param size of the network
     * @param classes number of classes; 0 for none
     */
    public record Config(Grid grid, int components, int embedding, Size size, int classes) {

        /** Checks what goes together. */
        public Config {
            Check.that(
                    components >= 0 && embedding >= 0,
                    "PixelCnn: components and embedding must be >= 0, got %d and %d",
                    components,
                    embedding);
            Check.that(
                    embedding == 0 || grid.channels() == 1 && components == 0,
                    "PixelCnn: an embedding is for codes, with 1 channel and no mixture, got %d channels and %d"
                            + " components",
                    grid.channels(),
                    components);
        }

        /** Returns the head. */
        public PixelHead head() {
            return components == 0
                    ? PixelHead.categorical(grid.channels(), grid.levels())
                    : PixelHead.mixture(grid.channels(), grid.levels(), components);
        }

        /** Returns the network's sizes. */
        public GatedPixelCnn.Config network() {
            int in = embedding == 0 ? grid.channels() : embedding;
            PixelHead head = head();
            return new GatedPixelCnn.Config(
                    in, head.outputs(), size.width(), size.layers(), size.kernel(), head.colors(), classes);
        }
    }

    private final Config config;
    private final PixelHead head;
    private final @Nullable Embedding embedding;
    private final GatedPixelCnn network;

    /** Makes a model with random weights. */
    public PixelCnn(Config config, Rng rng) {
        this.config = config;
        head = config.head();
        embedding = config.embedding() == 0
                ? null
                : child("embedding", new Embedding(config.grid().levels(), config.embedding(), rng));
        network = child("network", new GatedPixelCnn(config.network(), rng));
    }

    /**
     * Returns {@code −log p(x | class)} of each image in nats, (B).
     *
     * @param values INT32 (B, H, W, C) in [0, K)
     * @param labels INT32 (B) in [0, classes], {@code classes} being "no class"
     */
    public Tensor nats(Tensor values, Tensor labels) {
        return head.nats(parameters(values, labels), values).sum(1, 2).reshape(values.dim(0));
    }

    /** Returns the mean of {@link #nats} per value in bits: bits per dimension. */
    public Tensor bitsPerDimension(Tensor values, Tensor labels) {
        return nats(values, labels).mean().div(config.grid().dimensions() * Math.log(2));
    }

    /** Returns the head's parameters (B, H, W, P) for values (B, H, W, C); those of a pixel depend on what is before it. */
    public Tensor parameters(Tensor values, Tensor labels) {
        checkValues(values);
        return network.forward(input(values), labels);
    }

    /** Returns what the network sees of values (…, C). */
    Tensor input(Tensor values) {
        if (embedding != null) {
            return embedding.forward(values.squeeze(-1)); // (…, embedding)
        }
        return values.to(DType.FLOAT32).affine(2.0 / (config.grid().levels() - 1), -1);
    }

    /** Returns the configuration. */
    public Config config() {
        return config;
    }

    /** Returns what the network's numbers mean. */
    public PixelHead head() {
        return head;
    }

    GatedPixelCnn network() {
        return network;
    }

    /** Checks shape, type and range of values (B, H, W, C). */
    void checkValues(Tensor values) {
        Grid grid = config.grid();
        Check.dtype("PixelCnn: values", DType.INT32, values);
        Check.shape(
                values.rank() == 4 && values.shape().equals(grid.batch(values.dim(0))),
                "PixelCnn: values must have shape (B, %d, %d, %d), got %s",
                grid.height(),
                grid.width(),
                grid.channels(),
                values.shape());
        Check.indices(values, grid.levels(), "PixelCnn: values must lie in [0, %d)", grid.levels());
    }
}
