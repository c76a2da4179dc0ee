package org.atelier4j.nn;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.op.MatMul;
import org.jspecify.annotations.Nullable;

/** {@code y = x·Wᵀ + b} on the last axis: (…, in) → (…, out). Parameters {@code weight} (out, in), {@code bias} (out). */
public final class Linear extends UnaryLayer implements Weighted {

    /**
     * Sizes of a linear layer.
     *
     * @param in length of the input's last axis, ≥ 1
     * @param out length of the output's last axis, ≥ 1
     * @param bias whether b is added
     * @param init how weight and bias start
     */
    public record Config(int in, int out, boolean bias, Init init) {

        /** Checks the sizes. */
        public Config {
            Check.that(in >= 1 && out >= 1, "Linear: in and out must be >= 1, got %d and %d", in, out);
        }

        /** Returns a layer with bias and PyTorch's initial values. */
        public static Config of(int in, int out) {
            return new Config(in, out, true, Init.standard());
        }

        /** Returns the same without bias. */
        public Config withoutBias() {
            return new Config(in, out, false, init);
        }

        /** Returns the same with other initial values. */
        public Config withInit(Init law) {
            return new Config(in, out, bias, law);
        }
    }

    private final Config config;
    private final Tensor weight;
    private final @Nullable Tensor bias;

    /** Makes a layer with bias and PyTorch's initial values. */
    public Linear(int in, int out, Rng rng) {
        this(Config.of(in, out), rng);
    }

    /** Makes a layer. */
    public Linear(Config config, Rng rng) {
        this.config = config;
        Tensor initial = config.init().weight(Shape.of(config.out(), config.in()), rng);
        weight = parameter("weight", initial);
        bias = config.bias() ? parameter("bias", config.init().bias(initial.shape(), config.out(), rng)) : null;
    }

    /** Returns {@code x·Wᵀ + b} (…, out) for x (…, in). */
    @Override
    public Tensor forward(Tensor x) {
        return forwardWith(weight, x);
    }

    /** Returns {@code f(x·Wᵀ + b)} (…, out) for x (…, in): one kernel where nothing is recorded. */
    public Tensor activated(Tensor x, Activation f) {
        Tensor y = MatMul.activated(
                rows(x), false, cast(weight, x), true, bias == null ? null : cast(bias, x), f.function());
        return y.reshape(x.shape().with(-1, config.out()));
    }

    @Override
    public Tensor forwardWith(Tensor w, Tensor x) {
        Tensor rows = rows(x);
        MatMul product = new MatMul(false, true);
        Tensor y = bias == null ? product.apply(rows, cast(w, x)) : product.apply(rows, cast(w, x), cast(bias, x));
        return y.reshape(x.shape().with(-1, config.out()));
    }

    /** Returns x (…, in) as (N, in). */
    private Tensor rows(Tensor x) {
        Check.shape(
                x.rank() >= 1 && x.dim(-1) == config.in(),
                "Linear: x must have shape (…, %d), got %s",
                config.in(),
                x.shape());
        return x.reshape(-1, config.in());
    }

    @Override
    public Tensor weight() {
        return weight;
    }

    @Override
    public int outputAxis() {
        return 0;
    }
}
