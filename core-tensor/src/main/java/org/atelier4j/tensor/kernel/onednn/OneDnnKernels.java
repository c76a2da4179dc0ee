package org.atelier4j.tensor.kernel.onednn;

import java.util.List;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Precision;
import org.atelier4j.tensor.kernel.Binary;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.kernel.DecodingKernels;
import org.atelier4j.tensor.kernel.Epilogue;
import org.atelier4j.tensor.kernel.Formula;
import org.atelier4j.tensor.kernel.GateKernels;
import org.atelier4j.tensor.kernel.Interpolation;
import org.atelier4j.tensor.kernel.Norm;
import org.atelier4j.tensor.kernel.Parallel;
import org.atelier4j.tensor.kernel.Pooling;
import org.atelier4j.tensor.kernel.Reduction;
import org.atelier4j.tensor.kernel.StridedCopy;
import org.atelier4j.tensor.kernel.Unary;
import org.atelier4j.tensor.kernel.nd4j.Nd4jKernels;
import org.jspecify.annotations.Nullable;

/**
 * The fast provider of the host: hot loops by oneDNN (FLOAT32 and BFLOAT16), which compiles itself to the processor at
 * run time; everything else by the portable provider.
 */
public final class OneDnnKernels extends Nd4jKernels implements GateKernels, DecodingKernels {

    /**
     * Loads oneDNN's native library.
     *
     * @throws LinkageError if there is none for this platform
     */
    public OneDnnKernels() {
        OneDnn.stream();
        OpenMp.find().ifPresent(Parallel::lend);
    }

    @Override
    public String name() {
        return "onednn";
    }

    /** TF32 is no processor's. */
    @Override
    public boolean multiplies(Precision precision) {
        return precision == Precision.FLOAT32 || precision == Precision.BF16 && Rounding.NATIVE;
    }

    private static boolean fast(Tensor x) {
        return x.dtype() == DType.FLOAT32 || x.dtype() == DType.BFLOAT16;
    }

    private static boolean float32(Tensor x) {
        return x.dtype() == DType.FLOAT32;
    }

    @Override
    public void convert(Tensor x, Tensor out) {
        if (!Movement.convert(x, out)) {
            super.convert(x, out);
        }
    }

    @Override
    public void copy(StridedCopy copy, Tensor x, Tensor out) {
        if (!Movement.copy(copy, x, out)) {
            super.copy(copy, x, out);
        }
    }

    @Override
    public void unary(Unary f, Tensor x, Tensor out) {
        if (!fast(x) || !Elementwise.unary(f, x, out)) {
            super.unary(f, x, out);
        }
    }

    @Override
    public void unaryBackward(Unary f, Tensor x, Tensor y, Tensor dy, Tensor dx) {
        if (!fast(x) || !Elementwise.unaryBackward(f, x, dy, dx)) {
            super.unaryBackward(f, x, y, dy, dx);
        }
    }

    @Override
    public boolean takesGate(Tensor x) {
        return float32(x) && x.size() > 0;
    }

    @Override
    public boolean takesDecoding(Tensor q, Tensor keys, Tensor values) {
        return float32(q) && float32(keys) && float32(values) && q.size() > 0;
    }

    @Override
    public void decode(double scale, Tensor q, Tensor keys, Tensor values, int length, Tensor y) {
        new Decoding(q, keys, values, length).run(scale, y);
    }

    @Override
    public void gate(Tensor x, @Nullable Tensor shift, Tensor out) {
        new FusedGate(x, shift).forward(out);
    }

    @Override
    public void gateBackward(Tensor x, @Nullable Tensor shift, Tensor dy, Tensor dx, @Nullable Tensor dShift) {
        new FusedGate(x, shift).backward(dy, dx, dShift);
    }

    @Override
    public void binary(Binary f, Tensor a, Tensor b, Tensor out) {
        if (!fast(a) || !Elementwise.binary(f, a, b, out)) {
            super.binary(f, a, b, out);
        }
    }

    @Override
    public void evaluate(Formula formula, List<Tensor> inputs, double[] numbers, List<Tensor> outputs) {
        if (fast(outputs.get(0))) {
            Formulas.evaluate(this, formula, inputs, numbers, outputs);
        } else {
            super.evaluate(formula, inputs, numbers, outputs);
        }
    }

