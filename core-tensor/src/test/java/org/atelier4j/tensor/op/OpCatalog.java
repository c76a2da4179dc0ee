package org.atelier4j.tensor.op;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.Op;
import org.atelier4j.tensor.autograd.TensorFunction;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.kernel.Binary;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.kernel.Distribution;
import org.atelier4j.tensor.kernel.Interpolation;
import org.atelier4j.tensor.kernel.Norm;
import org.atelier4j.tensor.kernel.Pooling;
import org.atelier4j.tensor.kernel.Reduction;
import org.atelier4j.tensor.kernel.Unary;

/** Every op at several shapes and parameters, away from kinks: what the gradient checks run over. */
final class OpCatalog {
    private final List<Case> cases = new ArrayList<>();
    private final Rng rng = Rng.of(2024);

    /** An op applied to FLOAT64 inputs (and INT32 or BOOL ones that take no gradient). */
    record Case(Class<? extends Op> op, String what, TensorFunction f, Tensor... inputs) {
        @Override
        public String toString() {
            return op.getName().replaceFirst(".*\\.", "") + " " + what;
        }
    }

    private OpCatalog() {}

    static List<Case> cases() {
        OpCatalog catalog = new OpCatalog();
        catalog.elementwise();
        catalog.reductions();
        catalog.products();
        catalog.convolutions();
        catalog.movement();
        catalog.indexing();
        catalog.images();
        catalog.normalization();
        catalog.chance();
        return catalog.cases;
    }

    private void elementwise() {
        for (Binary f : Binary.values()) {
            if (!f.isComparison()) {
                Arithmetic op = new Arithmetic(f);
                add(op, f + " of equal shapes", in -> op.apply(in), positive(3, 4), positive(3, 4));
                add(op, f + " of a column and a row", in -> op.apply(in), positive(3, 1), positive(1, 4));
                add(op, f + " of a matrix and a row", in -> op.apply(in), positive(2, 3, 4), positive(4));
                add(op, f + " of a scalar and a matrix", in -> op.apply(in), positive(), positive(2, 3));
            }
        }
        for (Unary.Function f : Unary.Function.values()) {
            Pointwise op = new Pointwise(parameters(f));
            Tensor x = switch (f) {
                case LOG, SQRT, RSQRT, RECIPROCAL, POW -> positive(3, 5);
                default -> normal(3, 5).mul(2);
            };
            add(op, f.toString(), in -> op.apply(in), x);
        }
        add(new Gate(), "", in -> new Gate().apply(in), normal(2, 3, 6));
        add(new Gate(), "shifted", in -> new Gate().apply(in), normal(2, 2, 3, 4), normal(2, 4));
        add(new Gate(), "of vectors, shifted", in -> new Gate().apply(in), normal(3, 4), normal(3, 4));
        formulas();
        add(new Cast(DType.FLOAT64), "", in -> new Cast(DType.FLOAT64).apply(in), normal(3));
        Tensor condition = Tensor.of(new boolean[] {true, false, true, true, false, false}, 2, 3);
        add(
                new Where(),
                "of equal shapes",
                in -> Tensor.where(in[0], in[1], in[2]),
                condition,
                normal(2, 3),
                normal(2, 3));
        add(
                new Where(),
                "broadcast",
                in -> Tensor.where(in[0], in[1], in[2]),
                condition,
                normal(2, 1),
                normal(4, 1, 3));
    }

    private void formulas() {
        for (Unary.Function f : Unary.Function.values()) {
            Tensor x = switch (f) {
                case LOG, SQRT, RSQRT, RECIPROCAL, POW -> positive(3, 5);
                default -> normal(3, 5).mul(2);
            };
            fused(f + " times a column", in -> in[0].unary(parameters(f)).mul(in[1]), x, normal(3, 1));
        }
        for (Binary f : Binary.values()) {
            if (!f.isComparison() && f != Binary.POW) {
                fused(
                        f + " of a column and a row, squared",
                        in -> in[0].binary(f, in[1]).square(),
                        positive(3, 1),
                        positive(4));
            }
        }
        fused("a shared part", in -> in[0].mul(in[1]).add(in[0]).mul(in[0].add(2)), normal(2, 3), normal(3));
        fused(
                "comparisons are flat",
                in -> in[0].equal(in[1]).add(in[0].greater(0.1)).add(in[1]),
                normal(4),
                normal(4));
    }

