package org.atelier4j.diffusion.sampler;

import java.util.Arrays;
import org.atelier4j.diffusion.Denoiser;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Tensor;

/**
 * What is done to an estimate of the data before it is used: images lie in [−1, 1], estimates at high noise or strong
 * guidance may not.
 */
@FunctionalInterface
public interface X0Limit {

    /** Returns the estimate x0 (B, …), limited. */
    Expression apply(Expression x0);

    /** Returns the estimate x0 (B, …), limited. */
    default Tensor apply(Tensor x0) {
        return apply(Expression.of(x0)).tensor();
    }

    /** Returns estimates as they are. */
    static X0Limit none() {
        return x0 -> x0;
    }

    /** Clamps to [−1, 1], as the code of Ho et al. 2020 does at every step. */
    static X0Limit clip() {
        return x0 -> x0.clamp(-1, 1);
    }

    /**
     * Dynamic thresholding, Saharia et al. 2022 (arXiv:2205.11487), section 2.3: clamps each image to [−s, s] and divides
     * it by s, the given percentile of its |x0| but at least 1. It keeps strong guidance from saturating.
     *
     * @param percentile in (0, 1], 0.995 is usual
     */
    static X0Limit dynamic(double percentile) {
        Check.that(percentile > 0 && percentile <= 1, "X0Limit: percentile must lie in (0, 1], got %s", percentile);
        return estimate -> {
            Tensor x0 = estimate.tensor();
            int images = x0.dim(0);
            Tensor rows = x0.reshape(images, -1); // (B, N)
            int n = rows.dim(1);
            int above = n - Math.max(1, (int) Math.ceil(percentile * n)); // how many lie above the percentile
            Tensor magnitudes = rows.abs();
            Tensor rank = magnitudes.topK(above + 1).slice(1, above, 1); // (B, 1)
            int[] perImage = new int[x0.rank()];
            Arrays.fill(perImage, 1);
            perImage[0] = images;
            Expression s =
                    Expression.of(magnitudes.gather(1, rank).reshape(perImage)).max(Expression.constant(1));
            return Expression.of(x0).max(s.neg()).min(s).div(s);
        };
    }

    /** Returns a denoiser whose answers, estimates of x0, are limited. */
    default Denoiser around(Denoiser denoiser) {
        Denoiser.Lazy limited = (x, time, condition) -> apply(denoiser.predict(x, time, condition));
        return limited;
    }
}
