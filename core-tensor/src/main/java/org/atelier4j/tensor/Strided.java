package org.atelier4j.tensor;

import org.atelier4j.tensor.kernel.StridedCopy;
import org.atelier4j.tensor.kernel.StridedCopy.Strides;

/** Whole-tensor copies in terms of the one copying kernel. */
final class Strided {
    private Strided() {}

    /** Copies all elements of {@code source} to {@code target}, of the same size, type and device. */
    static void copyAll(Tensor source, Tensor target) {
        Shape flat = Shape.of(Math.toIntExact(source.size()));
        Strides line = Strides.contiguous(flat);
        target.device().kernels().copy(new StridedCopy(flat, line, line), source, target);
    }

    /** Copies {@code source} over the entries of one axis of {@code target} from {@code start} on. */
    static void copySlice(Tensor source, Tensor target, int axis, int start) {
        long[] steps = target.shape().strides();
        Strides into = Strides.of(start * steps[axis], steps);
        target.device()
                .kernels()
                .copy(new StridedCopy(source.shape(), Strides.contiguous(source.shape()), into), source, target);
    }
}
