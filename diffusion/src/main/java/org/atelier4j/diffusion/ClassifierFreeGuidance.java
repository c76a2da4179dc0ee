package org.atelier4j.diffusion;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Tensor;

/**
 * Pushes samples towards their condition by what the network says with and without it: Ho, Salimans 2022
 * (arXiv:2207.12598), eq. 6, {@code ε̃ = (1 + w) ε(x, c) − w ε(x, ∅)}.
 *
 * <p>Both are computed in one forward pass over a doubled batch. w = 0 is the conditional network itself and costs one
 * plain pass. Many programs name {@code 1 + w} the guidance scale; there 1 is no guidance. The formula is the same for
 * any output that is an affine function of ε at fixed x, so also for x0, v and velocities.
 *
 * @param inner the network
 * @param unconditional the condition ∅ for one image, with the same parts as the conditions to come: the label K, or the
 *     context of an empty prompt
 * @param scale w ≥ 0; −1 would be unconditional
 */
public record ClassifierFreeGuidance(Denoiser inner, Condition unconditional, double scale) implements Denoiser.Lazy {

    /** Checks the scale. */
    public ClassifierFreeGuidance {
        Check.that(
                scale >= 0 && scale < Double.POSITIVE_INFINITY,
                "ClassifierFreeGuidance: scale must be >= 0 and finite, got %s",
                scale);
        Check.that(!unconditional.isNone(), "ClassifierFreeGuidance: the unconditional input must be given, got none");
    }

    /** Guides a class-conditional network whose "no class" label is {@code nullLabel}. */
    public ClassifierFreeGuidance(Denoiser inner, int nullLabel, double scale) {
        this(inner, Condition.labels(nullLabel), scale);
    }

    @Override
    public Expression predict(Tensor x, Tensor time, Condition condition) {
        if (scale == 0) {
            return inner.predict(x, time, condition);
        }
        int images = x.dim(0);
        Condition both = condition.checkedFor(images).concat(unconditional.repeated(images));
        Tensor out = inner.denoise(x.concat(x, 0), time.concat(time, 0), both); // (2B, …)
        Expression conditional = Expression.of(out.slice(0, 0, images));
        Expression free = Expression.of(out.slice(0, images, images));
        return conditional.mul(1 + scale).sub(free.mul(scale)); // eq. 6
    }
}
