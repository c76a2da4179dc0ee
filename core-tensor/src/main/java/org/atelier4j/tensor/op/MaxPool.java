package org.atelier4j.tensor.op;

import java.lang.ref.Reference;
import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.tensor.autograd.Node;
import org.atelier4j.tensor.autograd.Op;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.Pooling;

/** The largest of each window of (B, H, W, C); the gradient goes to the first winner. */
public record MaxPool(Pooling pooling) implements Op {

    /** Pools {@code x}. */
    public static Tensor of(Tensor x, Pooling pooling) {
        Check.rank("maxPool", 4, "(B, H, W, C)", x);
        if (NoGrad.isActive() || x.node() == null) {
            Tensor y = Tensor.empty(resultShape(pooling, x.shape()), x.dtype(), x.device());
            try {
                x.device().kernels().maxPool(pooling, x, y); // nobody will ask for the winners
                return y;
            } finally {
                Reference.reachabilityFence(x); // kernels know memory by address only
            }
        }
        return new MaxPool(pooling).apply(x);
    }

    /** Returns the pooled shape. */
    static Shape resultShape(Pooling pooling, Shape x) {
        return Shape.of(x.dim(0), pooling.outputLength(x.dim(1)), pooling.outputLength(x.dim(2)), x.dim(3));
    }

    @Override
    public Output forward(Kernels kernels, List<Tensor> inputs) {
        Tensor x = inputs.get(0);
        Shape shape = resultShape(pooling, x.shape());
        Tensor y = Tensor.empty(shape, x.dtype(), x.device());
        Tensor winners = Tensor.empty(shape, DType.INT32, x.device());
        kernels.maxPool(pooling, x, y, winners);
        return new Output(y, List.of(winners));
    }

    /** Scatters along the flattened spatial axes, an operation that can be differentiated again. */
    @Override
    public List<Tensor> backward(Node node, Tensor dy) {
        Shape x = node.inputs().get(0).shape();
        int batch = x.dim(0);
        int channels = x.dim(3);
        Tensor flat = dy.reshape(batch, -1, channels); // (B, H'W', C)
        Tensor winners = node.saved(0).reshape(batch, -1, channels);
        return List.of(
                new ScatterAddAxis(1, x.dim(1) * x.dim(2)).apply(flat, winners).reshape(x));
    }
}
