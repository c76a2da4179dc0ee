package org.atelier4j.diffusion;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * The process of Ho et al. 2020, "Denoising Diffusion Probabilistic Models" (arXiv:2006.11239): how data become noise,
 * and what one step back looks like when the data are known.
 *
 * <p>t is 0-based everywhere: 0 is the first noising step. Tensors are (B, …) of any shape and floating type.
 *
 * @param schedule how much noise at which step
 * @param prediction what networks for this process say
 * @param variance the variance of a step back in ancestral sampling
 */
public record GaussianDiffusion(NoiseSchedule schedule, Prediction prediction, Variance variance) {

    /** The two extreme choices of σ²_t in p(x_{t−1} | x_t): Ho et al. 2020, section 3.2. */
    public enum Variance {
        /** {@code β̃_t} of eq. 7, right for data at one point; also the least that DDIM with η = 1 adds. */
        FIXED_SMALL,
        /** {@code β_t}, right for data that are standard normal. */
        FIXED_LARGE
    }

    /** A process with small variance. */
    public GaussianDiffusion(NoiseSchedule schedule, Prediction prediction) {
        this(schedule, prediction, Variance.FIXED_SMALL);
    }

    /** Checks that the prediction tells the data at every step. */
    public GaussianDiffusion {
        Check.that(
                prediction != Prediction.EPSILON || schedule.alphasCumprod(schedule.steps() - 1) > 0,
                "GaussianDiffusion: a schedule with zero terminal SNR needs prediction V or X0, got %s",
                prediction);
    }

    /** Returns this process over {@code count} of its steps. */
    public GaussianDiffusion spaced(Spacing spacing, int count) {
        return new GaussianDiffusion(schedule.spaced(spacing, count), prediction, variance);
    }

    /**
     * Returns noisy images {@code x_t = √ᾱ_t x_0 + √(1 − ᾱ_t) ε}, eq. 4.
     *
     * @param t one step per image, INT32 (B)
     * @param eps standard normal, of x0's shape
     */
    public Tensor qSample(Tensor x0, Tensor t, Tensor eps) {
        Expression clean = Expression.of(x0).mul(signal(t, x0));
        return clean.add(Expression.of(eps).mul(noise(t, x0))).tensor();
    }

    /** Returns what a network should say about x_t: ε, x0 or v. */
    public Tensor target(Tensor x0, Tensor t, Tensor eps) {
        return prediction
                .target(Expression.of(x0), Expression.of(eps), signal(t, x0), noise(t, x0))
                .tensor();
    }

    /** Returns the times that a network is told at steps t, INT32 (B), as (B) of the type of {@code like}. */
    public Tensor times(Tensor t, Tensor like) {
        return PerImage.entries(table(schedule::timestep), t).to(like.dtype());
    }

    /** Returns what {@code network} takes the data to be, all images being at step t. */
    public Expression predictX0(Denoiser network, Tensor xt, int t, Condition condition) {
        Tensor time = Tensor.full(schedule.timestep(t), xt.dtype(), Shape.of(xt.dim(0)));
        Expression output = network.predict(xt, time, condition);
        return prediction.x0(output, Expression.of(xt), schedule.alphasCumprod(t));
    }

    /** Returns the factor of x0 in {@link #posteriorMean}: {@code √ᾱ_{t−1} β_t/(1 − ᾱ_t)}. */
    public double posteriorX0Coefficient(int t) {
        return Math.sqrt(schedule.alphasCumprodBefore(t)) * schedule.beta(t) / (1 - schedule.alphasCumprod(t));
    }

    /** Returns the factor of xt in {@link #posteriorMean}: {@code √α_t (1 − ᾱ_{t−1})/(1 − ᾱ_t)}. */
    public double posteriorXtCoefficient(int t) {
        return Math.sqrt(1 - schedule.beta(t))
                * (1 - schedule.alphasCumprodBefore(t))
                / (1 - schedule.alphasCumprod(t));
    }

    /** Returns the mean μ̃ of {@code q(x_{t−1} | x_t, x_0)}, eq. 7. */
    public Expression posteriorMean(Expression x0, Expression xt, int t) {
        return x0.mul(posteriorX0Coefficient(t)).add(xt.mul(posteriorXtCoefficient(t)));
    }

    /** Returns the variance β̃ of {@code q(x_{t−1} | x_t, x_0)}, eq. 7: 0 at t = 0. */
    public double posteriorVariance(int t) {
        return (1 - schedule.alphasCumprodBefore(t)) / (1 - schedule.alphasCumprod(t)) * schedule.beta(t);
    }

    /** Returns the variance of a step back from t: β̃_t or β_t, as chosen. */
    public double stepVariance(int t) {
        return variance == Variance.FIXED_SMALL ? posteriorVariance(t) : schedule.beta(t);
    }

    /** Returns the value of a function at every step. */
    double[] table(IntToDoubleFunction f) {
        double[] values = new double[schedule.steps()];
        Arrays.setAll(values, f);
        return values;
    }

    private Expression signal(Tensor t, Tensor like) {
        return PerImage.factors(PerImage.entries(schedule.alphasCumprod(), t).sqrt(), like);
    }

    private Expression noise(Tensor t, Tensor like) {
        Tensor alphas = PerImage.entries(schedule.alphasCumprod(), t);
        return PerImage.factors(alphas.affine(-1, 1).sqrt(), like);
    }
}
