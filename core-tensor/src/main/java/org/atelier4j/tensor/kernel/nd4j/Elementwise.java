package org.atelier4j.tensor.kernel.nd4j;

import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Binary;
import org.atelier4j.tensor.kernel.Elements;
import org.atelier4j.tensor.kernel.Epilogue;
import org.atelier4j.tensor.kernel.Operand;
import org.atelier4j.tensor.kernel.Parallel;
import org.atelier4j.tensor.kernel.Scratch;
import org.atelier4j.tensor.kernel.Unary;

/** Functions of each element, of pairs with broadcasting, selection, and what follows a product. */
final class Elementwise {
    private Elementwise() {}

    static void unary(Unary f, Tensor x, Tensor out) {
        Elements from = Elements.of(x);
        Elements to = Elements.of(out);
        Parallel.forTiles(to.size(), (lo, hi) -> {
            int n = hi - lo;
            double[] tile = Scratch.doubles(0, n);
            from.get(lo, n, tile, 0);
            apply(f, tile, tile, n);
            to.put(lo, n, tile, 0);
        });
    }

    /** Sets {@code y ← f(x)}; y may be x. */
    static void apply(Unary f, double[] x, double[] y, int n) {
        switch (f.function()) {
            case AFFINE -> {
                double a = f.a();
                double b = f.b();
                for (int i = 0; i < n; i++) {
                    y[i] = a * x[i] + b;
                }
            }
            case RELU -> {
                for (int i = 0; i < n; i++) {
                    y[i] = Math.max(x[i], 0);
                }
            }
            default -> {
                for (int i = 0; i < n; i++) {
                    y[i] = f.value(x[i]);
                }
            }
        }
    }

    static void unaryBackward(Unary f, Tensor x, Tensor y, Tensor dy, Tensor dx) {
        Elements inputs = Elements.of(x);
        Elements outputs = Elements.of(y);
        Elements slopes = Elements.of(dy);
        Elements to = Elements.of(dx);
        Parallel.forTiles(to.size(), (lo, hi) -> {
            int n = hi - lo;
            double[] in = Scratch.doubles(0, n);
            double[] out = Scratch.doubles(1, n);
            double[] d = Scratch.doubles(2, n);
            inputs.get(lo, n, in, 0);
            outputs.get(lo, n, out, 0);
            slopes.get(lo, n, d, 0);
            for (int i = 0; i < n; i++) {
                d[i] *= f.slope(in[i], out[i]);
            }
            to.put(lo, n, d, 0);
        });
    }

    static void binary(Binary f, Tensor a, Tensor b, Tensor out) {
        Shape shape = out.shape();
        Elements to = Elements.of(out);
        if (to.size() == 0) {
            return;
        }
        Operand left = new Operand(a, shape);
        Operand right = new Operand(b, shape);
        if (a.dtype().isFloating()) {
            Parallel.forTiles(to.size(), (lo, hi) -> {
                int n = hi - lo;
                double[] x = Scratch.doubles(0, n);
                double[] y = Scratch.doubles(1, n);
                left.get(lo, n, x);
                right.get(lo, n, y);
                apply(f, x, y, x, n);
                to.put(lo, n, x, 0);
            });
        } else {
            Parallel.forTiles(to.size(), (lo, hi) -> {
                int n = hi - lo;
                long[] x = Scratch.longs(0, n);
                long[] y = Scratch.longs(1, n);
                left.get(lo, n, x);
                right.get(lo, n, y);
                for (int i = 0; i < n; i++) {
                    x[i] = value(f, x[i], y[i]);
                }
                to.put(lo, n, x, 0);
            });
        }
    }

