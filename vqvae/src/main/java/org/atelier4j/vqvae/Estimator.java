package org.atelier4j.vqvae;

import org.atelier4j.tensor.Tensor;

/** How gradients pass from chosen vectors q back to the latents z, since the choice itself has none. */
public enum Estimator {
    /** As if q were z: {@code ∂q/∂z = I} (Bengio et al. 2013, arXiv:1308.3432; van den Oord et al. 2017, section 3.2). */
    STRAIGHT_THROUGH {
        @Override
        public Tensor pass(Tensor latents, Tensor chosen) {
            return chosen.detach().add(latents.sub(latents.detach())); // exactly q, as z − z is 0
        }
    },
    /**
     * As if q were z rotated and stretched by constants: {@code q = λRz} with {@code λ = ‖q‖/‖z‖} (Fifty et al. 2024,
     * "Restructuring Vector Quantization with the Rotation Trick", arXiv:2410.06424, section 4.2). Gradients keep their
     * angle to the vector, so latents of one code are pushed apart or together.
     */
    ROTATION {
        @Override
        public Tensor pass(Tensor latents, Tensor chosen) {
            Tensor zn = norm(latents.detach()); // (…, 1)
            Tensor qn = norm(chosen.detach()); // (…, 1)
            Tensor from = latents.detach().div(zn); // ẑ (…, D)
            Tensor to = chosen.detach().div(qn); // q̂ (…, D)
            Tensor sum = from.add(to); // (…, D)
            Tensor r = sum.div(norm(sum)); // (…, D)
            Tensor reflected = r.mul(dot(r, latents)).mul(2); // 2 r rᵀz
            Tensor turned = to.mul(dot(from, latents)).mul(2); // 2 q̂ ẑᵀz
            return latents.sub(reflected).add(turned).mul(qn.div(zn)); // λ(I − 2rrᵀ + 2q̂ẑᵀ)z, their eq. 4
        }

        private Tensor norm(Tensor x) {
            return x.square().sum(-1).add(TINY).sqrt(); // (…, 1)
        }

        private Tensor dot(Tensor a, Tensor b) {
            return a.mul(b).sum(-1); // (…, 1)
        }
    };

    private static final double TINY = 1e-12;

    /**
     * Returns a tensor of q's value whose gradient flows to z.
     *
     * @param latents z (…, D)
     * @param chosen q (…, D)
     */
    public abstract Tensor pass(Tensor latents, Tensor chosen);
}
