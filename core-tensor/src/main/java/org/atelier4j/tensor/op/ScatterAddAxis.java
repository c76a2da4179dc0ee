package org.atelier4j.tensor.op;

import java.util.Arrays;
import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.Node;
import org.atelier4j.tensor.autograd.Op;
import org.atelier4j.tensor.kernel.Kernels;

/**
 * {@code y[.., indices[.., i, ..], ..] += x[.., i, ..]} into zeros along an axis; the adjoint gathers.
 *
 * @param length of the result's axis
 */
public record ScatterAddAxis(int axis, int length) implements Op {

    /** Scatters along {@code axis}; {@code indices} is INT32 of x's shape. */
    public static Tensor of(Tensor x, int axis, Tensor indices, int length) {
        int a = Check.axis("scatterAdd", axis, x.shape());
        Check.dtype("scatterAdd: indices", DType.INT32, indices);
        Check.shape(
                indices.shape().equals(x.shape()),
                "scatterAdd: indices must have shape %s, got %s",
                x.shape(),
                indices.shape());
        return new ScatterAddAxis(a, length).apply(x, indices);
    }

    @Override
    public Output forward(Kernels kernels, List<Tensor> inputs) {
        Tensor x = inputs.get(0);
        Tensor y = Tensor.empty(x.shape().with(axis, length), x.dtype(), x.device());
        kernels.fill(0, y);
        kernels.scatterAddAxis(x, axis, inputs.get(1), y);
        return Output.of(y);
    }

    @Override
    public List<Tensor> backward(Node node, Tensor dy) {
        return Arrays.asList(dy.gather(axis, node.input(1)), null);
    }
}
