package org.atelier4j.nn;

import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.op.Conv;
import org.jspecify.annotations.Nullable;

/**
 * What convolutions over one, two and three spatial axes share: (B, spatial…, in) → (B, spatial'…, out). Parameters
 * {@code weight} (out, in/groups, kernel…), {@code bias} (out).
 */
public abstract sealed class Convolutional extends UnaryLayer implements Weighted permits Conv1d, Conv2d, Conv3d {
    private final ConvConfig config;
    private final Tensor weight;
    private final @Nullable Tensor bias;

    Convolutional(int spatialAxes, ConvConfig config, Rng rng) {
        Check.that(
                config.kernel().rank() == spatialAxes,
                "%s: kernel must have %d lengths, got %s",
                getClass().getSimpleName(),
                spatialAxes,
                config.kernel());
        this.config = config;
        Shape shape = config.kernel()
                .insert(0, config.in() / config.geometry().groups())
                .insert(0, config.out());
        weight = parameter("weight", config.init().weight(shape, rng));
        bias = config.bias() ? parameter("bias", config.init().bias(shape, config.out(), rng)) : null;
    }

    /** Returns the convolution of x (B, spatial…, in): (B, spatial'…, out). */
    @Override
    public final Tensor forward(Tensor x) {
        return forwardWith(weight, x);
    }

    /** Returns the convolution of x plus {@code residual} (B, spatial'…, out), added where the result is written. */
    public final Tensor forward(Tensor x, Tensor residual) {
        checkChannels(x);
        Tensor b = bias == null ? Tensor.zeros(config.out()).to(x.device()) : bias;
        return new Conv(config.geometry()).apply(x, cast(weight, x), cast(b, x), cast(residual, x));
    }

    @Override
    public final Tensor forwardWith(Tensor w, Tensor x) {
        checkChannels(x);
        Conv conv = new Conv(config.geometry());
        return bias == null ? conv.apply(x, cast(w, x)) : conv.apply(x, cast(w, x), cast(bias, x));
    }

    @Override
    public final Tensor weight() {
        return weight;
    }

    @Override
    public final int outputAxis() {
        return 0;
    }

    private void checkChannels(Tensor x) {
        int spatial = config.kernel().rank();
        if (x.rank() != spatial + 2 || x.dim(-1) != config.in()) {
            String places = List.of("T", "H, W", "D, H, W").get(spatial - 1);
            throw new ShapeException("%s: x must have shape (B, %s, %d), got %s"
                    .formatted(getClass().getSimpleName(), places, config.in(), x.shape()));
        }
    }
}
