package org.atelier4j.benchmarks.gpu;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.atelier4j.nn.Attention;
import org.atelier4j.nn.AttentionMask;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.tensor.device.DeviceScope;
import org.atelier4j.tensor.device.Precision;
import org.atelier4j.tensor.device.PrecisionScope;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.kernel.Epilogue;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.Norm;
import org.atelier4j.tensor.kernel.Unary;
import org.atelier4j.tensor.kernel.UpdateRule;
import org.atelier4j.tensor.op.Conv;

/** Times of the loops that matter, beside what bounds them: bytes that must move, or operations. */
final class KernelTimes {
    private final CudaDevice card;
    private final int scale;
    private final int runs;

    /**
     * Prepares the measurement.
     *
     * @param scale divides the sizes
     * @param runs per measurement
     */
    KernelTimes(CudaDevice card, int scale, int runs) {
        this.card = card;
        this.scale = scale;
        this.runs = runs;
    }

    /**
     * A measurement; of the two rates the one that bounds it is not 0.
     *
     * @param gigabytesPerSecond read and written by the definition of the operation
     * @param teraflopsPerSecond two for each multiplication with addition
     */
    record Time(String name, double millis, double gigabytesPerSecond, double teraflopsPerSecond) {}

    private final List<Time> times = new ArrayList<>();

    private void bytes(String name, double bytes, Runnable work) {
        double millis = millis(work);
        times.add(new Time(name, millis, bytes / millis / 1e6, 0));
    }

    private void operations(String name, double operations, Runnable work) {
        double millis = millis(work);
        times.add(new Time(name, millis, 0, operations / millis / 1e9));
    }

    private double millis(Runnable work) {
        Runnable scoped = () -> {
            try (TensorScope scope = TensorScope.open()) {
                work.run();
            }
        };
        return CardClock.millis(card, scoped, runs);
    }

    List<Time> run() {
        try (DeviceScope on = DeviceScope.open(card);
                TensorScope scope = TensorScope.open();
                NoGrad off = NoGrad.open()) {
            memoryBound();
            compute();
        }
        return times;
    }

    private void memoryBound() {
        Kernels k = card.kernels();
        int n = (1 << 26) / (scale * scale * scale); // 256 MB of float32
        Tensor x = Rng.of(1).normal(Shape.of(n));
        Tensor y = Tensor.empty(x.shape(), DType.FLOAT32, card);
        bytes("copy", 8.0 * n, () -> y.assign(x));
        bytes("silu", 8.0 * n, () -> k.unary(Unary.of(Unary.Function.SILU), x, y));
        bytes("add", 12.0 * n, () -> k.binary(org.atelier4j.tensor.kernel.Binary.ADD, x, x, y));
        List<Tensor> guided =
                List.of(x, y, Rng.of(12).normal(Shape.of(n)), Rng.of(13).normal(Shape.of(n)));
        bytes("denoise step", 24.0 * n, () -> denoise(guided)); // reads four, writes two
        bytes("sum", 4.0 * n, () -> x.sum());
        bytes("normal", 4.0 * n, () -> Rng.of(1).normal(Shape.of(n)));
        Shape image = Shape.of(Math.max(1, 64 / scale), 32 * 32, 256);
        Tensor h = Rng.of(2).normal(image);
        Tensor out = Tensor.empty(image, DType.FLOAT32, card);
        Tensor gamma = Tensor.ones(256);
        Tensor beta = Tensor.zeros(256);
        Tensor mean = Tensor.empty(Shape.of(image.dim(0), 32), DType.FLOAT32, card);
        Tensor rstd = Tensor.empty(Shape.of(image.dim(0), 32), DType.FLOAT32, card);
        bytes(
                "group norm + silu",
                8.0 * image.size(),
                () -> k.norm(new Norm(32, 1e-5, true, true), h, gamma, beta, out, mean, rstd));
        Tensor rows = Rng.of(3).normal(Shape.of(65536 / scale, 256));
        bytes("softmax", 8.0 * rows.size(), () -> rows.softmax(-1));
        bytes("gumbel softmax", 8.0 * rows.size(), () -> Rng.of(1).gumbelSoftmax(rows, 0.5));
        Tensor logits = Rng.of(14).normal(Shape.of(256 / scale, 8192 / scale));
        bytes("top 100 of " + logits.dim(1), 4.0 * logits.size(), () -> logits.topK(100));
        bytes("sort of " + logits.dim(1), 8.0 * logits.size(), () -> logits.sort(true));
        Tensor turned = Rng.of(4).normal(Shape.of(64, 1024 / scale, 256));
        bytes("transpose", 8.0 * turned.size(), () -> turned.permute(0, 2, 1));
        int parameters = n / 4;
        List<Tensor> p = List.of(Tensor.zeros(parameters));
        List<Tensor> g = List.of(Rng.of(5).normal(Shape.of(parameters)));
        List<List<Tensor>> state = List.of(List.of(Tensor.zeros(parameters)), List.of(Tensor.zeros(parameters)));
        UpdateRule adam = new UpdateRule.Adam(1e-3, 0.9, 0.999, 1e-8, 0, true, 0.1, 0.001);
        bytes("adam", 28.0 * parameters, () -> k.update(adam, p, g, state, null));
    }

