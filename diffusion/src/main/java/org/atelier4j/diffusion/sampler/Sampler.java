package org.atelier4j.diffusion.sampler;

import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.Denoiser;
import org.atelier4j.tensor.Tensor;

/**
 * A way from noise to images. Samplers are immutable and may be used by many threads; each step runs unrecorded in memory
 * of its own.
 */
public interface Sampler {

    /** Returns the number of steps; each takes one call of the denoiser, {@link HeunSampler}'s two but for the last. */
    int steps();

    /**
     * Returns images of the shape that {@code noise} has, (B, …).
     *
     * @param denoiser what was trained, possibly guided, of the kind that this sampler asks for
     * @param condition what the images should show, for B images
     * @param noise where all random numbers come from: image i depends on stream i alone, not on B
     * @param listener told after each step, and asked whether to go on
     * @throws java.util.concurrent.CancellationException if the listener said no
     */
    Tensor sample(Denoiser denoiser, Condition condition, ImageNoise noise, SamplingListener listener);

    /** Returns images, unwatched. */
    default Tensor sample(Denoiser denoiser, Condition condition, ImageNoise noise) {
        return sample(denoiser, condition, noise, SamplingListener.silent());
    }
}
