package org.atelier4j.tensor.kernel.nd4j;

import java.util.List;
import java.util.function.Consumer;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.kernel.Binary;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.kernel.Distribution;
import org.atelier4j.tensor.kernel.Epilogue;
import org.atelier4j.tensor.kernel.Formula;
import org.atelier4j.tensor.kernel.HostNumber;
import org.atelier4j.tensor.kernel.Interpolation;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.Norm;
import org.atelier4j.tensor.kernel.Pooling;
import org.atelier4j.tensor.kernel.Reduction;
import org.atelier4j.tensor.kernel.StridedCopy;
import org.atelier4j.tensor.kernel.Unary;
import org.atelier4j.tensor.kernel.UpdateRule;
import org.jspecify.annotations.Nullable;

/**
 * The portable provider: plain Java loops over the memory that tensors share with ND4J, and the BLAS that ND4J brings
 * for products. It runs wherever ND4J does, for every element type, FLOAT64 included, and is meant to be obviously
 * right: loops compute in double precision and round once, when they write.
 *
 * <p>Faster providers extend it and override the loops that matter to them. Element types that a method takes: movement,
 * binary, where, reduce, argMax, topK and cumulate all of them, random what its laws are defined for, everything else
 * the floating ones.
 */
public class Nd4jKernels implements Kernels {

    /** Makes the provider; it has no state. */
    public Nd4jKernels() {}

    @Override
    public String name() {
        return "nd4j";
    }

    // --- movement ---------------------------------------------------------------------------------------------------

    @Override
    public void convert(Tensor x, Tensor out) {
        Movement.convert(x, out);
    }

    @Override
    public void fill(HostNumber value, Tensor out) {
        Movement.fill(value.value(), out);
    }

    @Override
    public void copy(StridedCopy copy, Tensor x, Tensor out) {
        Movement.copy(copy, x, out);
    }

    @Override
    public void gatherRows(Tensor table, Tensor indices, Tensor out) {
        Indexing.gatherRows(table, indices, out);
    }

    @Override
    public void scatterAddRows(Tensor rows, Tensor indices, Tensor table) {
        if (table.dtype() == DType.BFLOAT16) {
            inFloat32(table, true, wide -> Indexing.scatterAddRows(rows, indices, wide));
        } else {
            Indexing.scatterAddRows(rows, indices, table);
        }
    }

    @Override
    public void gatherAxis(Tensor x, int axis, Tensor indices, Tensor out) {
        Indexing.gatherAxis(x, axis, indices, out);
    }

    @Override
    public void scatterAddAxis(Tensor x, int axis, Tensor indices, Tensor out) {
        if (out.dtype() == DType.BFLOAT16) {
            inFloat32(out, true, wide -> Indexing.scatterAddAxis(x, axis, indices, wide));
        } else {
            Indexing.scatterAddAxis(x, axis, indices, out);
        }
    }

    // --- elementwise ------------------------------------------------------------------------------------------------

    @Override
    public void unary(Unary f, Tensor x, Tensor out) {
        Elementwise.unary(f, x, out);
    }

    @Override
    public void unaryBackward(Unary f, Tensor x, Tensor y, Tensor dy, Tensor dx) {
        Elementwise.unaryBackward(f, x, y, dy, dx);
    }

    @Override
    public void binary(Binary f, Tensor a, Tensor b, Tensor out) {
        Elementwise.binary(f, a, b, out);
    }

    @Override
    public void where(Tensor condition, Tensor a, Tensor b, Tensor out) {
        Elementwise.where(condition, a, b, out);
    }

    @Override
    public void evaluate(Formula formula, List<Tensor> inputs, double[] numbers, List<Tensor> outputs) {
        new Formulas().run(formula, inputs, numbers, outputs);
    }

    // --- reductions -------------------------------------------------------------------------------------------------

    @Override
    public void reduce(Reduction f, Tensor x, int[] axes, Tensor out) {
        Reductions.reduce(f, x, axes, out);
    }

    @Override
    public void argMax(Tensor x, int axis, Tensor indices) {
        Ordering.argMax(x, axis, indices);
    }

    @Override
    public void topK(Tensor x, Tensor values, Tensor indices) {
        Ordering.topK(x, values, indices);
    }

    @Override
    public void cumulate(Reduction f, Tensor x, int axis, boolean exclusive, boolean reverse, Tensor out) {
        Cumulation.cumulate(f, x, axis, exclusive, reverse, out);
    }

    // --- products ---------------------------------------------------------------------------------------------------