    private void compute() {
        for (Precision precision : Precision.values()) {
            try (PrecisionScope chosen = PrecisionScope.open(precision)) {
                products(precision.name().toLowerCase(Locale.ROOT));
            }
        }
        int points = 65536 / scale;
        int codes = 8192 / scale;
        Tensor latents = Rng.of(10).normal(Shape.of(points, 64));
        Tensor table = Rng.of(11).normal(Shape.of(codes, 64));
        operations("nearest of " + codes + " codes", 2.0 * points * codes * 64, () -> latents.nearestRow(table));
        int b = Math.max(1, 16 / scale);
        int tokens = 1024 / scale;
        Tensor q = Rng.of(9).normal(Shape.of(b, 8, tokens, 64));
        for (Precision precision : Precision.values()) {
            String what =
                    "attention, " + tokens + " tokens, " + precision.name().toLowerCase(Locale.ROOT);
            double count = 4.0 * b * 8 * tokens * tokens * 64;
            try (PrecisionScope chosen = PrecisionScope.open(precision)) {
                operations(what, count, () -> Attention.of(q, q, q));
                operations(what + ", causal", count / 2, () -> Attention.of(q, q, q, AttentionMask.CAUSAL));
            }
        }
    }

    /** A guided step of ancestral sampling, from x, the prediction with and without condition, and noise. */
    private static void denoise(List<Tensor> in) {
        Expression xt = Expression.of(in.get(0));
        Expression guided =
                Expression.of(in.get(1)).mul(2.5).sub(Expression.of(in.get(2)).mul(1.5));
        Expression x0 = xt.mul(1.1).add(guided.mul(-0.4)).clamp(-1, 1);
        Expression noise = Expression.of(in.get(3)).mul(0.1);
        Expression.evaluate(x0.mul(0.3).add(xt.mul(0.7)).add(noise), x0);
    }

    private void products(String precision) {
        for (int side : new int[] {1024 / scale, 4096 / scale}) {
            Tensor a = Rng.of(6).normal(Shape.of(side, side));
            double count = 2.0 * side * side * side;
            operations("matmul " + side + "³, " + precision, count, () -> a.matmul(a));
            Tensor bias = Rng.of(7).normal(Shape.of(side));
            Tensor y = Tensor.empty(a.shape(), DType.FLOAT32, card);
            Epilogue ending = new Epilogue(bias, null, null); // never by cuBLAS
            operations(
                    "matmul " + side + "³ + bias, " + precision,
                    count,
                    () -> card.kernels().matmul(a, false, a, false, ending, y));
        }
        int b = Math.max(1, 16 / scale);
        for (int c : new int[] {64, 256 / scale}) {
            Tensor x = Rng.of(7).normal(Shape.of(b, 32, 32, c));
            Tensor w = Rng.of(8).normal(Shape.of(c, c, 3, 3));
            double count = 2.0 * b * 32 * 32 * c * c * 9;
            Convolution geometry = Convolution.of2d(1, 1);
            String name = "conv 3×3, " + c + " channels, " + precision;
            operations(name, count, () -> new Conv(geometry).apply(x, w));
            Tensor dx = Tensor.empty(x.shape(), DType.FLOAT32, card);
            operations(name + ", adjoint in x", count, () -> card.kernels().convBackwardInput(geometry, x, w, dx));
            Tensor dw = Tensor.empty(w.shape(), DType.FLOAT32, card);
            operations(
                    name + ", adjoint in w", count, () -> card.kernels().convBackwardWeight(geometry, x, x, dw, null));
        }
    }
}
