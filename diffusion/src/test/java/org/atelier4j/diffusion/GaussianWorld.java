package org.atelier4j.diffusion;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * Data for which everything is known: points x0 ~ N(μ, Σ) in the plane, as "images" (B, N, 2). A noisy point
 * {@code a x0 + s ε} is N(aμ, a²Σ + s²I), and given it the mean of ε is {@code s (a²Σ + s²I)⁻¹ (x − aμ)}.
 */
public final class GaussianWorld {
    /** The mean μ. */
    public static final double[] MEAN = {0.3, -0.2};
    /** The covariance Σ, by rows. */
    public static final double[] COVARIANCE = {0.9, 0.3, 0.3, 0.5};

    private GaussianWorld() {}

    /** Returns the best estimate of ε from x = a x0 + s ε. */
    public static Tensor eps(Tensor x, double a, double s) {
        double xx = a * a * COVARIANCE[0] + s * s;
        double xy = a * a * COVARIANCE[1];
        double yy = a * a * COVARIANCE[3] + s * s;
        double det = xx * yy - xy * xy;
        double[] matrix = {s * yy / det, -s * xy / det, -s * xy / det, s * xx / det};
        Tensor m = Tensor.of(matrix, 2, 2).to(x.dtype());
        Tensor center = Tensor.of(new double[] {a * MEAN[0], a * MEAN[1]}, 2).to(x.dtype());
        return x.sub(center).reshape(-1, 2).matmul(m).reshape(x.shape());
    }

    /** Returns the best estimate of x0 from x = a x0 + s ε. */
    public static Tensor x0(Tensor x, double a, double s) {
        if (a == 0) {
            return Tensor.of(MEAN, 2).to(x.dtype()).broadcastTo(x.shape());
        }
        return x.sub(eps(x, a, s).mul(s)).div(a);
    }

    /** Returns the perfect network for a discrete process. */
    public static Denoiser network(GaussianDiffusion diffusion) {
        NoiseSchedule schedule = diffusion.schedule();
        return (x, time, condition) -> {
            double told = time.toDoubles()[0];
            int t = 0;
            while (schedule.timestep(t) != told) {
                t++;
            }
            double alphaCumprod = schedule.alphasCumprod(t);
            double a = Math.sqrt(alphaCumprod);
            double s = Math.sqrt(1 - alphaCumprod);
            return diffusion
                    .prediction()
                    .target(
                            Expression.of(x0(x, a, s)),
                            Expression.of(eps(x, a, s)),
                            Expression.constant(a),
                            Expression.constant(s))
                    .tensor();
        };
    }

    /** Returns the perfect denoiser D(x; σ). */
    public static Denoiser denoiser() {
        return (x, sigma, condition) -> x0(x, 1, sigma.toDoubles()[0]);
    }

    /** Returns the velocity field of the straight paths {@code (1 − t) x0 + t ε}. */
    public static Denoiser velocity() {
        return (x, time, condition) -> {
            double t = time.toDoubles()[0];
            return eps(x, 1 - t, t).sub(x0(x, 1 - t, t));
        };
    }

    /**
     * Returns where the probability flow takes a point of standard normal noise: {@code μ + Σ^{1/2} z}, as the flow of a
     * Gaussian scales it along the axes of Σ.
     */
    public static Tensor transported(Tensor z) {
        double trace = COVARIANCE[0] + COVARIANCE[3];
        double det = COVARIANCE[0] * COVARIANCE[3] - COVARIANCE[1] * COVARIANCE[2];
        double root = Math.sqrt(det);
        double scale = Math.sqrt(trace + 2 * root); // √Σ = (Σ + √det I)/√(tr Σ + 2 √det) in two dimensions
        double[] matrix = {
            (COVARIANCE[0] + root) / scale, COVARIANCE[1] / scale, COVARIANCE[2] / scale, (COVARIANCE[3] + root) / scale
        };
        Tensor m = Tensor.of(matrix, 2, 2).to(z.dtype());
        return z.reshape(-1, 2)
                .matmul(m)
                .reshape(z.shape())
                .add(Tensor.of(MEAN, 2).to(z.dtype()));
    }

    /** Returns points of the data, (1, count, 2). */
    public static Tensor data(int count, Rng rng) {
        return transported(rng.normal(Shape.of(1, count, 2)));
    }

    /** Returns the mean (2 numbers) and covariance (4 numbers) of points (…, 2). */
    public static double[] moments(Tensor points) {
        Tensor x = points.to(DType.FLOAT64).reshape(-1, 2);
        Tensor mean = x.mean(0);
        Tensor centered = x.sub(mean);
        Tensor covariance = centered.matmul(centered, true, false).div(x.dim(0));
        double[] m = mean.toDoubles();
        double[] c = covariance.toDoubles();
        return new double[] {m[0], m[1], c[0], c[1], c[2], c[3]};
    }
}