    /** Sets {@code y ← f(a, b)}; y may be either. */
    static void apply(Binary f, double[] a, double[] b, double[] y, int n) {
        switch (f) {
            case ADD -> {
                for (int i = 0; i < n; i++) {
                    y[i] = a[i] + b[i];
                }
            }
            case SUB -> {
                for (int i = 0; i < n; i++) {
                    y[i] = a[i] - b[i];
                }
            }
            case MUL -> {
                for (int i = 0; i < n; i++) {
                    y[i] = a[i] * b[i];
                }
            }
            case DIV -> {
                for (int i = 0; i < n; i++) {
                    y[i] = a[i] / b[i];
                }
            }
            default -> {
                for (int i = 0; i < n; i++) {
                    y[i] = f.value(a[i], b[i]);
                }
            }
        }
    }

    private static long value(Binary f, long a, long b) {
        return switch (f) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> quotient(a, b);
            case POW -> power(a, b);
            case MAX -> Math.max(a, b);
            case MIN -> Math.min(a, b);
            case EQUAL -> a == b ? 1 : 0;
            case LESS -> a < b ? 1 : 0;
            case LESS_EQUAL -> a <= b ? 1 : 0;
        };
    }

    private static long quotient(long a, long b) {
        if (b == 0) {
            throw new ArithmeticException("div: integer divisors must not be 0, got " + a + " / 0");
        }
        return a / b;
    }

    /** Integer power by squaring, wrapping at overflow; negative exponents truncate {@code 1/aⁿ} towards zero. */
    private static long power(long a, long b) {
        if (b < 0) {
            return a == 1 ? 1 : a == -1 ? ((b & 1) == 0 ? 1 : -1) : quotient(0, a);
        }
        long result = 1;
        long square = a;
        for (long e = b; e > 0; e >>= 1) {
            if ((e & 1) == 1) {
                result *= square;
            }
            square *= square;
        }
        return result;
    }

    static void where(Tensor condition, Tensor a, Tensor b, Tensor out) {
        Shape shape = out.shape();
        Elements to = Elements.of(out);
        if (to.size() == 0) {
            return;
        }
        Operand choice = new Operand(condition, shape);
        Operand left = new Operand(a, shape);
        Operand right = new Operand(b, shape);
        boolean real = a.dtype().isFloating();
        Parallel.forTiles(to.size(), (lo, hi) -> {
            int n = hi - lo;
            long[] c = Scratch.longs(2, n);
            choice.get(lo, n, c);
            if (real) {
                double[] x = Scratch.doubles(0, n);
                double[] y = Scratch.doubles(1, n);
                left.get(lo, n, x);
                right.get(lo, n, y);
                for (int i = 0; i < n; i++) {
                    x[i] = c[i] != 0 ? x[i] : y[i];
                }
                to.put(lo, n, x, 0);
            } else {
                long[] x = Scratch.longs(0, n);
                long[] y = Scratch.longs(1, n);
                left.get(lo, n, x);
                right.get(lo, n, y);
                for (int i = 0; i < n; i++) {
                    x[i] = c[i] != 0 ? x[i] : y[i];
                }
                to.put(lo, n, x, 0);
            }
        });
    }

    /** {@code out ← activation(out + bias + residual)}; the two addends may have another floating type. */
    static void epilogue(Epilogue epilogue, Tensor out) {
        Tensor bias = epilogue.bias();
        Tensor residual = epilogue.residual();
        Unary activation = epilogue.activation();
        if (bias == null && residual == null && activation == null || out.size() == 0) {
            return;
        }
        Elements to = Elements.of(out);
        Operand shift = bias == null ? null : new Operand(bias, out.shape());
        Operand skip = residual == null ? null : new Operand(residual, out.shape());
        Parallel.forTiles(to.size(), (lo, hi) -> {
            int n = hi - lo;
            double[] sum = Scratch.doubles(0, n);
            double[] addend = Scratch.doubles(1, n);
            to.get(lo, n, sum, 0);
            if (shift != null) {
                shift.get(lo, n, addend);
                apply(Binary.ADD, sum, addend, sum, n);
            }
            if (skip != null) {
                skip.get(lo, n, addend);
                apply(Binary.ADD, sum, addend, sum, n);
            }
            if (activation != null) {
                apply(activation, sum, sum, n);
            }
            to.put(lo, n, sum, 0);
        });
    }
}