    private void fused(String what, Function<Expression[], Expression> f, Tensor... inputs) {
        TensorFunction function =
                in -> f.apply(Stream.of(in).map(Expression::of).toArray(Expression[]::new))
                        .tensor();
        cases.add(new Case(Fused.class, what, function, inputs));
    }

    private static Unary parameters(Unary.Function f) {
        return switch (f) {
            case AFFINE -> new Unary(f, -1.5, 0.25);
            case LEAKY_RELU -> Unary.of(f, 0.2);
            case ELU -> Unary.of(f, 1.3);
            case POW -> Unary.of(f, 2.7);
            case CLAMP -> new Unary(f, -1.1, 0.9);
            default -> Unary.of(f);
        };
    }

    private void reductions() {
        for (Reduction f : Reduction.values()) {
            String name = f.toString();
            List<Integer> last = List.of(2);
            add(
                    new Reduce(f, last),
                    name + " over the last axis",
                    in -> new Reduce(f, last).apply(in),
                    normal(2, 3, 4));
            List<Integer> first = List.of(0);
            add(
                    new Reduce(f, first),
                    name + " over the first axis",
                    in -> new Reduce(f, first).apply(in),
                    normal(3, 2));
            if (f != Reduction.PROD) {
                List<Integer> outer = List.of(0, 2);
                add(
                        new Reduce(f, outer),
                        name + " over two axes",
                        in -> new Reduce(f, outer).apply(in),
                        normal(2, 3, 4));
            }
        }
        for (Reduction f : List.of(Reduction.SUM, Reduction.PROD)) {
            for (int mode = 0; mode < 4; mode++) {
                Cumulate op = new Cumulate(f, 1, (mode & 1) != 0, (mode & 2) != 0);
                add(op, op.toString(), in -> op.apply(in), normal(2, 4, 3));
            }
        }
        add(new Softmax(false), "", in -> new Softmax(false).apply(in), normal(3, 5));
        add(new Softmax(false), "of one class", in -> new Softmax(false).apply(in), normal(3, 1));
        add(new Softmax(true), "log", in -> new Softmax(true).apply(in), normal(2, 3, 5));
    }

    private void products() {
        for (int mode = 0; mode < 4; mode++) {
            boolean ta = (mode & 1) != 0;
            boolean tb = (mode & 2) != 0;
            MatMul op = new MatMul(ta, tb);
            Tensor a = ta ? normal(4, 3) : normal(3, 4);
            Tensor b = tb ? normal(2, 4) : normal(4, 2);
            add(op, op.toString(), in -> op.apply(in), a, b);
            add(op, op + " with bias", in -> op.apply(in), a, b, normal(2));
            Tensor batch = ta ? normal(2, 3, 4, 3) : normal(2, 3, 3, 4);
            add(op, op + " batched by one matrix", in -> op.apply(in), batch, b);
            add(op, op + " batched, bias", in -> op.apply(in), batch, b, normal(2));
            Tensor other = tb ? normal(3, 2, 4) : normal(3, 4, 2);
            add(op, op + " batched by fewer axes", in -> op.apply(in), batch, other);
            Tensor one = ta ? normal(2, 1, 4, 3) : normal(2, 1, 3, 4);
            add(op, op + " both broadcast", in -> op.apply(in), one, other);
        }
        attention();
    }

    private void attention() {
        DotProductAttention op = new DotProductAttention(0.6, false);
        Tensor q = normal(2, 2, 3, 4);
        Tensor k = normal(2, 2, 5, 4);
        Tensor v = normal(2, 2, 5, 3);
        add(op, "cross", in -> op.apply(in), q, k, v);
        add(op, "with bias", in -> op.apply(in), q, k, v, normal(2, 1, 3, 5));
        Tensor fixed = normal(2, 1, 1, 5);
        add(op, "with a constant mask", in -> op.apply(in[0], in[1], in[2], fixed), q, k, v);
        add(op, "with one head of keys", in -> op.apply(in), q, normal(2, 1, 5, 4), normal(2, 1, 5, 3));
        DotProductAttention causal = new DotProductAttention(0.6, true);
        add(causal, "causal", in -> causal.apply(in), q, k.slice(2, 0, 3), v.slice(2, 0, 3));
        add(causal, "causal, a tail", in -> causal.apply(in), q, k, v);
        add(causal, "causal with bias", in -> causal.apply(in), q, k, v, normal(2, 1, 3, 5));
        add(causal, "causal with a constant mask", in -> causal.apply(in[0], in[1], in[2], fixed), q, k, v);
        add(causal, "causal, with one head of keys", in -> causal.apply(in), q, normal(2, 1, 5, 4), normal(2, 1, 5, 3));
    }

