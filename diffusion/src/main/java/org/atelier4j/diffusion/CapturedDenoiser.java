package org.atelier4j.diffusion;

import java.util.Arrays;
import java.util.Objects;
import org.atelier4j.tensor.CapturedFunction;
import org.atelier4j.tensor.Tensor;

/**
 * A denoiser that a card runs as one graph: of a sampler's step, the host launches this, copies of what goes in and out, and
 * the arithmetic that makes the next x. Images are those of the denoiser inside, bit for bit. On the host it is that denoiser.
 *
 * <pre>{@code
 * try (CapturedDenoiser denoiser = new CapturedDenoiser(new ClassifierFreeGuidance(unet::forward, classes, 1))) {
 *     Tensor images = sampler.sample(denoiser, condition, noise);
 * }
 * }</pre>
 *
 * <p>Guidance may be inside. Where the time's number decides what is computed, as in {@link SigmaDenoiser}, this goes inside:
 * what a {@link CapturedFunction} says of functions holds for the denoiser.
 */
public final class CapturedDenoiser implements Denoiser, AutoCloseable {
    private final CapturedFunction function;

    /** Prepares a denoiser. */
    public CapturedDenoiser(Denoiser inner) {
        function = new CapturedFunction(in -> {
            Condition condition = new Condition(in.get(2), in.get(3), in.get(4));
            return inner.denoise(Objects.requireNonNull(in.get(0)), Objects.requireNonNull(in.get(1)), condition);
        });
    }

    @Override
    public Tensor denoise(Tensor x, Tensor time, Condition condition) {
        return function.apply(Arrays.asList(x, time, condition.labels(), condition.context(), condition.contextMask()));
    }

    /** Frees the recordings; do so before the weights are released. */
    @Override
    public void close() {
        function.close();
    }
}
