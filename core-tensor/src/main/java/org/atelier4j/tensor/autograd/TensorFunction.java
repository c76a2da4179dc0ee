package org.atelier4j.tensor.autograd;

import org.atelier4j.tensor.Tensor;

/** A function of tensors, as a part of a network or what a gradient check looks at. */
@FunctionalInterface
public interface TensorFunction {
    /** Returns the value for the given inputs. */
    Tensor apply(Tensor... inputs);
}
