package org.atelier4j.tensor.kernel.nd4j;

import java.util.Arrays;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Elements;
import org.atelier4j.tensor.kernel.Norm;
import org.atelier4j.tensor.kernel.Parallel;
import org.atelier4j.tensor.kernel.Scratch;
import org.jspecify.annotations.Nullable;

/**
 * Normalization of x (B, N, C) over groups of channels and all positions, in double precision: first means, then squared
 * distances from them, then the result.
 *
 * <p>Work is cut into stretches of positions of one sample; sums are kept per stretch and joined in order.
 */
final class Norms {
    private final Norm norm;
    private final Elements x;
    private final int samples;
    private final int positions;
    private final int channels;
    private final int perGroup;
    private final int stretch;
    private final int stretches; // per sample
    private final int affineStep; // from one sample's gamma to the next: 0 where all share one
    private final double @Nullable [] gamma;
    private final double @Nullable [] beta;

    private Norms(Norm norm, Tensor x, @Nullable Tensor gamma, @Nullable Tensor beta) {
        this.norm = norm;
        this.x = Elements.of(x);
        samples = x.dim(0);
        positions = x.dim(1);
        channels = x.dim(2);
        perGroup = channels / norm.groups();
        stretch = Math.max(1, Parallel.GRAIN / channels);
        stretches = (positions - 1) / stretch + 1;
        affineStep = gamma != null && gamma.rank() == 2 ? channels : 0;
        this.gamma = gamma == null ? null : all(gamma);
        this.beta = beta == null ? null : all(beta);
    }

    private static double[] all(Tensor t) {
        double[] values = new double[Math.toIntExact(t.size())];
        Elements.of(t).get(0, values.length, values, 0);
        return values;
    }

    static void forward(
            Norm norm, Tensor x, @Nullable Tensor gamma, @Nullable Tensor beta, Tensor out, Tensor mean, Tensor rstd) {
        if (x.size() == 0) {
            Movement.fill(0, mean);
            Movement.fill(1 / Math.sqrt(norm.eps()), rstd);
            return;
        }
        new Norms(norm, x, gamma, beta).forward(Elements.of(out), Elements.of(mean), Elements.of(rstd));
    }

    private void forward(Elements out, Elements mean, Elements rstd) {
        int groups = norm.groups();
        double count = (double) positions * perGroup;
        double[] means =
                norm.centered() ? groupSums(new double[samples * groups], false) : new double[samples * groups];
        for (int i = 0; i < means.length; i++) {
            means[i] /= count;
        }
        double[] scales = groupSums(means, true);
        for (int i = 0; i < scales.length; i++) {
            scales[i] = 1 / Math.sqrt(scales[i] / count + norm.eps());
        }
        mean.put(0, means.length, means, 0);
        rstd.put(0, scales.length, scales, 0);
        forEachRow((row, sample, part) -> {
            double[] values = Scratch.doubles(0, channels);
            x.get(row * channels, channels, values, 0);
            for (int c = 0; c < channels; c++) {
                int group = sample * groups + c / perGroup;
                double z = affine((values[c] - means[group]) * scales[group], sample * affineStep + c);
                values[c] = norm.silu() ? z * sigmoid(z) : z;
            }
            out.put(row * channels, channels, values, 0);
        });
    }

    private double affine(double hat, int at) {
        double scaled = gamma == null ? hat : hat * gamma[at];
        return beta == null ? scaled : scaled + beta[at];
    }

    private static double sigmoid(double z) {
        return 1 / (1 + Math.exp(-z));
    }

    /** Returns {@code Σ (x − mean)} or {@code Σ (x − mean)²} of each group (B, G). */
    private double[] groupSums(double[] means, boolean squared) {
        int groups = norm.groups();
        double[] partial = new double[samples * stretches * groups];
        forEachRow((row, sample, part) -> {
            double[] values = Scratch.doubles(0, channels);
            x.get(row * channels, channels, values, 0);
            for (int g = 0; g < groups; g++) {
                double mean = means[sample * groups + g];
                double sum = 0;
                for (int c = g * perGroup; c < (g + 1) * perGroup; c++) {
                    double d = values[c] - mean;
                    sum += squared ? d * d : d;
                }
                partial[part * groups + g] += sum;
            }
        });
        return joined(partial, groups);
    }

    /** Adds up the stretches of each sample: (B, stretches, width) becomes (B, width). */
    private double[] joined(double[] partial, int width) {
        double[] sums = new double[samples * width];
        for (int part = 0; part < samples * stretches; part++) {
            for (int i = 0; i < width; i++) {
                sums[part / stretches * width + i] += partial[part * width + i];
            }
        }
        return sums;
    }

    private interface Row {
        /** Handles row {@code row} of (B·N, C), which lies in {@code sample} and in stretch {@code part} of all. */
        void handle(int row, int sample, int part);
    }

