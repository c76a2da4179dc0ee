package org.atelier4j.tensor.kernel;

/** The error function to full double precision, by its series near 0 and its continued fraction in the tails. */
final class Erf {
    private static final double TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

    private Erf() {}

    /** Returns {@code 2/√π ∫₀ˣ e^(−t²) dt}. */
    static double erf(double x) {
        return Math.abs(x) < 2.5 ? series(x) : x > 0 ? 1 - tail(x) : tail(-x) - 1;
    }

    /** Returns {@code 1 − erf(x)} without cancellation. */
    static double erfc(double x) {
        return x < 2.5 ? 1 - erf(x) : tail(x);
    }

    /** {@code 2/√π e^(−x²) Σ 2ⁿ x^(2n+1) / (1·3·5⋯(2n+1))} (Abramowitz, Stegun 7.1.6): all terms positive. */
    private static double series(double x) {
        double term = x;
        double sum = x;
        for (int n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return TWO_OVER_SQRT_PI * Math.exp(-x * x) * sum;
    }

    /** {@code e^(−x²)/√π · 1/(x + ½/(x + 1/(x + 3⁄2/(x + …))))} (Abramowitz, Stegun 7.1.14), x ≥ 2.5. */
    private static double tail(double x) {
        if (Double.isNaN(x)) {
            return x;
        }
        double f = x;
        for (int n = 60; n >= 1; n--) {
            f = x + 0.5 * n / f;
        }
        return Math.exp(-x * x) / Math.sqrt(Math.PI) / f;
    }
}