    private void convolutions() {
        convolution("1x1", geometry(1, 0, 1, 1, 2), Shape.of(2, 3, 3, 2), Shape.of(3, 2, 1, 1));
        convolution("3x3, same size", geometry(1, 1, 1, 1, 2), Shape.of(1, 4, 3, 2), Shape.of(2, 2, 3, 3));
        convolution("stride 2, a column unused", geometry(2, 0, 1, 1, 2), Shape.of(1, 4, 5, 2), Shape.of(2, 2, 3, 3));
        convolution("dilated", geometry(1, 2, 2, 1, 2), Shape.of(1, 4, 4, 1), Shape.of(2, 1, 3, 3));
        convolution("groups", geometry(1, 1, 1, 2, 2), Shape.of(1, 3, 3, 4), Shape.of(4, 2, 3, 3));
        convolution("depthwise, stride 2", geometry(2, 1, 1, 3, 2), Shape.of(1, 4, 4, 3), Shape.of(3, 1, 3, 3));
        convolution("1-D", geometry(2, 1, 2, 1, 1), Shape.of(2, 7, 2), Shape.of(3, 2, 3));
        convolution("3-D", geometry(1, 1, 1, 1, 3), Shape.of(1, 2, 3, 2, 2), Shape.of(2, 2, 2, 2, 2));
    }

    private void convolution(String what, Convolution geometry, Shape x, Shape w) {
        Conv conv = new Conv(geometry);
        Shape y = Conv.resultShape(geometry, x, w);
        add(conv, what, in -> conv.apply(in), normal(x), normal(w));
        if (what.startsWith("3x3")) {
            add(conv, what + ", bias", in -> conv.apply(in), normal(x), normal(w), normal(w.dim(0)));
        }
        add(conv, what + ", residual", in -> conv.apply(in), normal(x), normal(w), normal(w.dim(0)), normal(y));
        ConvInput input = new ConvInput(geometry, x);
        add(input, what, in -> input.apply(in), normal(y), normal(w));
        ConvWeight weight = new ConvWeight(geometry, w);
        add(weight, what, in -> weight.apply(in), normal(x), normal(y));
    }

    private static Convolution geometry(int stride, int padding, int dilation, int groups, int rank) {
        int[] s = new int[rank];
        int[] p = new int[rank];
        int[] d = new int[rank];
        java.util.Arrays.fill(s, stride);
        java.util.Arrays.fill(p, padding);
        java.util.Arrays.fill(d, dilation);
        return new Convolution(Shape.of(s), Shape.of(p), Shape.of(d), groups);
    }

    private void movement() {
        Shape wide = Shape.of(2, 3, 4);
        add(new Broadcast(wide), "a row", in -> new Broadcast(wide).apply(in), normal(4));
        add(new Broadcast(wide), "an inner axis", in -> new Broadcast(wide).apply(in), normal(2, 1, 4));
        add(new Broadcast(wide), "a scalar", in -> new Broadcast(wide).apply(in), normal());
        add(new Concat(1), "three parts", in -> new Concat(1).apply(in), normal(2, 1), normal(2, 3), normal(2, 2));
        add(new Concat(0), "an empty part", in -> new Concat(0).apply(in), normal(2, 3), normal(0, 3), normal(1, 3));
        add(new Concat(0), "one tensor twice", in -> new Concat(0).apply(in[0], in[0]), normal(2, 3));
        add(new Flip(1), "", in -> new Flip(1).apply(in), normal(2, 3, 2));
        add(new Pad(1, 2, 1), "", in -> new Pad(1, 2, 1).apply(in), normal(2, 3, 2));
        add(new Permute(List.of(2, 0, 1)), "", in -> new Permute(List.of(2, 0, 1)).apply(in), normal(2, 3, 4));
        add(new Reshape(Shape.of(4, 3)), "", in -> new Reshape(Shape.of(4, 3)).apply(in), normal(2, 6));
        add(new Slice(1, 1, 2), "inner", in -> new Slice(1, 1, 2).apply(in), normal(2, 4, 3));
        add(new Slice(0, 1, 2), "a view", in -> new Slice(0, 1, 2).apply(in), normal(4, 3));
    }