    private void forEachRow(Row body) {
        int rows = Math.min(stretch, positions);
        Parallel.forRange(samples * stretches, Math.max(1, Parallel.GRAIN / (rows * channels)), (lo, hi) -> {
            for (int part = lo; part < hi; part++) {
                int sample = part / stretches;
                int first = part % stretches * stretch;
                for (int n = first; n < Math.min(first + stretch, positions); n++) {
                    body.handle(sample * positions + n, sample, part);
                }
            }
        });
    }

    static void backward(
            Norm norm,
            Tensor x,
            @Nullable Tensor gamma,
            @Nullable Tensor beta,
            Tensor mean,
            Tensor rstd,
            Tensor dy,
            Tensor dx,
            @Nullable Tensor dGamma,
            @Nullable Tensor dBeta) {
        if (x.size() == 0) {
            if (dGamma != null) {
                Movement.fill(0, dGamma);
            }
            if (dBeta != null) {
                Movement.fill(0, dBeta);
            }
            return;
        }
        Norms norms = new Norms(norm, x, gamma, beta);
        norms.backward(all(mean), all(rstd), Elements.of(dy), Elements.of(dx), dGamma, dBeta);
    }

    /**
     * With {@code g = dy ⊙ act'(z)}: {@code dγ = Σ g ⊙ x̂}, {@code dβ = Σ g}, and with {@code h = g ⊙ γ} and means over a
     * group, {@code dx = rstd·(h − mean(h) − x̂·mean(h ⊙ x̂))}; without centering there is no {@code mean(h)}.
     */
    private void backward(
            double[] mean, double[] rstd, Elements dy, Elements dx, @Nullable Tensor dGamma, @Nullable Tensor dBeta) {
        int groups = norm.groups();
        double[] partial = new double[samples * stretches * 2 * channels]; // Σ g and Σ g ⊙ x̂ of each channel
        forEachRow((row, sample, part) -> {
            double[] hat = Scratch.doubles(0, channels);
            double[] g = Scratch.doubles(1, channels);
            load(row, sample, mean, rstd, dy, hat, g);
            int at = part * 2 * channels;
            for (int c = 0; c < channels; c++) {
                partial[at + c] += g[c];
                partial[at + channels + c] += g[c] * hat[c];
            }
        });
        double[] sums = joined(partial, 2 * channels);
        double count = (double) positions * perGroup;
        double[] means = new double[samples * groups]; // of h
        double[] products = new double[samples * groups]; // of h ⊙ x̂
        double[] dGammas = new double[affineStep == 0 ? channels : samples * channels];
        double[] dBetas = new double[dGammas.length];
        for (int sample = 0; sample < samples; sample++) {
            int at = sample * 2 * channels;
            for (int c = 0; c < channels; c++) {
                double scale = (gamma == null ? 1 : gamma[sample * affineStep + c]) / count;
                means[sample * groups + c / perGroup] += scale * sums[at + c];
                products[sample * groups + c / perGroup] += scale * sums[at + channels + c];
                dBetas[sample * affineStep + c] += sums[at + c];
                dGammas[sample * affineStep + c] += sums[at + channels + c];
            }
        }
        if (!norm.centered()) {
            Arrays.fill(means, 0);
        }
        if (dGamma != null) {
            Elements.of(dGamma).put(0, dGammas.length, dGammas, 0);
        }
        if (dBeta != null) {
            Elements.of(dBeta).put(0, dBetas.length, dBetas, 0);
        }
        forEachRow((row, sample, part) -> {
            double[] hat = Scratch.doubles(0, channels);
            double[] g = Scratch.doubles(1, channels);
            load(row, sample, mean, rstd, dy, hat, g);
            for (int c = 0; c < channels; c++) {
                int group = sample * groups + c / perGroup;
                double h = gamma == null ? g[c] : g[c] * gamma[sample * affineStep + c];
                g[c] = rstd[group] * (h - means[group] - hat[c] * products[group]);
            }
            dx.put(row * channels, channels, g, 0);
        });
    }

    /** Reads x̂ and {@code g = dy ⊙ act'(z)} of one row. */
    private void load(int row, int sample, double[] mean, double[] rstd, Elements dy, double[] hat, double[] g) {
        x.get(row * channels, channels, hat, 0);
        dy.get(row * channels, channels, g, 0);
        for (int c = 0; c < channels; c++) {
            int group = sample * norm.groups() + c / perGroup;
            hat[c] = (hat[c] - mean[group]) * rstd[group];
            if (norm.silu()) {
                double z = affine(hat[c], sample * affineStep + c);
                double s = sigmoid(z);
                g[c] *= s * (1 + z * (1 - s));
            }
        }
    }
}
