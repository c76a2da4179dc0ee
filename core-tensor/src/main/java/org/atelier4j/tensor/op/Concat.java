package org.atelier4j.tensor.op;

import java.util.ArrayList;
import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.Node;
import org.atelier4j.tensor.autograd.Op;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.StridedCopy;
import org.atelier4j.tensor.kernel.StridedCopy.Strides;
import org.jspecify.annotations.Nullable;

/** Joins tensors along an axis; the adjoint slices them apart. */
public record Concat(int axis) implements Op {

    /** Joins the parts; returns the part itself if there is one. */
    public static Tensor of(int axis, Tensor... parts) {
        Check.that(parts.length > 0, "concat: at least one tensor must be given, got none");
        int a = Check.axis("concat", axis, parts[0].shape());
        for (Tensor part : parts) {
            Check.shape(
                    part.rank() == parts[0].rank()
                            && part.shape().with(a, 0).equals(parts[0].shape().with(a, 0)),
                    "concat: shapes must agree but for axis %d, got %s and %s",
                    a,
                    parts[0].shape(),
                    part.shape());
            Check.dtype("concat", parts[0].dtype(), part);
        }
        return parts.length == 1 ? parts[0] : new Concat(a).apply(parts);
    }

    @Override
    public Output forward(Kernels kernels, List<Tensor> inputs) {
        Tensor first = inputs.get(0);
        int total = inputs.stream().mapToInt(x -> x.dim(axis)).sum();
        Shape target = first.shape().with(axis, total);
        Tensor y = Tensor.empty(target, first.dtype(), first.device());
        long[] steps = target.strides();
        long at = 0;
        for (Tensor x : inputs) {
            kernels.copy(
                    new StridedCopy(x.shape(), Strides.contiguous(x.shape()), Strides.of(at * steps[axis], steps)),
                    x,
                    y);
            at += x.dim(axis);
        }
        return Output.of(y);
    }

    @Override
    public List<Tensor> backward(Node node, Tensor dy) {
        List<@Nullable Tensor> gradients = new ArrayList<>();
        int at = 0;
        for (int i = 0; i < node.inputs().size(); i++) {
            int n = node.inputs().get(i).dim(axis);
            gradients.add(node.needsGradient(i) ? dy.slice(axis, at, n) : null);
            at += n;
        }
        return gradients;
    }
}
