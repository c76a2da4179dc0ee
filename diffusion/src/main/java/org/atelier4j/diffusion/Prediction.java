package org.atelier4j.diffusion;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Tensor;

/**
 * What a network is asked for, given {@code xt = √ᾱ x0 + √(1 − ᾱ) ε}: the noise ε (Ho et al. 2020, eq. 14), the data x0, or
 * {@code v = √ᾱ ε − √(1 − ᾱ) x0} (Salimans, Ho 2022, arXiv:2202.00512, appendix D).
 *
 * <p>With xt known each one gives the others; the formulas stand in the methods below. v gives both at every ᾱ in [0, 1],
 * as (x0, ε) is (xt, v) turned by an angle; ε gives no x0 at ᾱ = 0 and x0 no ε at ᾱ = 1, where the division by zero is
 * refused.
 */
public enum Prediction {
    /** The noise. */
    EPSILON {
        @Override
        public Expression x0(Expression output, Expression xt, double alphaCumprod) {
            require(alphaCumprod > 0, "EPSILON tells x0", "> 0", alphaCumprod);
            return combine(1 / signal(alphaCumprod), xt, -noise(alphaCumprod) / signal(alphaCumprod), output);
        }

        @Override
        public Expression eps(Expression output, Expression xt, double alphaCumprod) {
            return output;
        }

        @Override
        public Expression v(Expression output, Expression xt, double alphaCumprod) {
            require(alphaCumprod > 0, "EPSILON tells v", "> 0", alphaCumprod);
            return combine(1 / signal(alphaCumprod), output, -noise(alphaCumprod) / signal(alphaCumprod), xt);
        }

        @Override
        Expression target(Expression x0, Expression eps, Expression signal, Expression noise) {
            return eps;
        }
    },
    /** The data. */
    X0 {
        @Override
        public Expression x0(Expression output, Expression xt, double alphaCumprod) {
            return output;
        }

        @Override
        public Expression eps(Expression output, Expression xt, double alphaCumprod) {
            require(alphaCumprod < 1, "X0 tells eps", "< 1", alphaCumprod);
            return combine(1 / noise(alphaCumprod), xt, -signal(alphaCumprod) / noise(alphaCumprod), output);
        }

        @Override
        public Expression v(Expression output, Expression xt, double alphaCumprod) {
            require(alphaCumprod < 1, "X0 tells v", "< 1", alphaCumprod);
            return combine(signal(alphaCumprod) / noise(alphaCumprod), xt, -1 / noise(alphaCumprod), output);
        }

        @Override
        Expression target(Expression x0, Expression eps, Expression signal, Expression noise) {
            return x0;
        }
    },
    /** The velocity, a mixture that is neither 0 nor 1 times the data at either end. */
    V {
        @Override
        public Expression x0(Expression output, Expression xt, double alphaCumprod) {
            return combine(signal(alphaCumprod), xt, -noise(alphaCumprod), output);
        }

        @Override
        public Expression eps(Expression output, Expression xt, double alphaCumprod) {
            return combine(noise(alphaCumprod), xt, signal(alphaCumprod), output);
        }

        @Override
        public Expression v(Expression output, Expression xt, double alphaCumprod) {
            return output;
        }

        @Override
        Expression target(Expression x0, Expression eps, Expression signal, Expression noise) {
            return eps.mul(signal).sub(x0.mul(noise));
        }
    };

    /**
     * Returns the data that a network's output stands for.
     *
     * @param output what the network said, of xt's shape
     * @param alphaCumprod ᾱ in [0, 1]
     */
    public abstract Expression x0(Expression output, Expression xt, double alphaCumprod);

    /** Returns the noise that a network's output stands for. */
    public abstract Expression eps(Expression output, Expression xt, double alphaCumprod);

    /** Returns the velocity that a network's output stands for. */
    public abstract Expression v(Expression output, Expression xt, double alphaCumprod);

    /** Returns what the network should say; {@code signal = √ᾱ} and {@code noise = √(1 − ᾱ)} broadcast over the images. */
    abstract Expression target(Expression x0, Expression eps, Expression signal, Expression noise);

    /** Returns an output of this kind as one of kind {@code other}. */
    public Expression to(Prediction other, Expression output, Expression xt, double alphaCumprod) {
        return switch (other) {
            case EPSILON -> eps(output, xt, alphaCumprod);
            case X0 -> x0(output, xt, alphaCumprod);
            case V -> v(output, xt, alphaCumprod);
        };
    }

    /** Returns an output of this kind as one of kind {@code other}. */
    public Tensor to(Prediction other, Tensor output, Tensor xt, double alphaCumprod) {
        return to(other, Expression.of(output), Expression.of(xt), alphaCumprod).tensor();
    }

    private static double signal(double alphaCumprod) {
        return Math.sqrt(alphaCumprod);
    }

    private static double noise(double alphaCumprod) {
        return Math.sqrt(1 - alphaCumprod);
    }

    private static Expression combine(double a, Expression x, double b, Expression y) {
        return x.mul(a).add(y.mul(b));
    }

    private static void require(boolean condition, String what, String range, double alphaCumprod) {
        Check.that(condition, "Prediction: %s where alphaCumprod is %s only, got %s", what, range, alphaCumprod);
    }
}
