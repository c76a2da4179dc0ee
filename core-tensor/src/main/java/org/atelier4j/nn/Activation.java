package org.atelier4j.nn;

import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Unary;

/** A function of each element as a layer, for {@link Sequential}; elsewhere call the method of {@link Tensor}. */
public final class Activation extends UnaryLayer {
    private final Unary function;

    private Activation(Unary function) {
        this.function = function;
    }

    /** {@code max(x, 0)}. */
    public static Activation relu() {
        return new Activation(Unary.of(Unary.Function.RELU));
    }

    /** {@code x > 0 ? x : slope·x}. */
    public static Activation leakyRelu(double slope) {
        return new Activation(Unary.of(Unary.Function.LEAKY_RELU, slope));
    }

    /** {@code x·σ(x)}. */
    public static Activation silu() {
        return new Activation(Unary.of(Unary.Function.SILU));
    }

    /** {@code x·Φ(x)}. */
    public static Activation gelu() {
        return new Activation(Unary.of(Unary.Function.GELU));
    }

    /** GELU's approximation by tanh. */
    public static Activation geluTanh() {
        return new Activation(Unary.of(Unary.Function.GELU_TANH));
    }

    /** {@code 1/(1 + e⁻ˣ)}. */
    public static Activation sigmoid() {
        return new Activation(Unary.of(Unary.Function.SIGMOID));
    }

    /** The hyperbolic tangent. */
    public static Activation tanh() {
        return new Activation(Unary.of(Unary.Function.TANH));
    }

    /** Returns the function, for layers that compute it together with something else. */
    Unary function() {
        return function;
    }

    @Override
    public Tensor forward(Tensor x) {
        return x.unary(function);
    }
}
