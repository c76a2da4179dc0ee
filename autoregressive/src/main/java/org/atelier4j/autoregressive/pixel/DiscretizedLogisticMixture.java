package org.atelier4j.autoregressive.pixel;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;

/**
 * The output of PixelCNN++: a mixture of logistic laws, each cut into K bins (Salimans et al. 2017, "PixelCNN++: Improving
 * the PixelCNN with Discretized Logistic Mixture Likelihood and Other Modifications", arXiv:1701.05517, sec. 2.1, 2.2).
 *
 * <p>Levels 0 to K − 1 lie at x from −1 to 1, at distance 2h = 2/(K − 1). One component gives a level the probability
 * {@code σ((x + h − μ)/s) − σ((x − h − μ)/s)}, the first and last bin reaching to −∞ and ∞ (eq. 2). All channels of a pixel
 * share the choice of the component, and the mean of a channel is moved by the values of those before it,
 * {@code μ̃_c = μ_c + Σ_{c' < c} tanh(γ_{c, c'}) x_{c'}} (eq. 3), so the network needs no masks between colors.
 *
 * <p>The parameters of a pixel, M numbers each: logits of the components; μ of each channel; log s of each channel; γ of
 * each pair (c, c') with c' &lt; c in the order (1, 0), (2, 0), (2, 1).
 *
 * <p>Differs from the paper: the logarithm of the difference is exact,
 * {@code log(σ(a) − σ(b)) = −softplus(−a) − softplus(b) + log(1 − e^{b − a})}, where the authors' code changes to a density
 * for small ones; γ is limited by tanh as in that code.
 *
 * @param channels C ≥ 1
 * @param levels K ≥ 2
 * @param components M ≥ 1; 10 in the paper, 5 are nearly as good
 */
public record DiscretizedLogisticMixture(int channels, int levels, int components) implements PixelHead {
    private static final double MIN_LOG_SCALE = -7;

    /** Checks the sizes. */
    public DiscretizedLogisticMixture {
        Check.that(
                channels >= 1 && levels >= 2 && components >= 1,
                "DiscretizedLogisticMixture: channels and components must be >= 1 and levels >= 2, got %d, %d and %d",
                channels,
                components,
                levels);
    }

    @Override
    public int outputs() {
        return components * (1 + 2 * channels + channels * (channels - 1) / 2);
    }

    @Override
    public int colors() {
        return 1;
    }

    @Override
    public Tensor nats(Tensor parameters, Tensor values) {
        PixelHead.check(this, parameters, values);
        Tensor rows = parameters.reshape(-1, outputs()); // (N, P)
        Tensor joint = jointLogs(rows, values.reshape(-1, channels), channels); // (N, M)
        Tensor logs = joint.logSumExp(-1);
        return logs.neg().reshape(values.dim(0), values.dim(1), values.dim(2));
    }

    @Override
    public Tensor logits(Tensor parameters, Tensor values, int channel) {
        int n = parameters.dim(0);
        Tensor before = jointLogs(parameters, values, channel); // (N, M), how well components explain what is known
        Tensor mean = mean(parameters, values, channel).unsqueeze(1); // (N, 1, M)
        Tensor logScale = logScale(parameters, channel).unsqueeze(1);
        Tensor all = Tensor.arange(levels).reshape(1, levels, 1);
        Tensor logs = logProbabilities(all, mean, logScale); // (N, K, M)
        return logs.add(before.unsqueeze(1)).logSumExp(-1).reshape(n, levels);
    }

    /** Returns {@code log π_m + Σ_{c < count} log P_m(x_c)} for each component m: (N, M). */
    private Tensor jointLogs(Tensor parameters, Tensor values, int count) {
        Tensor sum = part(parameters, 0).logSoftmax(-1);
        for (int c = 0; c < count; c++) {
            Tensor mean = mean(parameters, values, c);
            sum = sum.add(logProbabilities(values.slice(1, c, 1), mean, logScale(parameters, c)));
        }
        return sum;
    }

    /** Returns the mean of a channel, moved by the channels before it: eq. 3. */
    private Tensor mean(Tensor parameters, Tensor values, int channel) {
        Tensor mean = part(parameters, 1 + channel); // (N, M)
        int pair = 1 + 2 * channels + channel * (channel - 1) / 2;
        for (int c = 0; c < channel; c++) {
            Tensor gamma = part(parameters, pair + c).tanh();
            mean = mean.add(gamma.mul(position(values.slice(1, c, 1), parameters.dtype())));
        }
        return mean;
    }

    private Tensor logScale(Tensor parameters, int channel) {
        return part(parameters, 1 + channels + channel).clamp(MIN_LOG_SCALE, Double.MAX_VALUE);
    }

    private Tensor part(Tensor parameters, int index) {
        return parameters.slice(1, index * components, components);
    }

    /** Returns where levels lie: INT32 [0, K) to [−1, 1]. */
    private Tensor position(Tensor values, DType dtype) {
        return values.to(dtype).affine(2.0 / (levels - 1), -1);
    }

    /** Returns the logarithm of eq. 2 for levels that broadcast with mean and scale. */
    private Tensor logProbabilities(Tensor values, Tensor mean, Tensor logScale) {
        double half = 1.0 / (levels - 1);
        Tensor centered = position(values, mean.dtype()).sub(mean);
        Tensor inverse = logScale.neg().exp();
        Tensor upper = centered.add(half).mul(inverse); // a
        Tensor lower = centered.sub(half).mul(inverse); // b
        Tensor above = upper.neg().softplus().neg(); // log σ(a)
        Tensor below = lower.softplus().neg(); // log(1 − σ(b))
        Tensor t = inverse.mul(half).tanh(); // tanh((a − b)/2)
        Tensor overlap = t.mul(2).div(t.add(1)).log(); // log(1 − e^{b − a})
        Tensor inner = above.add(below).add(overlap);
        Tensor isFirst = values.equal(0);
        Tensor isLast = values.equal(levels - 1);
        return Tensor.where(isFirst, above, Tensor.where(isLast, below, inner));
    }
}