    @Override
    public void matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, Epilogue epilogue, Tensor out) {
        inFloat32(out, false, product -> {
            Products.matmul(floating(a), transposeA, floating(b), transposeB, product);
            Elementwise.epilogue(epilogue, product);
        });
    }

    @Override
    public void conv(Convolution conv, Tensor x, Tensor weight, Epilogue epilogue, Tensor out) {
        inFloat32(out, false, product -> {
            Convolutions.forward(conv, floating(x), floating(weight), product);
            Elementwise.epilogue(epilogue, product);
        });
    }

    @Override
    public void convBackwardInput(Convolution conv, Tensor dy, Tensor weight, Tensor dx) {
        inFloat32(dx, false, sum -> Convolutions.backwardInput(conv, floating(dy), floating(weight), sum));
    }

    @Override
    public void convBackwardWeight(Convolution conv, Tensor x, Tensor dy, Tensor dWeight, @Nullable Tensor dBias) {
        inFloat32(dWeight, false, sum -> Convolutions.backwardWeight(conv, floating(x), floating(dy), sum));
        if (dBias != null) {
            int[] axes = new int[dy.rank() - 1];
            for (int i = 0; i < axes.length; i++) {
                axes[i] = i;
            }
            Reductions.reduce(Reduction.SUM, dy, axes, dBias);
        }
    }

    @Override
    public void nearestCode(Tensor points, Tensor table, Tensor codes) {
        NearestCodes.find(this, points, table, codes);
    }

    // --- images -----------------------------------------------------------------------------------------------------

    @Override
    public void maxPool(Pooling pooling, Tensor x, Tensor out, Tensor indices) {
        Windows.maxPool(pooling, x, out, indices);
    }

    @Override
    public void maxPool(Pooling pooling, Tensor x, Tensor out) {
        if (x.dtype() == DType.FLOAT64) {
            Kernels.super.maxPool(pooling, x, out);
        } else {
            Windows.largest(pooling, x, out);
        }
    }

    @Override
    public void averagePool(Pooling pooling, Tensor x, Tensor out) {
        Windows.averagePool(pooling, x, out);
    }

    @Override
    public void averagePoolBackward(Pooling pooling, Tensor dy, Tensor dx) {
        Windows.averagePoolBackward(pooling, dy, dx);
    }

    @Override
    public void resize(Interpolation mode, Tensor x, Tensor out) {
        Resizing.forward(mode, x, out);
    }

    @Override
    public void resizeBackward(Interpolation mode, Tensor dy, Tensor dx) {
        Resizing.backward(mode, dy, dx);
    }

    // --- softmax and norms ------------------------------------------------------------------------------------------

    @Override
    public void softmax(boolean log, Tensor x, Tensor out) {
        Softmaxes.forward(log, x, out);
    }

    @Override
    public void softmaxBackward(boolean log, Tensor y, Tensor dy, Tensor dx) {
        Softmaxes.backward(log, y, dy, dx);
    }

    @Override
    public void norm(
            Norm norm, Tensor x, @Nullable Tensor gamma, @Nullable Tensor beta, Tensor out, Tensor mean, Tensor rstd) {
        Norms.forward(norm, x, gamma, beta, out, mean, rstd);
    }

    @Override
    public void normBackward(
            Norm norm,
            Tensor x,
            @Nullable Tensor gamma,
            @Nullable Tensor beta,
            Tensor mean,
            Tensor rstd,
            Tensor dy,
            Tensor dx,
            @Nullable Tensor dGamma,
            @Nullable Tensor dBeta) {
        Norms.backward(norm, x, gamma, beta, mean, rstd, dy, dx, dGamma, dBeta);
    }

    // --- random numbers ---------------------------------------------------------------------------------------------

    @Override
    public void random(Distribution distribution, long key, long position, Tensor out) {
        RandomFill.fill(distribution, key, position, out);
    }

    @Override
    public void gumbelSoftmax(Tensor temperature, long key, long position, Tensor logits, Tensor out, Tensor largest) {
        GumbelSoftmaxes.draw(this, temperature.item(), key, position, logits, out, largest);
    }

    // --- training ---------------------------------------------------------------------------------------------------

    @Override
    public void sumOfSquares(List<Tensor> tensors, Tensor total) {
        Reductions.sumOfSquares(tensors, total);
    }

    @Override
    public void update(
            UpdateRule rule,
            List<Tensor> parameters,
            List<Tensor> gradients,
            List<List<Tensor>> state,
            @Nullable Tensor scale) {
        Updates.update(rule, parameters, gradients, state, scale);
    }

    @Override
    public void lerp(List<Tensor> targets, List<Tensor> sources, HostNumber weight) {
        Updates.lerp(targets, sources, weight);
    }

    /**
     * Runs {@code body} on a FLOAT32 stand-in for a BFLOAT16 result, rounded at the end, and on any other result itself.
     *
     * @param read whether the body needs the present contents
     */
    private static void inFloat32(Tensor out, boolean read, Consumer<Tensor> body) {
        try (TensorScope scope = TensorScope.open()) {
            if (out.dtype() != DType.BFLOAT16) {
                body.accept(out);
                return;
            }
            Tensor wide = Tensor.empty(out.shape(), DType.FLOAT32, out.device());
            if (read) {
                Movement.convert(out, wide);
            }
            body.accept(wide);
            Movement.convert(wide, out);
        }
    }

    /** Returns BFLOAT16 elements as FLOAT32, others as they are. */
    private static Tensor floating(Tensor x) {
        if (x.dtype() != DType.BFLOAT16) {
            return x;
        }
        Tensor wide = Tensor.empty(x.shape(), DType.FLOAT32, x.device());
        Movement.convert(x, wide);
        return wide;
    }
}
