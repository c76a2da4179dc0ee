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

/**
 * {@code y[indices[i…], :] += rows[i…, :]} into zeros; the adjoint gathers.
 *
 * @param target shape of the table (N, D…)
 */
public record ScatterAddRows(Shape target) implements Op {

    /** Scatters {@code x} (indices…, D…) into a table of {@code rows} rows by INT32 {@code indices}. */
    public static Tensor of(Tensor x, Tensor indices, int rows) {
        Check.dtype("scatterAddRows: indices", DType.INT32, indices);
        int lead = indices.rank();
        int[] dims = x.shape().dims();
        Check.shape(
                x.rank() >= lead && Shape.of(Arrays.copyOf(dims, lead)).equals(indices.shape()),
                "scatterAddRows: indices must have the shape of the first axes of %s, got %s",
                x.shape(),
                indices.shape());
        Shape row = Shape.of(Arrays.copyOfRange(dims, lead, dims.length));
        return new ScatterAddRows(row.insert(0, rows)).apply(x, indices);
    }

    @Override
    public Output forward(Kernels kernels, List<Tensor> inputs) {
        Tensor rows = inputs.get(0);
        Tensor y = Tensor.empty(target, rows.dtype(), rows.device());
        kernels.fill(0, y);
        kernels.scatterAddRows(rows, inputs.get(1), y);
        return Output.of(y);
    }

    @Override
    public List<Tensor> backward(Node node, Tensor dy) {
        return Arrays.asList(dy.gatherRows(node.input(1)), null);
    }
}
