package org.atelier4j.tensor.kernel.cuda;

import java.util.function.Function;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.device.cuda.CudaGraph;
import org.atelier4j.tensor.device.cuda.CudaKernel;
import org.atelier4j.tensor.device.cuda.Launch;
import org.atelier4j.tensor.kernel.Norm;
import org.atelier4j.tensor.kernel.Reduction;
import org.jspecify.annotations.Nullable;

/** Launches {@code softmax.cu}, {@code gumbel.cu} and {@code norm.cu}. */
final class Norms {
    private static final int THREADS = 256;

    /** Rows up to this length are done by a warp, longer ones by a block. */
    private static final int NARROW = 1024;

    /** Positions that are worth a block of their own in the sums over them. */
    private static final int SHARE = 256;

    private final CudaDevice device;
    private final Movement movement;
    private final Reductions reductions;

    Norms(CudaDevice device, Movement movement, Reductions reductions) {
        this.device = device;
        this.movement = movement;
        this.reductions = reductions;
    }

    /** Ends a launch over rows with the argument {@code wide}. */
    private void overRows(Launch launch, long rows, long length) {
        boolean wide = length > NARROW;
        launch.int32(wide ? 1 : 0).run(device.blocksFor(rows, wide ? 1 : THREADS / 32), 1, 1, THREADS);
    }

    // --- softmax ----------------------------------------------------------------------------------------------------

    void softmax(boolean log, Tensor x, Tensor out) {
        if (x.size() > 0) {
            long rows = x.size() / x.dim(-1);
            Launch launch = Code.SOFTMAX
                    .kernel(device, x.dtype(), "softmax")
                    .with()
                    .tensor(x)
                    .tensor(out)
                    .int64(x.dim(-1))
                    .int64(rows)
                    .int32(log ? 1 : 0);
            overRows(launch, rows, x.dim(-1));
        }
    }

    void softmaxBackward(boolean log, Tensor y, Tensor dy, Tensor dx) {
        if (y.size() > 0) {
            long rows = y.size() / y.dim(-1);
            Launch launch = Code.SOFTMAX
                    .kernel(device, y.dtype(), "softmaxSlope")
                    .with()
                    .tensor(y)
                    .tensor(dy)
                    .tensor(dx)
                    .int64(y.dim(-1))
                    .int64(rows)
                    .int32(log ? 1 : 0);
            overRows(launch, rows, y.dim(-1));
        }
    }

    void gumbelSoftmax(Tensor temperature, long key, long position, Tensor logits, Tensor out, Tensor largest) {
        if (logits.size() == 0) {
            return;
        }
        int n = logits.dim(-1);
        long rows = logits.size() / n;
        boolean wide = n > NARROW;
        long blocks = device.blocksFor(rows, wide ? 1 : THREADS / 32);
        long heat = Launch.address(temperature, 0);
        long from = Launch.address(logits, 0); // addresses, for a replay knows nothing of tensors
        long to = Launch.address(out, 0);
        long indices = Launch.address(largest, 0);
        CudaKernel kernel = Code.GUMBEL.kernel(device, logits.dtype(), "gumbelSoftmax");
        Function<CudaGraph.Draw, Launch> launch = draw -> kernel.with()
                .int64(draw.key())
                .int64(draw.position())
                .pointer(heat)
                .pointer(from)
                .pointer(to)
                .pointer(indices)
                .int64(n)
                .int64(rows)
                .int32(wide ? 1 : 0);
        CudaGraph.Draw draw = new CudaGraph.Draw(key, position);
        launch.apply(draw).run(blocks, 1, 1, THREADS);
        device.note(draw, blocks, THREADS, launch);
    }

    // --- normalization ----------------------------------------------------------------------------------------------

    private static long[] struct(Norm norm, Tensor x, @Nullable Tensor gamma, @Nullable Tensor beta) {
        @Nullable Tensor parameter = gamma == null ? beta : gamma;
        boolean perSample = parameter != null && parameter.rank() == 2;
        return new long[] {
            x.dim(0),
            x.dim(1),
            x.dim(2),
            norm.groups(),
            perSample ? x.dim(2) : 0,
            norm.centered() ? 1 : 0,
            norm.silu() ? 1 : 0,
            Double.doubleToRawLongBits(norm.eps())
        };
    }

    void norm(
            Norm norm, Tensor x, @Nullable Tensor gamma, @Nullable Tensor beta, Tensor out, Tensor mean, Tensor rstd) {
        if (x.size() > 0) {
            Launch launch = Code.NORM
                    .kernel(device, x.dtype(), "normForward")
                    .with()
                    .tensor(x)
                    .tensor(gamma)
                    .tensor(beta)
                    .tensor(out)
                    .tensor(mean)
                    .tensor(rstd)
                    .struct(struct(norm, x, gamma, beta));
            overRows(launch, mean.size(), x.size() / mean.size());
        }
    }

    void normBackward(
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
            zero(dGamma);
            zero(dBeta);
            return;
        }
        int batch = x.dim(0);
        int channels = x.dim(2);
        long tiles = (channels + 31L) / 32 * batch;
        long idle = 4L * device.properties().multiprocessors() / tiles;
        int parts = (int) Math.max(1, Math.min(Math.min(x.dim(1) / SHARE, idle), 256));
        DType wide = Code.wide(x.dtype());
        try (TensorScope scope = TensorScope.open()) {
            Tensor sums = Tensor.empty(Shape.of(parts, 2, batch, channels), wide, device);
            long[] struct = struct(norm, x, gamma, beta);
            Code.NORM
                    .kernel(device, x.dtype(), "normSums")
                    .with()
                    .tensor(x)
                    .tensor(gamma)
                    .tensor(beta)
                    .tensor(mean)
                    .tensor(rstd)
                    .tensor(dy)
                    .tensor(sums)
                    .struct(struct)
                    .int64(parts)
                    .run(device.blocksFor(tiles * parts, 1), 1, 1, THREADS);
            if (parts > 1) {
                Code.NORM
                        .kernel(device, x.dtype(), "normParts")
                        .with()
                        .tensor(sums)
                        .int64(2L * batch * channels)
                        .int64(parts)
                        .forElements(2L * batch * channels);
            }
            Launch launch = Code.NORM
                    .kernel(device, x.dtype(), "normSlope")
                    .with()
                    .tensor(x)
                    .tensor(gamma)
                    .tensor(beta)
                    .tensor(mean)
                    .tensor(rstd)
                    .tensor(dy)
                    .tensor(sums)
                    .tensor(dx)
                    .struct(struct);
            overRows(launch, mean.size(), x.size() / mean.size());
            parameter(sums, 0, dGamma);
            parameter(sums, 1, dBeta);
        }
    }

    private void zero(@Nullable Tensor t) {
        if (t != null) {
            movement.fill(0, t);
        }
    }

    /** Writes a parameter's gradient: the sums themselves, (B, C), or their sum over the samples. */
    private void parameter(Tensor sums, int which, @Nullable Tensor gradient) {
        if (gradient == null) {
            return;
        }
        Shape each = Shape.of(sums.dim(2), sums.dim(3));
        Tensor own = Tensor.over(sums.storage(), which * each.size(), each);
        if (gradient.rank() == 1) {
            Tensor total = Tensor.empty(Shape.of(1, sums.dim(3)), sums.dtype(), device);
            reductions.reduce(Reduction.SUM, own, new int[] {0}, total);
            own = total;
        }
        movement.convert(own, gradient);
    }
}
