package org.atelier4j.diffusion.pipeline;

import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.Denoiser;
import org.atelier4j.tensor.Tensor;

/** A network that counts the images it was run for: what sampling costs, whatever the sampler. For one thread. */
final class CountingNetwork implements Denoiser {
    private final Denoiser network;
    private long images;

    CountingNetwork(Denoiser network) {
        this.network = network;
    }

    @Override
    public Tensor denoise(Tensor x, Tensor time, Condition condition) {
        images += x.dim(0);
        return network.denoise(x, time, condition);
    }

    /** Returns the number of images so far, each counted as often as the network saw it. */
    long images() {
        return images;
    }
}