    @Override
    public void reduce(Reduction f, Tensor x, int[] axes, Tensor out) {
        if (!float32(x) || !Reductions.reduce(f, x, axes, out)) {
            super.reduce(f, x, axes, out);
        }
    }

    @Override
    public void matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, Epilogue epilogue, Tensor out) {
        Epilogue fused = fused(epilogue);
        if (!fast(a) || !multiply(a, transposeA, b, transposeB, fused, out)) {
            super.matmul(a, transposeA, b, transposeB, epilogue, out);
        } else {
            activate(epilogue, fused, out);
        }
    }

    private boolean multiply(
            Tensor a, boolean transposeA, Tensor b, boolean transposeB, Epilogue epilogue, Tensor out) {
        if (!Rounding.isWanted(a)) {
            return Products.matmul(a, transposeA, b, transposeB, epilogue, out);
        }
        try (TensorScope scope = TensorScope.open()) {
            return Products.matmul(Rounding.of(a, this), transposeA, Rounding.of(b, this), transposeB, epilogue, out);
        }
    }

    @Override
    public void conv(Convolution conv, Tensor x, Tensor weight, Epilogue epilogue, Tensor out) {
        Epilogue fused = fused(epilogue);
        if (!computes(x, weight, out) || !convolve(conv, x, weight, fused, out)) {
            super.conv(conv, x, weight, epilogue, out);
        } else {
            activate(epilogue, fused, out);
        }
    }

    private boolean convolve(Convolution conv, Tensor x, Tensor weight, Epilogue epilogue, Tensor out) {
        if (Rounding.isWanted(x)) {
            try (TensorScope scope = TensorScope.open()) {
                Tensor rounded = Rounding.of(x, this);
                return new Convolutions(conv, rounded, weight, out).forward(rounded, weight, epilogue, out);
            }
        }
        if (epilogue.activation() == null && Winograd.suits(conv, x, weight)) {
            Winograd.forward(x, weight, epilogue, out);
            return true;
        }
        if (epilogue.activation() == null && FewChannels.suitsOutput(conv, x, weight)) {
            FewChannels.forward(conv, x, weight, epilogue, out);
            return true;
        }
        return new Convolutions(conv, x, weight, out).forward(x, weight, epilogue, out);
    }

    private void activate(Epilogue wanted, Epilogue fused, Tensor out) {
        Unary activation = wanted.activation();
        if (activation != null && fused.activation() == null) {
            unary(activation, out, out);
        }
    }

    /** Leaves out an activation that oneDNN cannot append; it follows in a pass of its own. */
    private static Epilogue fused(Epilogue epilogue) {
        return epilogue.activation() == null || Eltwise.of(epilogue.activation()) != null
                ? epilogue
                : new Epilogue(epilogue.bias(), epilogue.residual(), null);
    }

    @Override
    public void convBackwardInput(Convolution conv, Tensor dy, Tensor weight, Tensor dx) {
        if (!computes(dy, weight, dx) || !convolveBack(conv, dy, weight, dx)) {
            super.convBackwardInput(conv, dy, weight, dx);
        }
    }

    private boolean convolveBack(Convolution conv, Tensor dy, Tensor weight, Tensor dx) {
        if (Rounding.isWanted(dy)) {
            try (TensorScope scope = TensorScope.open()) {
                Tensor rounded = Rounding.of(dy, this);
                return new Convolutions(conv, dx, weight, rounded).backwardInput(rounded, weight, dx);
            }
        }
        if (Winograd.suits(conv, dy, weight)) {
            Winograd.backwardInput(dy, weight, dx);
            return true;
        }
        if (FewChannels.suitsInput(conv, dy, weight)) {
            FewChannels.backwardInput(conv, dy, weight, dx);
            return true;
        }
        return new Convolutions(conv, dx, weight, dy).backwardInput(dy, weight, dx);
    }

    @Override
    public void convBackwardWeight(Convolution conv, Tensor x, Tensor dy, Tensor dWeight, @Nullable Tensor dBias) {
        if (!computes(x, dy, dWeight) || !correlate(conv, x, dy, dWeight, dBias)) {
            super.convBackwardWeight(conv, x, dy, dWeight, dBias);
        }
    }

    private boolean correlate(Convolution conv, Tensor x, Tensor dy, Tensor dWeight, @Nullable Tensor dBias) {
        if (Rounding.isWanted(x)) {
            return correlateRounded(conv, x, dy, dWeight, dBias);
        }
        if (FewChannels.suitsOutput(conv, x, dWeight)) {
            FewChannels.backwardWeight(conv, x, dy, dWeight, dBias);
            return true;
        }
        return new Convolutions(conv, x, dWeight, dy).backwardWeight(x, dy, dWeight, dBias);
    }

    private boolean correlateRounded(Convolution conv, Tensor x, Tensor dy, Tensor dWeight, @Nullable Tensor dBias) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor factor = Rounding.of(x, this);
            Tensor other = Rounding.of(dy, this);
            if (!new Convolutions(conv, factor, dWeight, other).backwardWeight(factor, other, dWeight, null)) {
                return false;
            }
        }
        if (dBias != null) { // a sum, which nothing rounds
            int channels = dy.dim(-1);
            Shape rows = Shape.of(Math.toIntExact(dy.size() / channels), channels);
            Tensor sum = Tensor.over(dBias.storage(), dBias.offset(), Shape.of(1, channels));
            reduce(Reduction.SUM, Tensor.over(dy.storage(), dy.offset(), rows), new int[] {0}, sum);
        }
        return true;
    }

    private static boolean computes(Tensor a, Tensor b, Tensor c) {
        return fast(a) && a.size() > 0 && b.size() > 0 && c.size() > 0;
    }

    @Override
    public void averagePool(Pooling pooling, Tensor x, Tensor out) {
        if (!computes(x, x, out) || !Images.averagePool(pooling, x, out)) {
            super.averagePool(pooling, x, out);
        }
    }

    @Override
    public void averagePoolBackward(Pooling pooling, Tensor dy, Tensor dx) {
        if (!computes(dy, dy, dx) || !Images.averagePoolBackward(pooling, dy, dx)) {
            super.averagePoolBackward(pooling, dy, dx);
        }
    }

    @Override
    public void resize(Interpolation mode, Tensor x, Tensor out) {
        if (!computes(x, x, out) || !Images.resize(mode, x, out)) {
            super.resize(mode, x, out);
        }
    }

    @Override
    public void resizeBackward(Interpolation mode, Tensor dy, Tensor dx) {
        if (!computes(dy, dy, dx) || !Images.resizeBackward(mode, dy, dx)) {
            super.resizeBackward(mode, dy, dx);
        }
    }

    @Override
    public void softmax(boolean log, Tensor x, Tensor out) {
        if (!fast(x) || !Rows.softmax(log, x, out)) {
            super.softmax(log, x, out);
        }
    }

    @Override
    public void softmaxBackward(boolean log, Tensor y, Tensor dy, Tensor dx) {
        if (!fast(y) || !Rows.softmaxBackward(log, y, dy, dx)) {
            super.softmaxBackward(log, y, dy, dx);
        }
    }

    @Override
    public void norm(
            Norm norm, Tensor x, @Nullable Tensor gamma, @Nullable Tensor beta, Tensor out, Tensor mean, Tensor rstd) {
        if (float32(x) && LayerNorm.forward(norm, x, gamma, beta, out, mean, rstd)) {
            return;
        }
        if (float32(x) && GroupNorm.suits(norm, x)) {
            new GroupNorm(norm, x, gamma).forward(x, gamma, beta, out, mean, rstd);
        } else {
            super.norm(norm, x, gamma, beta, out, mean, rstd);
        }
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
        if (float32(x) && LayerNorm.backward(norm, x, gamma, mean, rstd, dy, dx, dGamma, dBeta)) {
            return;
        }
        if (float32(x) && GroupNorm.suits(norm, x)) {
            new GroupNorm(norm, x, gamma).backward(x, gamma, beta, mean, rstd, dy, dx, dGamma, dBeta);
        } else {
            super.normBackward(norm, x, gamma, beta, mean, rstd, dy, dx, dGamma, dBeta);
        }
    }
}
