package org.atelier4j.benchmarks.gpu;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.atelier4j.nn.Attention;
import org.atelier4j.nn.AttentionMask;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.DeviceScope;
import org.atelier4j.tensor.device.Precision;
import org.atelier4j.tensor.device.PrecisionScope;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.kernel.Interpolation;
import org.atelier4j.tensor.op.Conv;

/**
 * Every operation, forward and backward, at sizes that real models have: FLOAT32 on the card against FLOAT64 on the host.
 * Small and odd sizes, special numbers and all element types are the contract's, which runs on the same card
 * ({@code CudaKernelsTest} with {@code -Datelier.test.cuda=card}).
 */
final class KernelChecks {
    /** Largest error over the largest result that FLOAT32 may have. */
    static final double TOLERANCE = 1e-5;

    /** The first of the cases: matrix products and convolutions. */
    private static final int PRODUCTS = 5;

    private final Device card;
    private final int scale;

    /**
     * Prepares the checks.
     *
     * @param scale 1 for the sizes of real models, larger numbers shrink them
     */
    KernelChecks(Device card, int scale) {
        this.card = card;
        this.scale = scale;
    }

    /**
     * What came out.
     *
     * @param error the largest difference over the largest expected number, of results and all gradients
     */
    record Result(String name, double error, boolean passed) {}

    /** A named function of tensors that are all differentiated. */
    private record Case(String name, Function<List<Tensor>, Tensor> body, List<Shape> inputs) {}

    private int side() {
        return Math.max(4, 32 / scale);
    }

    private List<Case> cases() {
        int b = Math.max(2, 16 / scale);
        int n = side();
        int c = Math.max(8, 64 / scale);
        Shape image = Shape.of(b, n, n, c);
        List<Case> cases = new ArrayList<>();
        cases.add(new Case(
                "matmul", in -> in.get(0).matmul(in.get(1)), List.of(Shape.of(8 * c, 4 * c), Shape.of(4 * c, 6 * c))));
        cases.add(new Case(
                "matmul batched",
                in -> in.get(0).matmul(in.get(1), false, true),
                List.of(Shape.of(b, n, c), Shape.of(b, n, c))));
        for (int stride = 1; stride <= 2; stride++) {
            int s = stride;
            cases.add(new Case(
                    "conv 3x3 stride " + s,
                    in -> new Conv(Convolution.of2d(s, 1)).apply(in.get(0), in.get(1), in.get(2)),
                    List.of(image, Shape.of(2 * c, c, 3, 3), Shape.of(2 * c))));
        }
        cases.add(new Case(
                "conv 1x1",
                in -> new Conv(Convolution.of2d(1, 0)).apply(in.get(0), in.get(1)),
                List.of(image, Shape.of(c, c, 1, 1))));
        Shape heads = Shape.of(b, 4, n * n / 4, 32);
        for (AttentionMask mask : List.of(AttentionMask.NONE, AttentionMask.CAUSAL)) {
            cases.add(new Case(
                    mask.causal() ? "causal attention" : "attention",
                    in -> Attention.of(in.get(0), in.get(1), in.get(2), mask),
                    List.of(heads, heads, heads)));
        }
        cases.add(new Case("softmax", in -> in.get(0).softmax(-1), List.of(Shape.of(b * n, 17 * n))));
        cases.add(new Case("log-softmax", in -> in.get(0).logSoftmax(-1), List.of(Shape.of(b * n, 17 * n))));
        cases.add(new Case(
                "gumbel softmax",
                in -> Rng.of(7).gumbelSoftmax(in.get(0), 1).weights(),
                List.of(Shape.of(b * n, 17 * n))));
        cases.add(new Case("sort", in -> in.get(0).sort(true), List.of(Shape.of(b, 150 * n))));
        cases.add(new Case("silu", in -> in.get(0).silu(), List.of(image)));
        cases.add(new Case("gelu", in -> in.get(0).gelu(), List.of(image)));
        cases.add(new Case("tanh", in -> in.get(0).tanh(), List.of(image)));
        cases.add(new Case(
                "broadcast", in -> in.get(0).mul(in.get(1)).add(in.get(1)), List.of(image, Shape.of(b, 1, 1, c))));
        cases.add(new Case(
                "expression",
                in -> {
                    Expression x = Expression.of(in.get(0));
                    Expression perImage = Expression.of(in.get(1));
                    return x.mul(perImage).sub(x.mul(0.3)).tanh().add(perImage).tensor();
                },
                List.of(image, Shape.of(b, 1, 1, 1))));
        cases.add(new Case("mean", in -> in.get(0).mean(1, 2), List.of(image)));
        cases.add(new Case("permute", in -> in.get(0).permute(0, 3, 1, 2), List.of(image)));
        cases.add(new Case("averagePool", in -> in.get(0).averagePool(2, 2, 0), List.of(image)));
        cases.add(new Case("resize", in -> in.get(0).resize(Interpolation.BILINEAR, 2 * n, 3 * n), List.of(image)));
        return cases;
    }