    private void indexing() {
        Tensor rows = Tensor.of(new int[] {2, 0, 2, 3, 2, 1}, 2, 3);
        add(new GatherRows(), "repeated rows", in -> in[0].gatherRows(in[1]), normal(4, 3), rows);
        add(new ScatterAddRows(Shape.of(5, 3)), "", in -> in[0].scatterAddRows(in[1], 5), normal(2, 3, 3), rows);
        Tensor along = Tensor.of(new int[] {1, 0, 1, 3, 3, 0, 2, 2}, 2, 4);
        add(new GatherAxis(1), "repeated entries", in -> in[0].gather(1, in[1]), normal(2, 5), along);
        Tensor down = Tensor.of(new int[] {1, 0, 1, 2, 2, 2}, 2, 3);
        add(new GatherAxis(0), "the first axis", in -> in[0].gather(0, in[1]), normal(4, 3), down);
        add(new ScatterAddAxis(1, 6), "", in -> in[0].scatterAdd(1, in[1], 6), normal(2, 4), along);
        add(new ScatterAddAxis(0, 3), "the first axis", in -> in[0].scatterAdd(0, in[1], 3), normal(2, 3), down);
    }

    private void images() {
        for (Pooling p : List.of(new Pooling(2, 2, 0), new Pooling(3, 2, 1), new Pooling(3, 1, 1))) {
            Shape image = Shape.of(2, 4, 5, 2);
            Shape pooled = MaxPool.resultShape(p, image);
            add(new MaxPool(p), p.toString(), in -> new MaxPool(p).apply(in), normal(image));
            add(new AveragePool(p), p.toString(), in -> new AveragePool(p).apply(in), normal(image));
            AveragePool.Adjoint adjoint = new AveragePool.Adjoint(p, image);
            add(adjoint, p.toString(), in -> adjoint.apply(in), normal(pooled));
        }
        for (Interpolation mode : Interpolation.values()) {
            for (int[] size : new int[][] {{6, 10}, {2, 2}, {5, 3}}) {
                Resize op = new Resize(mode, size[0], size[1]);
                add(op, op.toString(), in -> op.apply(in), normal(2, 3, 5, 2));
                Resize.Adjoint adjoint = new Resize.Adjoint(mode, Shape.of(2, 3, 5, 2));
                add(adjoint, op.toString(), in -> adjoint.apply(in), normal(2, size[0], size[1], 2));
            }
        }
    }

    private void normalization() {
        for (int mode = 0; mode < 4; mode++) {
            Norm norm = new Norm(2, 1e-3, (mode & 1) == 0, (mode & 2) != 0);
            Normalize op = new Normalize(norm);
            add(op, norm + " plain", in -> op.apply(in), normal(2, 3, 4));
            add(op, norm + " scaled", in -> op.apply(in), normal(2, 3, 4), normal(4));
            add(op, norm + " scaled, shifted", in -> op.apply(in), normal(2, 3, 4), normal(4), normal(4));
            add(op, norm + " a scale per image", in -> op.apply(in), normal(2, 3, 4), normal(2, 4), normal(2, 4));
        }
        Normalize layer = new Normalize(new Norm(1, 1e-5, true, false));
        add(layer, "as layer norm", in -> layer.apply(in), normal(3, 1, 5), normal(5), normal(5));
        Normalize batch = new Normalize(new Norm(3, 1e-5, true, false));
        add(batch, "as batch norm", in -> batch.apply(in), normal(1, 8, 3), normal(3), normal(3));
    }

    private void chance() {
        for (double temperature : new double[] {1, 0.4}) {
            Tensor largest = Tensor.empty(Shape.of(3), DType.INT32, Device.cpu());
            Tensor heat = Tensor.full(temperature, DType.FLOAT64, Shape.scalar());
            GumbelSoftmax op = new GumbelSoftmax(heat, 7, 2, largest);
            add(op, "at " + temperature, in -> op.apply(in), normal(3, 5));
        }
    }

    private void add(Op op, String what, TensorFunction f, Tensor... inputs) {
        cases.add(new Case(op.getClass(), what, f, inputs));
    }

    private Tensor normal(int... dims) {
        return normal(Shape.of(dims));
    }

    private Tensor normal(Shape shape) {
        return rng.draw(Distribution.NORMAL, shape, DType.FLOAT64, Device.cpu());
    }

    /** Between ½ and 2½, where powers, quotients and logarithms are tame. */
    private Tensor positive(int... dims) {
        return rng.draw(Distribution.UNIFORM, Shape.of(dims), DType.FLOAT64, Device.cpu())
                .mul(2)
                .add(0.5);
    }
}
