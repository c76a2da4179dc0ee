package org.atelier4j.vqvae;

import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.Gradients;

/**
 * How much the adversarial loss counts beside the reconstruction, so that both pull equally hard at the decoder's last
 * layer G_L: Esser et al. 2021, "Taming Transformers" (arXiv:2012.09841), eq. 7,
 * {@code λ = ‖∇_{G_L} L_rec‖/(‖∇_{G_L} L_GAN‖ + δ)}.
 *
 * @param delta δ &gt; 0, against division by 0
 * @param limit largest λ
 */
public record AdaptiveWeight(double delta, double limit) {
    /** Checks the range. */
    public AdaptiveWeight {
        Check.that(delta > 0, "AdaptiveWeight: delta must be > 0, got %s", delta);
        Check.that(limit > 0, "AdaptiveWeight: limit must be > 0, got %s", limit);
    }

    /** Returns the values of the paper's authors: δ = 1e-4 (the paper prints 1e-6), λ at most 1e4. */
    public static AdaptiveWeight standard() {
        return new AdaptiveWeight(1e-4, 1e4);
    }

    /**
     * Returns λ, a FLOAT64 scalar, from the slopes of both losses at the images that the decoder made: they are carried on to the weight of
     * its last layer only, which is one convolution's backward pass each.
     *
     * @param images what the decoder made, (B, H, W, C), with its graph
     * @param lastWeight weight of the layer that wrote them
     * @param reconstructionSlope ∂L_rec/∂images
     * @param adversarialSlope ∂L_GAN/∂images
     */
    public Tensor of(Tensor images, Tensor lastWeight, Tensor reconstructionSlope, Tensor adversarialSlope) {
        Tensor reconstruction = norm(images, lastWeight, reconstructionSlope);
        Tensor adversarial = norm(images, lastWeight, adversarialSlope);
        return reconstruction.div(adversarial.add(delta)).clamp(0, limit); // eq. 7
    }

    private static Tensor norm(Tensor images, Tensor lastWeight, Tensor slope) {
        return Gradients.ofProduct(images, slope, List.of(lastWeight), false)
                .get(lastWeight)
                .norm()
                .to(DType.FLOAT64);
    }
}