    List<Result> run() {
        List<Result> results = new ArrayList<>();
        for (Case one : cases()) {
            try (TensorScope scope = TensorScope.open()) {
                double error = error(outcome(one, Device.cpu(), DType.FLOAT64), outcome(one, card, DType.FLOAT32));
                results.add(new Result(one.name(), error, error <= TOLERANCE));
            }
        }
        results.add(nearest());
        results.add(random());
        return results;
    }

    /**
     * Checks the products with rounded factors, as {@link Precision} promises: the norm of all errors of a result over the
     * norm of the result.
     */
    List<Result> run(Precision precision) {
        double tolerance = precision == Precision.BF16 ? 1e-2 : 3.3e-4; // 3e-4 on average
        List<Result> results = new ArrayList<>();
        for (Case one : cases().subList(0, PRODUCTS)) {
            try (TensorScope scope = TensorScope.open();
                    PrecisionScope chosen = PrecisionScope.open(precision)) {
                double error =
                        normOfErrors(outcome(one, Device.cpu(), DType.FLOAT64), outcome(one, card, DType.FLOAT32));
                results.add(new Result(one.name() + ", " + precision, error, error <= tolerance));
            }
        }
        return results;
    }

    private static double normOfErrors(List<Tensor> expected, List<Tensor> actual) {
        double worst = 0;
        for (int t = 0; t < expected.size(); t++) {
            double[] e = expected.get(t).toDoubles();
            double[] a = actual.get(t).to(Device.cpu()).toDoubles();
            double errors = 0;
            double results = 0;
            for (int i = 0; i < e.length; i++) {
                errors += (e[i] - a[i]) * (e[i] - a[i]);
                results += e[i] * e[i];
            }
            double ratio = Math.sqrt(errors / results);
            worst = Double.isNaN(ratio) ? Double.POSITIVE_INFINITY : Math.max(worst, ratio);
        }
        return worst;
    }

    /** Returns the result and the gradients of a fixed random cotangent. */
    private static List<Tensor> outcome(Case one, Device device, DType dtype) {
        List<Tensor> inputs = new ArrayList<>();
        for (int i = 0; i < one.inputs().size(); i++) {
            Tensor x = Rng.of(5).split(i).normal(one.inputs().get(i));
            double size = i == 0 ? 1 : 1 / Math.sqrt(one.inputs().get(i).size(1, x.rank()));
            inputs.add(x.mul(size).to(dtype).to(device).requireGradient());
        }
        Tensor y = one.body().apply(inputs);
        Tensor cotangent = Rng.of(6).normal(y.shape()).to(dtype).to(device);
        Gradients gradients = y.mul(cotangent).sum().backward();
        List<Tensor> all = new ArrayList<>(List.of(y.detach()));
        inputs.forEach(x -> all.add(gradients.get(x)));
        return all;
    }

    private static double error(List<Tensor> expected, List<Tensor> actual) {
        double worst = 0;
        for (int t = 0; t < expected.size(); t++) {
            double[] e = expected.get(t).toDoubles();
            double[] a = actual.get(t).to(Device.cpu()).toDoubles();
            double largest = 0;
            double difference = 0;
            for (int i = 0; i < e.length; i++) {
                largest = Math.max(largest, Math.abs(e[i]));
                double d = Math.abs(e[i] - a[i]);
                difference = Double.isNaN(d) ? Double.POSITIVE_INFINITY : Math.max(difference, d);
            }
            worst = Math.max(worst, difference / largest);
        }
        return worst;
    }

    /** How much farther the codes found on the card are than the nearest, of squared distances in FLOAT64. */
    private Result nearest() {
        try (TensorScope scope = TensorScope.open()) {
            int width = Math.max(8, 64 / scale);
            Tensor points = Rng.of(7).normal(Shape.of(side() * side(), side(), width)); // (…, D)
            Tensor table = Rng.of(8).normal(Shape.of(16 * width, width));
            Tensor found = points.to(card).nearestRow(table.to(card)).to(Device.cpu());
            Tensor x = points.to(DType.FLOAT64);
            Tensor e = table.to(DType.FLOAT64);
            Tensor least = squares(x, e, x.nearestRow(e));
            double error =
                    squares(x, e, found).sub(least).max().item() / least.max().item();
            return new Result("nearest code", error, error <= TOLERANCE);
        }
    }

    private static Tensor squares(Tensor points, Tensor table, Tensor codes) {
        return points.sub(table.gatherRows(codes)).square().sum(-1);
    }

    /** The same bits, not similar numbers. */
    private Result random() {
        Shape shape = Shape.of(1 << 20 >> Math.min(10, scale));
        float[] here = Rng.of(9).normal(shape).toFloats();
        try (DeviceScope on = DeviceScope.open(card)) {
            boolean equal =
                    java.util.Arrays.equals(here, Rng.of(9).normal(shape).toFloats());
            return new Result("random, bit by bit", equal ? 0 : 1, equal);
        }
    }
}
