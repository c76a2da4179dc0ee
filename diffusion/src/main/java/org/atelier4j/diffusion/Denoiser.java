package org.atelier4j.diffusion;

import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Tensor;

/**
 * The one function in which networks, losses and samplers meet: noisy images in, what the {@link Prediction} or the
 * process at hand asks for out.
 *
 * <p>Guidance and preconditioning are decorators: a denoiser around a denoiser. A network that is not one by itself
 * becomes one by a method reference, as {@code unet::forward}.
 */
@FunctionalInterface
public interface Denoiser {

    /**
     * Returns the prediction for each image, of x's shape.
     *
     * @param x noisy images (B, …), of any shape after the batch axis
     * @param time one number per image (B), of x's element type: the discrete timestep, σ, or the t of a flow
     * @param condition what the images should show, for B images
     */
    Tensor denoise(Tensor x, Tensor time, Condition condition);

    /**
     * Returns the same, where what follows the network is not computed yet: samplers go on with arithmetic of each element,
     * and all of it together is one pass over memory.
     */
    default Expression predict(Tensor x, Tensor time, Condition condition) {
        return Expression.of(denoise(x, time, condition));
    }

    /** A denoiser that ends in arithmetic, as guidance and preconditioning do. */
    interface Lazy extends Denoiser {
        @Override
        Expression predict(Tensor x, Tensor time, Condition condition);

        @Override
        default Tensor denoise(Tensor x, Tensor time, Condition condition) {
            return predict(x, time, condition).tensor();
        }
    }
}
