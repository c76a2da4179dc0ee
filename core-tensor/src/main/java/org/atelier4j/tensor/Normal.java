package org.atelier4j.tensor;

/** The standard normal law as numbers. */
final class Normal {
    private Normal() {}

    /** Returns {@code Φ(x)}, by Marsaglia's series (2004) for |x| ≤ 8 and 0 or 1 beyond, to about 1e-15. */
    static double cumulative(double x) {
        if (Math.abs(x) > 8) {
            return x < 0 ? 0 : 1;
        }
        double term = x;
        double sum = x;
        for (int i = 3; Math.abs(term) > 1e-17 * Math.abs(sum) && i < 400; i += 2) {
            term *= x * x / i;
            sum += term;
        }
        return 0.5 + sum * Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
    }

    /** Returns the x with {@code Φ(x) = p}: Winitzki's estimate (2008), then Newton's steps to double precision. */
    static double quantile(double p) {
        if (p <= 0 || p >= 1) {
            return p <= 0 ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
        double l = Math.log(4 * p * (1 - p));
        double c = 2 / (Math.PI * 0.147) + l / 2;
        double x = Math.signum(p - 0.5) * Math.sqrt(2 * (Math.sqrt(c * c - l / 0.147) - c));
        for (int i = 0; i < 4; i++) {
            x -= (cumulative(x) - p) * Math.sqrt(2 * Math.PI) * Math.exp(0.5 * x * x);
        }
        return x;
    }
}
