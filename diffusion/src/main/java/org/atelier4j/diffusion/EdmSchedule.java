package org.atelier4j.diffusion;

import org.atelier4j.tensor.Check;

/**
 * The noise levels that an EDM sampler visits: Karras et al. 2022 (arXiv:2206.00364), eq. 5,
 * {@code σ_i = (σ_max^{1/ρ} + i/(N − 1)·(σ_min^{1/ρ} − σ_max^{1/ρ}))^ρ} for i &lt; N and {@code σ_N = 0}.
 *
 * @param steps N ≥ 1, the number of sampling steps
 * @param sigmaMin the smallest level before 0, &gt; 0
 * @param sigmaMax the level that sampling starts from, ≥ {@code sigmaMin}
 * @param rho ρ ≥ 1; larger ones spend more steps at low noise
 */
public record EdmSchedule(int steps, double sigmaMin, double sigmaMax, double rho) {
    private static final double SIGMA_MIN = 0.002;
    private static final double SIGMA_MAX = 80;
    private static final double RHO = 7;

    /** Checks the ranges. */
    public EdmSchedule {
        Check.that(steps >= 1, "EdmSchedule: steps must be >= 1, got %d", steps);
        Check.that(
                0 < sigmaMin && sigmaMin <= sigmaMax && rho >= 1,
                "EdmSchedule: 0 < sigmaMin <= sigmaMax and rho >= 1 must hold, got %s, %s and %s",
                sigmaMin,
                sigmaMax,
                rho);
    }

    /** Returns the paper's levels, from 80 to 0.002 with ρ = 7. */
    public static EdmSchedule of(int steps) {
        return new EdmSchedule(steps, SIGMA_MIN, SIGMA_MAX, RHO);
    }

    /** Returns the paper's levels cut to those that a network for {@code schedule} has seen. */
    public static EdmSchedule within(NoiseSchedule schedule, int steps) {
        double low = Math.max(SIGMA_MIN, schedule.sigma(0));
        double high = Math.min(SIGMA_MAX, schedule.sigma(schedule.steps() - 1));
        return new EdmSchedule(steps, low, Math.max(low, high), RHO);
    }

    /** Returns σ_i for i in {@code [0, steps]}: {@code sigmaMax} at 0, 0 at {@code steps}. */
    public double sigma(int i) {
        Check.that(i >= 0 && i <= steps, "EdmSchedule.sigma: i must lie in [0, %d], got %d", steps, i);
        if (i == steps) {
            return 0;
        }
        if (i == 0) {
            return sigmaMax;
        }
        double high = Math.pow(sigmaMax, 1 / rho);
        double low = Math.pow(sigmaMin, 1 / rho);
        return Math.pow(high + (double) i / (steps - 1) * (low - high), rho); // eq. 5
    }
}
