package org.atelier4j.tensor.autograd;

import java.util.List;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Kernels;

/**
 * A differentiable function of tensors: a forward kernel and its vector-Jacobian product.
 *
 * <p>An op is a record whose components are its parameters (an axis, a stride), so it prints well and holds no state.
 * {@link UnaryOp} and {@link BinaryOp} are the comfortable forms; this one serves ops with more inputs, or with
 * something to remember between forward and backward.
 */
public interface Op {

    /** What a forward pass made: the result, and tensors that only the backward pass needs. */
    record Output(Tensor value, List<Tensor> saved) {
        /** An output with nothing to remember. */
        public static Output of(Tensor value) {
            return new Output(value, List.of());
        }
    }

    /** Returns the name used in messages: the record's name with a small first letter. */
    default String name() {
        String name = getClass().getSimpleName();
        return Character.toLowerCase(name.charAt(0)) + name.substring(1);
    }

    /** Computes the result by kernels; nothing in here is recorded. */
    Output forward(Kernels kernels, List<Tensor> inputs);

    /**
     * Returns the gradient of each input, null where {@link Node#needsGradient} says that none is asked for. Each has
     * its input's shape or one that the input broadcasts to; the engine sums the latter.
     *
     * <p>It runs unrecorded, unless second derivatives were asked for ({@link NoGrad#isActive()} tells): then it must
     * consist of tensor operations.
     */
    List<Tensor> backward(Node node, Tensor dy);

    /** Applies this op and, unless {@link NoGrad} is active or no input needs a gradient, records it. */
    default Tensor apply(Tensor... inputs) {
        return Engine.apply(this, List.of(inputs));
    }
}
