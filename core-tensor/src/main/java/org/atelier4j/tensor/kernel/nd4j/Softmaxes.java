package org.atelier4j.tensor.kernel.nd4j;

import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Elements;
import org.atelier4j.tensor.kernel.Parallel;
import org.atelier4j.tensor.kernel.Scratch;

/** Softmax over the last axis: {@code y_i = e^(x_i − m)/Σ e^(x_j − m)}, m the largest; or its logarithm. */
final class Softmaxes {
    private Softmaxes() {}

    static void forward(boolean log, Tensor x, Tensor out) {
        if (x.size() == 0) {
            return;
        }
        int n = x.dim(-1);
        Elements from = Elements.of(x);
        Elements to = Elements.of(out);
        Parallel.forRows(from.size() / n, n, (lo, hi) -> {
            int count = (hi - lo) * n;
            double[] rows = Scratch.doubles(0, count);
            from.get(lo * n, count, rows, 0);
            for (int at = 0; at < count; at += n) {
                row(log, rows, at, n);
            }
            to.put(lo * n, count, rows, 0);
        });
    }

    private static void row(boolean log, double[] x, int at, int n) {
        double max = x[at];
        for (int i = at + 1; i < at + n; i++) {
            max = Math.max(max, x[i]);
        }
        double sum = 0;
        for (int i = at; i < at + n; i++) {
            x[i] -= max;
            double e = Math.exp(x[i]);
            sum += e;
            x[i] = log ? x[i] : e;
        }
        double shift = log ? Math.log(sum) : 0;
        double scale = log ? 1 : 1 / sum;
        for (int i = at; i < at + n; i++) {
            x[i] = (x[i] - shift) * scale;
        }
    }

    /** {@code dx = y ⊙ (dy − Σ dy ⊙ y)}; for the logarithm {@code dx = dy − e^y·Σ dy}. */
    static void backward(boolean log, Tensor y, Tensor dy, Tensor dx) {
        if (y.size() == 0) {
            return;
        }
        int n = y.dim(-1);
        Elements outputs = Elements.of(y);
        Elements slopes = Elements.of(dy);
        Elements to = Elements.of(dx);
        Parallel.forRows(outputs.size() / n, n, (lo, hi) -> {
            int count = (hi - lo) * n;
            double[] out = Scratch.doubles(0, count);
            double[] d = Scratch.doubles(1, count);
            outputs.get(lo * n, count, out, 0);
            slopes.get(lo * n, count, d, 0);
            for (int at = 0; at < count; at += n) {
                double sum = 0;
                for (int i = at; i < at + n; i++) {
                    sum += log ? d[i] : d[i] * out[i];
                }
                for (int i = at; i < at + n; i++) {
                    d[i] = log ? d[i] - Math.exp(out[i]) * sum : out[i] * (d[i] - sum);
                }
            }
            to.put(lo * n, count, d, 0);
        });
    }
}
