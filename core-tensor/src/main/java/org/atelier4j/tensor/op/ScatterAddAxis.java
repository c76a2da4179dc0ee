package org.atelier4j.tensor.op;

import java.util.Arrays;
import java.util.List;
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
