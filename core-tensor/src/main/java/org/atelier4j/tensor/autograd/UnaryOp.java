package org.atelier4j.tensor.autograd;

import java.util.List;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Kernels;

/** An {@link Op} of one tensor. */
public interface UnaryOp extends Op {

    /** Returns {@code y = f(x)}. */
    Tensor forward(Kernels kernels, Tensor x);

    /** Returns {@code dx = dyᵀ ∂y/∂x}, in tensor operations. */
    Tensor backward(Tensor x, Tensor y, Tensor dy);

    @Override
    default Output forward(Kernels kernels, List<Tensor> inputs) {
        return Output.of(forward(kernels, inputs.get(0)));
    }

    @Override
    default List<Tensor> backward(Node node, Tensor dy) {
        return List.of(backward(node.input(0), node.output(), dy));
    }
}
