package org.atelier4j.diffusion.sampler;

import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.Denoiser;
import org.atelier4j.diffusion.GaussianDiffusion;
import org.atelier4j.diffusion.NoiseSchedule;
import org.atelier4j.diffusion.Prediction;
import org.atelier4j.diffusion.sampler.SamplingLoop.State;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Tensor;

/**
 * Song, Meng, Ermon 2020, "Denoising Diffusion Implicit Models" (arXiv:2010.02502), eq. 12:
 * {@code x_{t−1} = √ᾱ_{t−1} x̂_0 + √(1 − ᾱ_{t−1} − σ_t²) ε̂ + σ_t z}, with
 * {@code σ_t = η √((1 − ᾱ_{t−1})/(1 − ᾱ_t)) √(1 − ᾱ_t/ᾱ_{t−1})}, eq. 16 (the paper's α is our ᾱ).
 *
 * <p>η = 0 is deterministic and can be run backwards ({@link #invert}); η = 1 has the variance of ancestral sampling. Few
 * steps are a spaced process: {@code new DdimSampler(diffusion.spaced(Spacing.TRAILING, 50), 0)}.
 */
public final class DdimSampler implements Sampler {
    private final GaussianDiffusion diffusion;
    private final double eta;
    private final DiscreteSteps steps;

    /** Samples with estimates clipped to [−1, 1]. */
    public DdimSampler(GaussianDiffusion diffusion, double eta) {
        this(diffusion, eta, X0Limit.clip());
    }

    /**
     * Samples.
     *
     * @param diffusion the process that the network was trained for, usually spaced
     * @param eta η in [0, 1], how much fresh noise each step adds
     * @param limit what is done to estimates of x0
     */
    public DdimSampler(GaussianDiffusion diffusion, double eta, X0Limit limit) {
        Check.that(eta >= 0 && eta <= 1, "DdimSampler: eta must lie in [0, 1], got %s", eta);
        this.diffusion = diffusion;
        this.eta = eta;
        this.steps = new DiscreteSteps(diffusion, limit);
    }

    @Override
    public int steps() {
        return steps.count();
    }

    @Override
    public Tensor sample(Denoiser denoiser, Condition condition, ImageNoise noise, SamplingListener listener) {
        return steps.run(
                denoiser,
                condition,
                noise.draw(),
                listener,
                (state, x0, t) -> step(Expression.of(state.x()), x0, t, noise));
    }

    /**
     * Returns the noise from which η = 0 would make the images x0: eq. 14 run towards more noise. The more steps, the more
     * exact; estimates are not limited, as a limit cannot be undone.
     */
    public Tensor invert(Denoiser denoiser, Condition condition, Tensor x0, SamplingListener listener) {
        NoiseSchedule schedule = diffusion.schedule();
        return SamplingLoop.run(steps(), x0, listener, (state, t) -> {
            double before = schedule.alphasCumprodBefore(t);
            double after = schedule.alphasCumprod(t);
            if (t == 0) {
                return invertFirst(denoiser, condition, state.x());
            }
            Expression estimate = diffusion.predictX0(denoiser, state.x(), t - 1, condition);
            Expression eps = Prediction.X0.eps(estimate, Expression.of(state.x()), before);
            return State.of(mix(estimate, eps, after), estimate);
        });
    }

    /** There is no step before the first one to ask the network at: its answer for clean images there serves. */
    private State invertFirst(Denoiser denoiser, Condition condition, Tensor x0) {
        double after = diffusion.schedule().alphasCumprod(0);
        Expression data = Expression.of(x0);
        Expression eps = Prediction.X0.eps(diffusion.predictX0(denoiser, x0, 0, condition), data, after);
        return State.of(mix(data, eps, after), data);
    }

    /** Returns x_{t−1} for x_t and an estimate of x0; t is 0-based. */
    Expression step(Expression xt, Expression x0, int t, ImageNoise noise) {
        NoiseSchedule schedule = diffusion.schedule();
        double before = schedule.alphasCumprodBefore(t);
        Expression eps = Prediction.X0.eps(x0, xt, schedule.alphasCumprod(t));
        double sigma = sigma(t);
        double rest = Math.max(0, 1 - before - sigma * sigma);
        Expression mean = x0.mul(Math.sqrt(before)).add(eps.mul(Math.sqrt(rest))); // eq. 12
        return sigma == 0 ? mean : mean.add(noise.z().mul(sigma));
    }

    /** Returns σ_t of eq. 16, times η; 0 at the last step, t = 0. */
    double sigma(int t) {
        return eta * Math.sqrt(diffusion.posteriorVariance(t));
    }

    private static Expression mix(Expression x0, Expression eps, double alphaCumprod) {
        return x0.mul(Math.sqrt(alphaCumprod)).add(eps.mul(Math.sqrt(1 - alphaCumprod)));
    }
}
