package org.atelier4j.tensor.kernel;

import org.atelier4j.tensor.Expression;

/**
 * A function of one number with up to two constants, applied to every element.
 *
 * @param a first constant of the function, 0 where it has none
 * @param b second constant
 */
public record Unary(Function function, double a, double b) {

    /** Returns the function without constants. */
    public static Unary of(Function function) {
        return new Unary(function, 0, 0);
    }

    /** Returns the function with one constant. */
    public static Unary of(Function function, double a) {
        return new Unary(function, a, 0);
    }

    /** Returns {@code f(x)}. */
    public double value(double x) {
        return function.value(x, a, b);
    }

    /** Returns {@code f'(x)}, where {@code y = f(x)}. */
    public double slope(double x, double y) {
        return function.slope(x, y, a, b);
    }

    /** Returns {@code f'(x)} as an expression, where {@code y = f(x)}. */
    public Expression derivative(Expression x, Expression y) {
        return function.derivative(x, y, a, b);
    }

    /**
     * The functions: value, derivative as a number (the truth that kernels must agree with) and derivative as an expression
     * (which can be differentiated again). At a kink the derivative is that of the right side, but 0 for
     * {@link #RELU} and {@link #ABS} at 0.
     */
    public enum Function {
        /** {@code a·x + b}. */
        AFFINE {
            @Override
            double value(double x, double a, double b) {
                return a * x + b;
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return a;
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                return Expression.constant(a);
            }
        },
        /** {@code max(x, 0)}. */
        RELU {
            @Override
            double value(double x, double a, double b) {
                return x > 0 || Double.isNaN(x) ? x : 0;
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return x > 0 ? 1 : 0;
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                return x.greater(0);
            }
        },
        /** {@code x > 0 ? x : a·x} (Maas et al. 2013). */
        LEAKY_RELU {
            @Override
            double value(double x, double a, double b) {
                return x > 0 ? x : a * x;
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return x > 0 ? 1 : a;
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                return x.greater(0).mul(1 - a).add(a);
            }
        },
        /** {@code x > 0 ? x : a·(eˣ − 1)} (Clevert et al. 2015). */
        ELU {
            @Override
            double value(double x, double a, double b) {
                return x > 0 ? x : a * Math.expm1(x);
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return x > 0 ? 1 : a * Math.exp(x);
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                Expression below = x.clamp(Double.NEGATIVE_INFINITY, 0).exp().mul(a);
                Expression right = x.greater(0);
                return right.add(right.neg().add(1).mul(below));
            }
        },
        /** {@code σ(x) = 1/(1 + e⁻ˣ)}. */
        SIGMOID {
            @Override
            double value(double x, double a, double b) {
                return sigmoid(x);
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return y * (1 - y);
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                return y.mul(y.neg().add(1));
            }
        },
        /** {@code x·σ(x)}, also called swish (Elfwing et al. 2017). */
        SILU {
            @Override
            double value(double x, double a, double b) {
                return x * sigmoid(x);
            }

            @Override
            double slope(double x, double y, double a, double b) {
                double s = sigmoid(x);
                return s * (1 + x * (1 - s));
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                Expression s = x.sigmoid();
                return s.mul(x.mul(s.neg().add(1)).add(1));
            }
        },
        /** {@code x·Φ(x)} with the normal distribution's Φ (Hendrycks, Gimpel 2016). */
        GELU {
            @Override
            double value(double x, double a, double b) {
                return 0.5 * x * Erf.erfc(-x * Math.sqrt(0.5));
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return 0.5 * Erf.erfc(-x * Math.sqrt(0.5)) + x * Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                Expression phi = x.mul(Math.sqrt(0.5)).erf().add(1).mul(0.5);
                return phi.add(x.mul(x.square().mul(-0.5).exp()).mul(1 / Math.sqrt(2 * Math.PI)));
            }
        },
        /** {@code ½x(1 + tanh(√(2/π)(x + 0.044715x³)))}, GELU's approximation (Hendrycks, Gimpel 2016, sec. 2). */
        GELU_TANH {
            @Override
            double value(double x, double a, double b) {
                return 0.5 * x * (1 + Math.tanh(SQRT_2_OVER_PI * (x + 0.044715 * x * x * x)));
            }

            @Override
            double slope(double x, double y, double a, double b) {
                double t = Math.tanh(SQRT_2_OVER_PI * (x + 0.044715 * x * x * x));
                return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * SQRT_2_OVER_PI * (1 + 3 * 0.044715 * x * x);
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                Expression t = x.add(x.pow(3).mul(0.044715)).mul(SQRT_2_OVER_PI).tanh();
                Expression inner = x.square().mul(3 * 0.044715).add(1).mul(SQRT_2_OVER_PI);
                return t.add(1)
                        .mul(0.5)
                        .add(x.mul(0.5).mul(t.square().neg().add(1)).mul(inner));
            }
        },
        /** Hyperbolic tangent. */
        TANH {
            @Override
            double value(double x, double a, double b) {
                return Math.tanh(x);
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return 1 - y * y;
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                return y.square().neg().add(1);
            }
        },
        /** {@code log(1 + eˣ)}. */
        SOFTPLUS {
            @Override
            double value(double x, double a, double b) {
                return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return sigmoid(x);
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                return x.sigmoid();
            }
        },
        /** {@code eˣ}. */
        EXP {
            @Override
            double value(double x, double a, double b) {
                return Math.exp(x);
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return y;
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                return y;
            }
        },
        /** Natural logarithm. */
        LOG {
            @Override
            double value(double x, double a, double b) {
                return Math.log(x);
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return 1 / x;
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                return x.reciprocal();
            }
        },
        /** {@code √x}. */
        SQRT {
            @Override
            double value(double x, double a, double b) {
                return Math.sqrt(x);
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return 0.5 / y;
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                return y.reciprocal().mul(0.5);
            }
        },
        /** {@code 1/√x}. */
        RSQRT {
            @Override
            double value(double x, double a, double b) {
                return 1 / Math.sqrt(x);
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return -0.5 * y / x;
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                return y.div(x).mul(-0.5);
            }
        },
        /** {@code 1/x}. */
        RECIPROCAL {
            @Override
            double value(double x, double a, double b) {
                return 1 / x;
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return -y * y;
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                return y.square().neg();
            }
        },
        /** {@code x²}. */
        SQUARE {
            @Override
            double value(double x, double a, double b) {
                return x * x;
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return 2 * x;
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                return x.mul(2);
            }
        },
        /** {@code xᵃ} for a constant exponent. */
        POW {
            @Override
            double value(double x, double a, double b) {
                return Math.pow(x, a);
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return a == 0 ? 0 : a * Math.pow(x, a - 1);
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                return a == 0 ? Expression.constant(0) : x.pow(a - 1).mul(a);
            }
        },
        /** {@code |x|}. */
        ABS {
            @Override
            double value(double x, double a, double b) {
                return Math.abs(x);
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return Math.signum(x);
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                return x.sign();
            }
        },
        /** −1, 0 or 1; its derivative is 0. */
        SIGN {
            @Override
            double value(double x, double a, double b) {
                return Math.signum(x);
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return 0;
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                return Expression.constant(0);
            }
        },
        /** The largest integer not above x; its derivative is 0. */
        FLOOR {
            @Override
            double value(double x, double a, double b) {
                return Math.floor(x);
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return 0;
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                return Expression.constant(0);
            }
        },
        /** The nearest integer, ties to even; its derivative is 0. */
        ROUND {
            @Override
            double value(double x, double a, double b) {
                return Math.rint(x);
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return 0;
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                return Expression.constant(0);
            }
        },
        /** {@code min(max(x, a), b)}; the derivative is 1 inside and on the border, as in PyTorch. */
        CLAMP {
            @Override
            double value(double x, double a, double b) {
                return Double.isNaN(x) ? x : Math.min(Math.max(x, a), b);
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return x >= a && x <= b ? 1 : 0;
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                return x.equal(y);
            }
        },
        /** Sine, x in radians. */
        SIN {
            @Override
            double value(double x, double a, double b) {
                return Math.sin(x);
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return Math.cos(x);
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                return x.cos();
            }
        },
        /** Cosine, x in radians. */
        COS {
            @Override
            double value(double x, double a, double b) {
                return Math.cos(x);
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return -Math.sin(x);
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                return x.sin().neg();
            }
        },
        /** The error function {@code 2/√π ∫₀ˣ e^(−t²) dt}. */
        ERF {
            @Override
            double value(double x, double a, double b) {
                return Erf.erf(x);
            }

            @Override
            double slope(double x, double y, double a, double b) {
                return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x);
            }

            @Override
            Expression derivative(Expression x, Expression y, double a, double b) {
                return x.square().neg().exp().mul(2 / Math.sqrt(Math.PI));
            }
        };

        private static final double SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

        abstract double value(double x, double a, double b);

        abstract double slope(double x, double y, double a, double b);

        abstract Expression derivative(Expression x, Expression y, double a, double b);

        /** Returns whether the value depends on constants. */
        public boolean hasConstants() {
            return this == AFFINE || this == LEAKY_RELU || this == ELU || this == POW || this == CLAMP;
        }

        private static double sigmoid(double x) {
            double e = Math.exp(-Math.abs(x));
            return x >= 0 ? 1 / (1 + e) : e / (1 + e);
        }
    }
}
