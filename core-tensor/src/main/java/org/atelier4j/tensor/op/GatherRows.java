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

/** {@code y[i…, :] = table[indices[i…], :]}: embedding lookup; the adjoint adds rows back ({@link ScatterAddRows}). */
public record GatherRows() implements Op {

    /** Gathers rows of {@code table} (N, D…) by INT32 {@code indices}. */
    public static Tensor of(Tensor table, Tensor indices) {
        Check.shape(table.rank() >= 1, "gatherRows: table must have rows, got a scalar");
        Check.dtype("gatherRows: indices", DType.INT32, indices);
        return new GatherRows().apply(table, indices);
    }

    /** Selects entries of any axis by INT32 {@code indices} (n). */
    public static Tensor indexSelect(Tensor x, int axis, Tensor indices) {
        int a = Check.axis("indexSelect", axis, x.shape());
        Check.rank("indexSelect: indices", 1, "(n)", indices);
        if (a == 0) {
            return of(x, indices);
        }
        int[] swap = new int[x.rank()];
        Arrays.setAll(swap, i -> i == 0 ? a : i == a ? 0 : i);
        return of(x.permute(swap), indices).permute(swap);
    }

    @Override
    public Output forward(Kernels kernels, List<Tensor> inputs) {
        Tensor table = inputs.get(0);
        Tensor indices = inputs.get(1);
        int[] lead = indices.shape().dims();
        int[] dims = Arrays.copyOf(lead, lead.length + table.rank() - 1);
        System.arraycopy(table.shape().dims(), 1, dims, lead.length, table.rank() - 1);
        Tensor y = Tensor.empty(Shape.of(dims), table.dtype(), table.device());
        kernels.gatherRows(table, indices, y);
        return Output.of(y);
    }

    @Override
    public List<Tensor> backward(Node node, Tensor dy) {
        return Arrays.asList(new ScatterAddRows(node.input(0).shape()).apply(dy, node.input(1)), null);
    }
}
