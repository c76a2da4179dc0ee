package org.atelier4j.diffusion;

import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/**
 * What a network is trained on: noise is drawn, clean images are spoilt, and the network's answer is compared with the
 * truth. {@link DenoisingLoss} (discrete time), {@link EdmPreconditioning} and {@link RectifiedFlow} are the three.
 */
@FunctionalInterface
public interface DiffusionLoss {

    /**
     * Returns the loss as a scalar, recorded for differentiation.
     *
     * @param network the network itself, without guidance or preconditioning around it
     * @param x0 clean images (B, …) in [−1, 1]
     * @param condition for the same images
     * @param rng source of times and noise
     */
    Tensor loss(Denoiser network, Tensor x0, Condition condition, Rng rng);
}
