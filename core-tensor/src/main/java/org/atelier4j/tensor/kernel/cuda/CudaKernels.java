package org.atelier4j.tensor.kernel.cuda;

import java.util.List;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.Precision;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.kernel.AttentionKernels;
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
 * The provider for NVIDIA cards. Calls queue kernels and return; results are there when the host reads them. What kernels
 * find wrong with indices is thrown then ({@link org.atelier4j.tensor.device.cuda.Faults}).
 *
 * <p>Sums have a fixed order, so results repeat bit for bit on one kind of card, but for {@code scatterAddRows} and
 * {@code scatterAddAxis}, whose addends of one place arrive in the card's order. All element types are taken as the portable
 * provider takes them.
 */
public final class CudaKernels implements Kernels, AttentionKernels {
    private final CudaDevice device;
    private final Movement movement;
    private final Elementwise elementwise;
    private final Formulas formulas;
    private final Reductions reductions;
    private final Products products;
    private final NearestCodes nearestCodes;
    private final Convolutions convolutions;
    private final Images images;
    private final Norms norms;
    private final Training training;
    private final Attention attention;

    /** Makes the provider of a card; for the card itself. */
    public CudaKernels(CudaDevice device) {
        this.device = device;
        this.movement = new Movement(device);
        this.elementwise = new Elementwise(device);
        this.formulas = new Formulas(device);
        this.reductions = new Reductions(device, movement);
        Endings endings = new Endings(device, elementwise);
        this.products = new Products(device, endings);
        this.nearestCodes = new NearestCodes(device);
        this.convolutions = new Convolutions(device, endings, movement);
        this.images = new Images(device);
        this.norms = new Norms(device, movement, reductions);
        this.training = new Training(device);
        this.attention = new Attention(device);
    }

    @Override
    public String name() {
        return "cuda";
    }

    @Override
    public boolean multiplies(Precision precision) {
        return precision == Precision.FLOAT32 || device.properties().capability() >= Code.TENSOR_CORES;
    }

    // --- movement ---------------------------------------------------------------------------------------------------

    @Override
    public void convert(Tensor x, Tensor out) {
        movement.convert(x, out);
    }

    @Override
    public void fill(HostNumber value, Tensor out) {
        movement.fill(value, out);
    }

    @Override
    public void copy(StridedCopy copy, Tensor x, Tensor out) {
        movement.copy(copy, x, out);
    }

    @Override
    public void gatherRows(Tensor table, Tensor indices, Tensor out) {
        movement.gatherRows(table, indices, out);
    }

    @Override
    public void scatterAddRows(Tensor rows, Tensor indices, Tensor table) {
        movement.scatterAddRows(rows, indices, table);
    }

    @Override
    public void gatherAxis(Tensor x, int axis, Tensor indices, Tensor out) {
        movement.gatherAxis(x, axis, indices, out);
    }

    @Override
    public void scatterAddAxis(Tensor x, int axis, Tensor indices, Tensor out) {
        movement.scatterAddAxis(x, axis, indices, out);
    }

    // --- elementwise ------------------------------------------------------------------------------------------------

    @Override
    public void unary(Unary f, Tensor x, Tensor out) {
        elementwise.unary(f, x, out);
    }

    @Override
    public void unaryBackward(Unary f, Tensor x, Tensor y, Tensor dy, Tensor dx) {
        elementwise.unaryBackward(f, x, y, dy, dx);
    }

    @Override
    public void binary(Binary f, Tensor a, Tensor b, Tensor out) {
        elementwise.binary(f, a, b, out);
    }

    @Override
    public void where(Tensor condition, Tensor a, Tensor b, Tensor out) {
        movement.where(condition, a, b, out);
    }

    @Override
    public void evaluate(Formula formula, List<Tensor> inputs, double[] numbers, List<Tensor> outputs) {
        formulas.evaluate(formula, inputs, numbers, outputs);
    }

    // --- reductions -------------------------------------------------------------------------------------------------

    @Override
    public void reduce(Reduction f, Tensor x, int[] axes, Tensor out) {
        reductions.reduce(f, x, axes, out);
    }

    @Override
    public void argMax(Tensor x, int axis, Tensor indices) {
        reductions.argMax(x, axis, indices);
    }

    @Override
    public void topK(Tensor x, Tensor values, Tensor indices) {
        reductions.topK(x, values, indices);
    }

    @Override
    public void cumulate(Reduction f, Tensor x, int axis, boolean exclusive, boolean reverse, Tensor out) {
        reductions.cumulate(f, x, axis, exclusive, reverse, out);
    }

    // --- products ---------------------------------------------------------------------------------------------------

