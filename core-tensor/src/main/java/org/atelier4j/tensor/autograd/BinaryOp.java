package org.atelier4j.tensor.autograd;

import java.util.Arrays;
import java.util.List;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Kernels;

/** An {@link Op} of two tensors. */
public interface BinaryOp extends Op {

    /** Returns {@code y = f(a, b)}. */
    Tensor forward(Kernels kernels, Tensor a, Tensor b);

    /** Returns {@code da = dyᵀ ∂y/∂a}, in tensor operations. */
    Tensor backwardLeft(Tensor a, Tensor b, Tensor y, Tensor dy);

    /** Returns {@code db = dyᵀ ∂y/∂b}, in tensor operations. */
    Tensor backwardRight(Tensor a, Tensor b, Tensor y, Tensor dy);

    @Override
    default Output forward(Kernels kernels, List<Tensor> inputs) {
        return Output.of(forward(kernels, inputs.get(0), inputs.get(1)));
    }

    @Override
    default List<Tensor> backward(Node node, Tensor dy) {
        Tensor a = node.input(0);
        Tensor b = node.input(1);
        Tensor y = node.output();
        return Arrays.asList(
                node.needsGradient(0) ? backwardLeft(a, b, y, dy) : null,
                node.needsGradient(1) ? backwardRight(a, b, y, dy) : null);
    }
}
