package org.atelier4j.tensor.op;

import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.tensor.autograd.Node;
import org.atelier4j.tensor.autograd.Op;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.kernel.Epilogue;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.Unary;
import org.jspecify.annotations.Nullable;

/**
 * Convolution {@code y[b, p, o] = Σ_{k, c} w[o, c, k]·x[b, s·p + d·k − pad, c] (+ bias[o]) (+ residual[b, p, o])}.
 *
 * <p>It is linear in x and in w; the two adjoints are {@link ConvInput} and {@link ConvWeight}, and each of the three is
 * differentiated by the other two.
 *
 * <p>Inputs: x (B, spatial…, C), w (O, C/groups, kernel…), and optionally bias (O) and residual of y's shape.
 */
public record Conv(Convolution geometry) implements Op {

    /**
     * Returns {@code f(conv(x, w) + bias + residual)}: one kernel where nothing is recorded, else a convolution and an
     * elementwise function.
     *
     * @param residual needs a bias beside it
     */
    public static Tensor activated(
            Convolution geometry, Tensor x, Tensor w, @Nullable Tensor bias, @Nullable Tensor residual, Unary f) {
        Check.that(bias != null || residual == null, "conv: a residual needs a bias beside it, got none");
        List<Tensor> inputs =
                Stream.of(x, w, bias, residual).filter(Objects::nonNull).toList();
        Conv conv = new Conv(geometry);
        if (NoGrad.isActive() || inputs.stream().allMatch(t -> t.node() == null)) {
            try {
                return conv.run(x.device().kernels(), inputs, f);
            } finally {
                Reference.reachabilityFence(inputs); // kernels know memory by address only
            }
        }
        return conv.apply(inputs.toArray(Tensor[]::new)).unary(f);
    }

    /** Returns the result's shape. */
    static Shape resultShape(Convolution geometry, Shape x, Shape w) {
        int n = geometry.stride().rank();
        Check.shape(
                x.rank() == n + 2 && w.rank() == n + 2,
                "conv: x must be (B, %d spatial axes, C) and weight (O, C/groups, kernel), got %s and %s",
                n,
                x,
                w);
        int groups = geometry.groups();
        Check.shape(
                x.dim(-1) == w.dim(1) * groups && w.dim(0) % groups == 0,
                "conv: x must have C = %d channels (%d of the weight times %d groups) and groups divide O, got %s and"
                        + " %s",
                w.dim(1) * groups,
                w.dim(1),
                groups,
                x,
                w);
        int[] dims = new int[n + 2];
        dims[0] = x.dim(0);
        dims[n + 1] = w.dim(0);
        for (int i = 0; i < n; i++) {
            dims[i + 1] = geometry.outputLength(i, x.dim(i + 1), w.dim(i + 2));
        }
        return Shape.of(dims);
    }

    @Override
    public Output forward(Kernels kernels, List<Tensor> inputs) {
        return Output.of(run(kernels, inputs, null));
    }

    private Tensor run(Kernels kernels, List<Tensor> inputs, @Nullable Unary f) {
        Tensor x = inputs.get(0);
        Tensor w = inputs.get(1);
        Check.that(x.dtype() == w.dtype(), "conv: dtypes must be equal, got %s and %s", x.dtype(), w.dtype());
        @Nullable Tensor bias = inputs.size() > 2 ? inputs.get(2) : null;
        @Nullable Tensor residual = inputs.size() > 3 ? inputs.get(3) : null;
        Shape shape = resultShape(geometry, x.shape(), w.shape());
        Check.shape(
                bias == null || bias.shape().equals(Shape.of(w.dim(0))),
                "conv: bias must have shape [%d], got %s",
                w.dim(0),
                bias == null ? null : bias.shape());
        Check.shape(
                residual == null || residual.shape().equals(shape),
                "conv: residual must have shape %s, got %s",
                shape,
                residual == null ? null : residual.shape());
        Tensor y = Tensor.empty(shape, x.dtype(), x.device());
        kernels.conv(geometry, x, w, new Epilogue(bias, residual, f), y);
        return y;
    }

    @Override
    public List<Tensor> backward(Node node, Tensor dy) {
        Tensor x = node.input(0);
        Tensor w = node.input(1);
        @Nullable Tensor[] gradients = new Tensor[node.inputs().size()];
        gradients[0] = node.needsGradient(0) ? new ConvInput(geometry, x.shape()).apply(dy, w) : null;
        boolean wantsBias = gradients.length > 2 && node.needsGradient(2);
        if (NoGrad.isActive() && node.needsGradient(1) && wantsBias) {
            gradients[1] = Tensor.empty(w.shape(), w.dtype(), w.device());
            gradients[2] = Tensor.empty(Shape.of(w.dim(0)), w.dtype(), w.device());
            x.device().kernels().convBackwardWeight(geometry, x, dy, gradients[1], gradients[2]);
        } else {
            gradients[1] = node.needsGradient(1) ? new ConvWeight(geometry, w.shape()).apply(x, dy) : null;
            if (wantsBias) {
                gradients[2] =
                        dy.sum(IntStream.range(0, dy.rank() - 1).toArray()).reshape(-1);
            }
        }
        if (gradients.length > 3) {
            gradients[3] = dy;
        }
        return Arrays.asList(gradients);
    }
}
