package org.atelier4j.diffusion;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.atelier4j.tensor.Check;

/**
 * How much of the data is left at each step of a discrete diffusion: tables of β_t and ᾱ_t in float64.
 *
 * <p>One noising step is {@code q(x_t | x_{t−1}) = N(√(1 − β_t) x_{t−1}, β_t I)}; all of them up to t make
 * {@code q(x_t | x_0) = N(√ᾱ_t x_0, (1 − ᾱ_t) I)} with {@code ᾱ_t = Π_{s≤t} (1 − β_s)} (Ho et al. 2020,
 * arXiv:2006.11239, eq. 2 and 4). t is 0-based: 0 is the first noising step, {@code steps() − 1} the last.
 *
 * <p>A schedule may be a subset of another one's steps ({@link #spaced}): then {@link #timestep} tells the network which
 * step of the original it is at. Immutable.
 */
public final class NoiseSchedule {
    private static final double HO_BETA_FIRST = 1e-4;
    private static final double HO_BETA_LAST = 0.02;
    private static final int HO_STEPS = 1000;
    private static final double COSINE_OFFSET = 0.008;
    private static final double COSINE_BETA_MAX = 0.999;
    private static final double SIGMOID_ALPHA_MIN = 1e-9;

    private final double[] betas;
    private final double[] alphasCumprod;
    private final int[] timesteps;

    private NoiseSchedule(double[] betas, double[] alphasCumprod, int[] timesteps) {
        this.betas = betas;
        this.alphasCumprod = alphasCumprod;
        this.timesteps = timesteps;
    }

    /** The schedules that have a name, for configurations and command lines. */
    public enum Kind {
        /** {@link NoiseSchedule#linear(int)}. */
        LINEAR,
        /** {@link NoiseSchedule#cosine(int)}. */
        COSINE,
        /** {@link NoiseSchedule#sigmoid(int)}. */
        SIGMOID;

        /** Returns the schedule with the given number of steps. */
        public NoiseSchedule of(int steps) {
            return switch (this) {
                case LINEAR -> linear(steps);
                case COSINE -> cosine(steps);
                case SIGMOID -> sigmoid(steps);
            };
        }
    }

    /**
     * Returns the linear schedule of Ho et al. 2020, section 4, β from 1e-4 to 0.02 over 1000 steps; for another number
     * of steps both ends are scaled by 1000/steps (Nichol, Dhariwal 2021), so that about as little of the data is left.
     *
     * @param steps at least 21, so that β stays below 1
     */
    public static NoiseSchedule linear(int steps) {
        Check.that(steps >= 21, "NoiseSchedule.linear: steps must be >= 21, got %d", steps);
        double scale = (double) HO_STEPS / steps;
        return linear(steps, scale * HO_BETA_FIRST, scale * HO_BETA_LAST);
    }

    /** Returns the schedule whose β rises linearly from {@code first} to {@code last}, both in (0, 1). */
    public static NoiseSchedule linear(int steps, double first, double last) {
        checkSteps("linear", steps);
        double[] betas = new double[steps];
        Arrays.setAll(betas, t -> steps == 1 ? first : first + (last - first) * t / (steps - 1));
        return ofBetas(betas);
    }

    /**
     * Returns the cosine schedule of Nichol, Dhariwal 2021 (arXiv:2102.09672), eq. 17: {@code ᾱ_t = f(t + 1)/f(0)},
     * {@code f(t) = cos²((t/T + s)/(1 + s) · π/2)}, s = 0.008, with β at most 0.999.
     */
    public static NoiseSchedule cosine(int steps) {
        checkSteps("cosine", steps);
        DoubleUnaryOperator f = u -> Math.pow(Math.cos((u + COSINE_OFFSET) / (1 + COSINE_OFFSET) * Math.PI / 2), 2);
        double[] betas = new double[steps];
        Arrays.setAll(betas, t -> {
            double before = f.applyAsDouble((double) t / steps);
            double after = f.applyAsDouble((t + 1.0) / steps);
            return Math.min(1 - after / before, COSINE_BETA_MAX);
        });
        return ofBetas(betas);
    }

    /** Returns the sigmoid schedule with the published numbers: from −3 to 3 at temperature 1. */
    public static NoiseSchedule sigmoid(int steps) {
        return sigmoid(steps, -3, 3, 1);
    }

    /**
     * Returns the sigmoid schedule of Jabri et al. 2022 (arXiv:2212.11972) as Chen 2023 (arXiv:2301.10972), section 2.1,
     * states it: {@code ᾱ(u) = (σ(end/τ) − σ((start + u(end − start))/τ)) / (σ(end/τ) − σ(start/τ))} at
     * {@code u = (t + 1)/T}, at least 1e-9.
     *
     * @param start argument of the sigmoid without noise, below {@code end}
     * @param end argument of the sigmoid at full noise
     * @param temperature τ &gt; 0; smaller ones leave more noise over most of the steps
     */
    public static NoiseSchedule sigmoid(int steps, double start, double end, double temperature) {
        checkSteps("sigmoid", steps);
        Check.that(
                start < end && temperature > 0,
                "NoiseSchedule.sigmoid: start < end and temperature > 0 must hold, got %s, %s and %s",
                start,
                end,
                temperature);
        double high = logistic(end / temperature);
        double low = logistic(start / temperature);
        double[] alphasCumprod = new double[steps];
        Arrays.setAll(alphasCumprod, t -> {
            double u = (t + 1.0) / steps;
            double value = (high - logistic((start + u * (end - start)) / temperature)) / (high - low);
            return Math.max(value, SIGMOID_ALPHA_MIN);
        });
        return ofAlphasCumprod(alphasCumprod);
    }

