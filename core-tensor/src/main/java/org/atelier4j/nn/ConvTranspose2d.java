package org.atelier4j.nn;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.op.ConvInput;
import org.jspecify.annotations.Nullable;

/**
 * Transposed convolution, the adjoint of a convolution that maps {@code out} to {@code in} channels: (B, H, W, in) →
 * (B, H', W', out) with {@code H' = (H − 1)·stride − 2·padding + dilation·(k − 1) + outputPadding + 1}.
 *
 * <p>Parameters as in PyTorch: {@code weight} (in, out/groups, kH, kW), {@code bias} (out).
 */
public final class ConvTranspose2d extends UnaryLayer implements Weighted {
    private final ConvConfig config;
    private final int outputPadding;
    private final Tensor weight;
    private final @Nullable Tensor bias;

    /** Makes a layer with bias, PyTorch's initial values and no output padding. */
    public ConvTranspose2d(int in, int out, int kernel, int stride, int padding, Rng rng) {
        this(ConvConfig.of2d(in, out, kernel).withStride(stride).withPadding(padding), 0, rng);
    }

    /**
     * Makes a layer.
     *
     * @param outputPadding rows and columns added at the far ends, in [0, stride): with a stride, several sizes have the
     *     same convolution, and this tells which one is meant
     */
    public ConvTranspose2d(ConvConfig config, int outputPadding, Rng rng) {
        Convolution geometry = config.geometry();
        Check.that(config.kernel().rank() == 2, "ConvTranspose2d: kernel must have 2 lengths, got %s", config.kernel());
        Check.that(
                outputPadding >= 0
                        && outputPadding
                                < Math.min(
                                        geometry.stride().dim(0),
                                        geometry.stride().dim(1)),
                "ConvTranspose2d: outputPadding must lie in [0, stride), got %d for stride %s",
                outputPadding,
                geometry.stride());
        this.config = config;
        this.outputPadding = outputPadding;
        Shape shape =
                config.kernel().insert(0, config.out() / geometry.groups()).insert(0, config.in());
        weight = parameter("weight", config.init().weight(shape, rng));
        bias = config.bias() ? parameter("bias", config.init().bias(shape, config.out(), rng)) : null;
    }

    /** Returns (B, H', W', out) for x (B, H, W, in). */
    @Override
    public Tensor forward(Tensor x) {
        return forwardWith(weight, x);
    }

    @Override
    public Tensor forwardWith(Tensor w, Tensor x) {
        Check.shape(
                x.rank() == 4 && x.dim(-1) == config.in(),
                "ConvTranspose2d: x must have shape (B, H, W, %d), got %s",
                config.in(),
                x.shape());
        Shape target = Shape.of(x.dim(0), outputLength(0, x.dim(1)), outputLength(1, x.dim(2)), config.out());
        Tensor y = new ConvInput(config.geometry(), target).apply(x, cast(w, x)); // (B, H', W', out)
        return bias == null ? y : y.add(cast(bias, x));
    }

    @Override
    public Tensor weight() {
        return weight;
    }

    @Override
    public int outputAxis() {
        return 1;
    }

    private int outputLength(int i, int length) {
        Convolution g = config.geometry();
        int reach = g.dilation().dim(i) * (config.kernel().dim(i) - 1);
        return (length - 1) * g.stride().dim(i) - 2 * g.padding().dim(i) + reach + outputPadding + 1;
    }
}