    @Override
    public void matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, Epilogue epilogue, Tensor out) {
        products.matmul(a, transposeA, b, transposeB, epilogue, out);
    }

    @Override
    public void conv(Convolution conv, Tensor x, Tensor weight, Epilogue epilogue, Tensor out) {
        convolutions.conv(conv, x, weight, epilogue, out);
    }

    @Override
    public void convBackwardInput(Convolution conv, Tensor dy, Tensor weight, Tensor dx) {
        convolutions.convBackwardInput(conv, dy, weight, dx);
    }

    @Override
    public void convBackwardWeight(Convolution conv, Tensor x, Tensor dy, Tensor dWeight, @Nullable Tensor dBias) {
        convolutions.convBackwardWeight(conv, x, dy, dWeight);
        if (dBias != null) {
            int[] axes = new int[dy.rank() - 1];
            for (int i = 0; i < axes.length; i++) {
                axes[i] = i;
            }
            reductions.reduce(Reduction.SUM, dy, axes, dBias);
        }
    }

    @Override
    public void nearestCode(Tensor points, Tensor table, Tensor codes) {
        nearestCodes.find(points, table, codes);
    }

    // --- images -----------------------------------------------------------------------------------------------------

    @Override
    public void maxPool(Pooling pooling, Tensor x, Tensor out, Tensor indices) {
        images.maxPool(pooling, x, out, indices);
    }

    @Override
    public void averagePool(Pooling pooling, Tensor x, Tensor out) {
        images.averagePool(pooling, x, out);
    }

    @Override
    public void averagePoolBackward(Pooling pooling, Tensor dy, Tensor dx) {
        images.averagePoolBackward(pooling, dy, dx);
    }

    @Override
    public void resize(Interpolation mode, Tensor x, Tensor out) {
        images.resize(mode, x, out);
    }

    @Override
    public void resizeBackward(Interpolation mode, Tensor dy, Tensor dx) {
        images.resizeBackward(mode, dy, dx);
    }

    // --- softmax and norms ------------------------------------------------------------------------------------------

    @Override
    public void softmax(boolean log, Tensor x, Tensor out) {
        norms.softmax(log, x, out);
    }

    @Override
    public void softmaxBackward(boolean log, Tensor y, Tensor dy, Tensor dx) {
        norms.softmaxBackward(log, y, dy, dx);
    }

    @Override
    public void norm(
            Norm norm, Tensor x, @Nullable Tensor gamma, @Nullable Tensor beta, Tensor out, Tensor mean, Tensor rstd) {
        norms.norm(norm, x, gamma, beta, out, mean, rstd);
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
        norms.normBackward(norm, x, gamma, beta, mean, rstd, dy, dx, dGamma, dBeta);
    }

    // --- attention --------------------------------------------------------------------------------------------------

    @Override
    public boolean takesAttention(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask) {
        return Attention.takes(q, k, v, mask);
    }

    @Override
    public void attention(
            double scale,
            boolean causal,
            Tensor q,
            Tensor k,
            Tensor v,
            @Nullable Tensor mask,
            Tensor y,
            Tensor logSums) {
        attention.forward(scale, causal, q, k, v, mask, y, logSums);
    }

    @Override
    public void attentionBackward(
            double scale,
            boolean causal,
            Tensor q,
            Tensor k,
            Tensor v,
            @Nullable Tensor mask,
            Tensor y,
            Tensor logSums,
            Tensor dy,
            Tensor dq,
            Tensor dk,
            Tensor dv) {
        attention.backward(scale, causal, q, k, v, mask, y, logSums, dy, dq, dk, dv);
    }

    // --- random numbers ---------------------------------------------------------------------------------------------

    @Override
    public void random(Distribution distribution, long key, long position, Tensor out) {
        training.random(distribution, key, position, out);
    }

    @Override
    public void gumbelSoftmax(Tensor temperature, long key, long position, Tensor logits, Tensor out, Tensor largest) {
        norms.gumbelSoftmax(temperature, key, position, logits, out, largest);
    }

    // --- training ---------------------------------------------------------------------------------------------------

    @Override
    public void sumOfSquares(List<Tensor> tensors, Tensor total) {
        training.sumOfSquares(tensors, total);
    }

    @Override
    public void update(
            UpdateRule rule,
            List<Tensor> parameters,
            List<Tensor> gradients,
            List<List<Tensor>> state,
            @Nullable Tensor scale) {
        training.update(rule, parameters, gradients, state, scale);
    }

    @Override
    public void lerp(List<Tensor> targets, List<Tensor> sources, HostNumber weight) {
        training.lerp(targets, sources, weight);
    }
}