    /** Returns the schedule with the given β, each in (0, 1), the last possibly 1. */
    public static NoiseSchedule ofBetas(double... betas) {
        double[] alphasCumprod = new double[betas.length];
        double product = 1;
        for (int t = 0; t < betas.length; t++) {
            product *= 1 - betas[t];
            alphasCumprod[t] = product;
        }
        return checked(betas.clone(), alphasCumprod, identity(betas.length));
    }

    /** Returns the schedule with the given ᾱ: falling, each in (0, 1), the last possibly 0. */
    public static NoiseSchedule ofAlphasCumprod(double... alphasCumprod) {
        return checked(betasOf(alphasCumprod), alphasCumprod.clone(), identity(alphasCumprod.length));
    }

    private static NoiseSchedule checked(double[] betas, double[] alphasCumprod, int[] timesteps) {
        checkSteps("ofBetas", betas.length);
        for (int t = 0; t < betas.length; t++) {
            boolean last = t == betas.length - 1;
            Check.that(
                    betas[t] > 0 && (betas[t] < 1 || last && betas[t] == 1),
                    "NoiseSchedule: betas must lie in (0, 1), the last in (0, 1], got %s at t = %d",
                    betas[t],
                    t);
        }
        return new NoiseSchedule(betas, alphasCumprod, timesteps);
    }

    /**
     * Returns this schedule rescaled so that nothing of the data is left at the last step: Lin et al. 2023 (arXiv:2305.08891),
     * algorithm 1. √ᾱ is shifted to 0 at the end and scaled to its old value at the start. Networks for such a schedule
     * predict v or x0, because ε says nothing about the data at ᾱ = 0.
     */
    public NoiseSchedule zeroTerminalSnr() {
        double first = Math.sqrt(alphasCumprod[0]);
        double last = Math.sqrt(alphasCumprod[steps() - 1]);
        Check.that(steps() > 1, "NoiseSchedule.zeroTerminalSnr: steps must be > 1, got %d", steps());
        double[] rescaled = new double[steps()];
        Arrays.setAll(rescaled, t -> {
            double root = (Math.sqrt(alphasCumprod[t]) - last) * first / (first - last);
            return root * root;
        });
        rescaled[0] = alphasCumprod[0];
        return checked(betasOf(rescaled), rescaled, timesteps.clone());
    }

    /** Returns the schedule that visits {@code count} of this one's steps, chosen by {@code spacing}. */
    public NoiseSchedule spaced(Spacing spacing, int count) {
        Check.that(
                count >= 1 && count <= steps(),
                "NoiseSchedule.spaced: count must lie in [1, %d], got %d",
                steps(),
                count);
        return spaced(spacing.steps(steps(), count));
    }

    /**
     * Returns the schedule that visits the given steps of this one only: ᾱ at them stays, and
     * {@code β'_i = 1 − ᾱ_{τ_i}/ᾱ_{τ_{i−1}}} (Nichol, Dhariwal 2021, eq. 19).
     *
     * @param visited rising, in {@code [0, steps())}
     */
    public NoiseSchedule spaced(int... visited) {
        checkSteps("spaced", visited.length);
        double[] kept = new double[visited.length];
        int[] told = new int[visited.length];
        for (int i = 0; i < visited.length; i++) {
            Check.that(
                    visited[i] >= 0 && visited[i] < steps() && (i == 0 || visited[i] > visited[i - 1]),
                    "NoiseSchedule.spaced: steps must rise within [0, %d), got %s",
                    steps(),
                    Arrays.toString(visited));
            kept[i] = alphasCumprod[visited[i]];
            told[i] = timesteps[visited[i]];
        }
        return checked(betasOf(kept), kept, told);
    }

    /** Returns the number of steps, T. */
    public int steps() {
        return betas.length;
    }

    /** Returns the step of the original schedule that step t (0-based) stands for: the time a network is told. */
    public int timestep(int t) {
        return timesteps[t];
    }

    /** Returns β_t, the variance that step t (0-based) adds. */
    public double beta(int t) {
        return betas[t];
    }

    /** Returns ᾱ_t, the share of the data's variance left after step t (0-based). */
    public double alphasCumprod(int t) {
        return alphasCumprod[t];
    }

    /** Returns ᾱ_{t−1}, which is 1 before the first step, at t = 0. */
    public double alphasCumprodBefore(int t) {
        return t == 0 ? 1 : alphasCumprod[t - 1];
    }

    /** Returns a copy of all β. */
    public double[] betas() {
        return betas.clone();
    }

    /** Returns a copy of all ᾱ. */
    public double[] alphasCumprod() {
        return alphasCumprod.clone();
    }

    /** Returns the signal-to-noise ratio {@code ᾱ_t/(1 − ᾱ_t)} at step t (0-based). */
    public double snr(int t) {
        return alphasCumprod[t] / (1 - alphasCumprod[t]);
    }

    /**
     * Returns {@code σ_t = √((1 − ᾱ_t)/ᾱ_t)}, the noise beside data of unit scale, as EDM counts it; infinite where nothing
     * of the data is left.
     */
    public double sigma(int t) {
        return Math.sqrt((1 - alphasCumprod[t]) / alphasCumprod[t]);
    }

    private static double[] betasOf(double[] alphasCumprod) {
        double[] betas = new double[alphasCumprod.length];
        for (int t = 0; t < betas.length; t++) {
            betas[t] = 1 - alphasCumprod[t] / (t == 0 ? 1 : alphasCumprod[t - 1]);
        }
        return betas;
    }

    private static int[] identity(int n) {
        int[] t = new int[n];
        Arrays.setAll(t, i -> i);
        return t;
    }

    private static double logistic(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private static void checkSteps(String factory, int steps) {
        Check.that(steps >= 1, "NoiseSchedule.%s: steps must be >= 1, got %d", factory, steps);
    }
}
