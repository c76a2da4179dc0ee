package org.atelier4j.tensor.op;

import java.util.Arrays;
import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.Node;
import org.atelier4j.tensor.autograd.Op;
import org.atelier4j.tensor.kernel.Kernels;

/** {@code y = c ? a : b}; the gradient flows to whichever was taken. */
public record Where() implements Op {

    @Override
    public Output forward(Kernels kernels, List<Tensor> inputs) {
        Tensor c = inputs.get(0);
        Tensor a = inputs.get(1);
        Tensor b = inputs.get(2);
        Check.dtype("where: condition", DType.BOOL, c);
        Check.that(a.dtype() == b.dtype(), "where: dtypes must be equal, got %s and %s", a.dtype(), b.dtype());
        Shape shape = Shape.broadcast("where", c.shape(), Shape.broadcast("where", a.shape(), b.shape()));
        Tensor y = Tensor.empty(shape, a.dtype(), a.device());
        kernels.where(c, a, b, y);
        return Output.of(y);
    }

    @Override
    public List<Tensor> backward(Node node, Tensor dy) {
        Tensor c = node.input(0);
        Tensor zero = Tensor.full(0, dy.dtype(), Shape.scalar()).to(dy.device());
        return Arrays.asList(
                null,
                node.needsGradient(1) ? Tensor.where(c, dy, zero) : null,
                node.needsGradient(2) ? Tensor.where(c, zero, dy) : null);
    }
}
