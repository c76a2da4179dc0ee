package org.atelier4j.tensor.kernel.cuda;

import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.device.cuda.Launch;
import org.atelier4j.tensor.kernel.Epilogue;
import org.atelier4j.tensor.kernel.Unary;
import org.jspecify.annotations.Nullable;

/** What follows the product loop: parts of K are added up in their order, then bias, residual and activation. */
final class Endings {
    private final CudaDevice device;
    private final Elementwise elementwise;

    Endings(CudaDevice device, Elementwise elementwise) {
        this.device = device;
        this.elementwise = elementwise;
    }

    /** Launches a product kernel with its last arguments: where unfinished sums go, if anywhere, and the epilogue. */
    interface Body {
        void run(@Nullable Tensor sums, long[] ending);
    }

    /** Runs a product at once or in parts that are added up, with its epilogue behind. */
    void follow(Epilogue epilogue, Tensor out, int parts, Body body) {
        @Nullable Unary activation = epilogue.activation();
        int known = activation == null ? 0 : number(activation);
        long[] ending = ending(epilogue, activation, known);
        if (parts == 1) {
            body.run(null, ending);
        } else {
            try (TensorScope scope = TensorScope.open()) {
                Tensor sums = Tensor.empty(out.shape().insert(0, parts), Code.wide(out.dtype()), device);
                body.run(sums, ending);
                Code.MATMUL
                        .kernel(device, out.dtype(), "finishProduct")
                        .with()
                        .tensor(sums)
                        .tensor(out)
                        .int64(parts)
                        .int64(out.size())
                        .int64(out.dim(-1))
                        .struct(ending)
                        .forElements(out.size());
            }
        }
        if (activation != null && known == 0) {
            elementwise.unary(activation, out, out);
        }
    }

    /** Returns the struct {@code Epilogue} of {@code product.cu}. */
    private static long[] ending(Epilogue epilogue, @Nullable Unary activation, int known) {
        return new long[] {
            address(epilogue.bias()),
            address(epilogue.residual()),
            known,
            Double.doubleToRawLongBits(activation == null ? 0 : activation.a()),
            Double.doubleToRawLongBits(activation == null ? 0 : activation.b())
        };
    }

    private static long address(@Nullable Tensor t) {
        return t == null ? 0 : Launch.address(t, 0);
    }

    /** Returns the number by which {@code product.cu} knows a function, 0 where it does not. */
    private static int number(Unary f) {
        return switch (f.function()) {
            case AFFINE -> 1;
            case RELU -> 2;
            case LEAKY_RELU -> 3;
            case SILU -> 4;
            case GELU -> 5;
            case GELU_TANH -> 6;
            case TANH -> 7;
            case SIGMOID -> 8;
            default -> 0;
        };
    }
}
