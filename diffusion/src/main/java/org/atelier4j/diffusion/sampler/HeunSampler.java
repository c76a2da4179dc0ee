package org.atelier4j.diffusion.sampler;

import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.Denoiser;
import org.atelier4j.diffusion.EdmSchedule;
import org.atelier4j.diffusion.sampler.SamplingLoop.State;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Tensor;

/**
 * Heun's method for the probability flow {@code dx/dσ = (x − D(x; σ))/σ}: Karras et al. 2022 (arXiv:2206.00364), algorithm 1,
 * and with churn algorithm 2. Two calls of the denoiser per step, one at the last; error of second order.
 *
 * <p>The denoiser takes σ as time and returns x0.
 */
public final class HeunSampler implements Sampler {
    private static final double GAMMA_MAX = Math.sqrt(2) - 1;

    private final EdmSchedule schedule;
    private final Churn churn;

    /**
     * Fresh noise before each step, algorithm 2, lines 4 to 6.
     *
     * @param amount S_churn ≥ 0; 0 is deterministic
     * @param min S_tmin, the lowest σ at which it is added
     * @param max S_tmax, the highest
     * @param noise S_noise &gt; 0, standard deviation of what is added, a little above 1 to make up for lost detail
     */
    public record Churn(double amount, double min, double max, double noise) {
        /** Checks the ranges. */
        public Churn {
            Check.that(
                    amount >= 0 && min <= max && noise > 0,
                    "Churn: amount >= 0, min <= max and noise > 0 must hold, got %s, %s, %s and %s",
                    amount,
                    min,
                    max,
                    noise);
        }

        /** Returns no churn. */
        public static Churn none() {
            return new Churn(0, 0, Double.POSITIVE_INFINITY, 1);
        }
    }

    /** Samples deterministically along the given noise levels. */
    public HeunSampler(EdmSchedule schedule) {
        this(schedule, Churn.none());
    }

    /** Samples along the given noise levels. */
    public HeunSampler(EdmSchedule schedule, Churn churn) {
        this.schedule = schedule;
        this.churn = churn;
    }

    @Override
    public int steps() {
        return schedule.steps();
    }

    @Override
    public Tensor sample(Denoiser denoiser, Condition condition, ImageNoise noise, SamplingListener listener) {
        Tensor start = noise.draw().mul(schedule.sigma(0));
        return SamplingLoop.run(steps(), start, listener, (state, i) -> {
            double sigma = raised(i); // t̂
            double next = schedule.sigma(i + 1);
            Tensor stirred = stirred(state.x(), schedule.sigma(i), sigma, noise);
            Expression x = Expression.of(stirred); // x̂
            Expression x0 = denoiser.predict(stirred, SamplingLoop.time(sigma, stirred), condition);
            Expression slope = x.sub(x0).div(sigma);
            Expression euler = x.add(slope.mul(next - sigma));
            if (next == 0) {
                return State.of(euler, x0);
            }
            Tensor below = euler.tensor();
            Expression later = denoiser.predict(below, SamplingLoop.time(next, below), condition);
            Expression slopes = slope.add(Expression.of(below).sub(later).div(next));
            return State.of(x.add(slopes.mul((next - sigma) / 2)), later); // the mean of both slopes
        });
    }

    /** Returns the noise level to which churn raises step i. */
    double raised(int i) {
        double sigma = schedule.sigma(i);
        boolean inside = sigma >= churn.min() && sigma <= churn.max();
        return sigma * (1 + (inside ? Math.min(churn.amount() / steps(), GAMMA_MAX) : 0));
    }

    private Tensor stirred(Tensor x, double from, double to, ImageNoise noise) {
        if (to == from) {
            return x;
        }
        return Expression.of(x)
                .add(noise.z().mul(churn.noise() * Math.sqrt(to * to - from * from)))
                .tensor();
    }
}
