package org.atelier4j.nn;

import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.tensor.autograd.Node;
import org.atelier4j.tensor.kernel.Norm;
import org.atelier4j.tensor.op.Normalize;
import org.jspecify.annotations.Nullable;

/**
 * Ioffe, Szegedy 2015, "Batch Normalization" (arXiv:1502.03167), alg. 1: (B, H, W, C) → the same shape. In training each
 * channel gets mean 0 and variance 1 over the batch and all pixels, and running averages of both are kept; in evaluation
 * these averages are used.
 *
 * <p>Parameters {@code weight} (C) and {@code bias} (C); buffers {@code running_mean} (C), {@code running_var} (C, of the
 * unbiased variance) and {@code num_batches_tracked}, an INT64 scalar.
 *
 * <p>While training its forward pass changes it, so one thread at a time may use it.
 */
public final class BatchNorm2d extends UnaryLayer {

    /**
     * Sizes of a batch norm.
     *
     * @param channels length C of the last axis, ≥ 1
     * @param eps ε added to the variance, &gt; 0
     * @param momentum part of the new batch in the running averages, in (0, 1]
     * @param affine whether there are weight and bias
     */
    public record Config(int channels, double eps, double momentum, boolean affine) {

        /** Checks the sizes. */
        public Config {
            Check.that(
                    channels >= 1 && eps > 0 && momentum > 0 && momentum <= 1,
                    "BatchNorm2d: channels must be >= 1, eps > 0 and momentum in (0, 1], got %d, %s and %s",
                    channels,
                    eps,
                    momentum);
        }

        /** Returns PyTorch's defaults: ε = 1e-5, momentum 0.1, weight and bias. */
        public static Config of(int channels) {
            return new Config(channels, 1e-5, 0.1, true);
        }
    }

    private final Config config;
    private final @Nullable Tensor weight;
    private final @Nullable Tensor bias;
    private final Tensor runningMean;
    private final Tensor runningVar;
    private final Tensor numBatchesTracked;

    /** Makes a norm with PyTorch's defaults. */
    public BatchNorm2d(int channels) {
        this(Config.of(channels));
    }

    /** Makes a norm. */
    public BatchNorm2d(Config config) {
        this.config = config;
        weight = config.affine() ? parameter("weight", Tensor.ones(config.channels())) : null;
        bias = config.affine() ? parameter("bias", Tensor.zeros(config.channels())) : null;
        runningMean = buffer("running_mean", Tensor.zeros(config.channels()));
        runningVar = buffer("running_var", Tensor.ones(config.channels()));
        numBatchesTracked = buffer("num_batches_tracked", Tensor.full(0, DType.INT64, Shape.scalar()));
    }

    /** Returns x (B, H, W, C) normalized. */
    @Override
    public Tensor forward(Tensor x) {
        GroupNorm.checkChannels("BatchNorm2d", config.channels(), 4, x);
        return isTraining() ? byBatch(x) : byAverages(x);
    }

    private Tensor byBatch(Tensor x) {
        int n = (int) (x.size() / Math.max(1, config.channels()));
        Check.shape(n > 1, "BatchNorm2d: training needs more than one value per channel, got x of shape %s", x.shape());
        Norm norm = new Norm(config.channels(), config.eps(), true, false); // one group per channel
        Tensor pixels = x.reshape(1, n, config.channels()); // (1, B·H·W, C): the batch as positions
        Tensor y = GroupNorm.normalize(norm, pixels, weight, bias);
        try (NoGrad off = NoGrad.open()) {
            track(statistics(norm, pixels, y), n);
        }
        return y.reshape(x.shape());
    }

    /** Returns mean and 1/√(variance + ε) of the batch, (1, C) each: saved for the backward pass where there is one. */
    private static List<Tensor> statistics(Norm norm, Tensor pixels, Tensor y) {
        Node node = y.node();
        return node != null
                ? List.of(node.saved(0), node.saved(1))
                : new Normalize(norm)
                        .forward(pixels.device().kernels(), List.of(pixels))
                        .saved();
    }

    private void track(List<Tensor> statistics, int n) {
        Tensor mean = statistics.get(0).reshape(runningMean.shape());
        Tensor rstd = statistics.get(1).reshape(runningVar.shape());
        Tensor variance = rstd.square().reciprocal().sub(config.eps()).mul(n / (n - 1.0));
        average(runningMean, mean);
        average(runningVar, variance.relu()); // rounding may leave a constant channel just below 0
        numBatchesTracked.assign(numBatchesTracked.add(Tensor.full(1, DType.INT64, Shape.scalar())));
    }

    private void average(Tensor running, Tensor value) {
        double m = config.momentum();
        running.assign(running.mul(1 - m).add(value.to(running.dtype()).mul(m)));
    }

    private Tensor byAverages(Tensor x) {
        Tensor scale = runningVar.add(config.eps()).rsqrt(); // (C)
        if (weight != null) {
            scale = scale.mul(weight);
        }
        Tensor shift = runningMean.neg().mul(scale);
        if (bias != null) {
            shift = shift.add(bias);
        }
        return x.mul(cast(scale, x)).add(cast(shift, x));
    }
}
