package org.atelier4j.tensor.op;

import java.util.Arrays;
import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.Node;
import org.atelier4j.tensor.autograd.Op;
import org.atelier4j.tensor.kernel.Kernels;

/** {@code y[.., i, ..] = x[.., indices[.., i, ..], ..]} along an axis; the adjoint is {@link ScatterAddAxis}. */
public record GatherAxis(int axis) implements Op {

    /** Gathers along {@code axis}; {@code indices} is INT32 and has x's shape but for that axis. */
    public static Tensor of(Tensor x, int axis, Tensor indices) {
        int a = Check.axis("gather", axis, x.shape());
        Check.dtype("gather: indices", DType.INT32, indices);
        Check.shape(
                indices.rank() == x.rank()
                        && indices.shape().with(a, 0).equals(x.shape().with(a, 0)),
                "gather: indices must have the shape %s but for axis %d, got %s",
                x.shape(),
                a,
                indices.shape());
        return new GatherAxis(a).apply(x, indices);
    }

    @Override
    public Output forward(Kernels kernels, List<Tensor> inputs) {
        Tensor x = inputs.get(0);
        Tensor indices = inputs.get(1);
        Tensor y = Tensor.empty(indices.shape(), x.dtype(), x.device());
        kernels.gatherAxis(x, axis, indices, y);
        return Output.of(y);
    }

    @Override
    public List<Tensor> backward(Node node, Tensor dy) {
        return Arrays.asList(new ScatterAddAxis(axis, node.input(0).dim(axis)).apply(dy, node.input(1)), null);
    }
}
