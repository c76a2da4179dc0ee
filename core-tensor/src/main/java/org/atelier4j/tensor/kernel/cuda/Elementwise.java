package org.atelier4j.tensor.kernel.cuda;

import java.util.function.BiFunction;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.kernel.Binary;
import org.atelier4j.tensor.kernel.Unary;

/** Launches {@code unary.cu} and {@code binary.cu}. */
final class Elementwise {
    private final CudaDevice device;

    Elementwise(CudaDevice device) {
        this.device = device;
    }

    void unary(Unary f, Tensor x, Tensor out) {
        Code.UNARY
                .kernel(device, x.dtype(), f.function() + "_value")
                .with()
                .tensor(x)
                .tensor(out)
                .float64(f.a())
                .float64(f.b())
                .int64(x.size())
                .forElements(x.size());
    }

    void unaryBackward(Unary f, Tensor x, Tensor y, Tensor dy, Tensor dx) {
        Code.UNARY
                .kernel(device, x.dtype(), f.function() + "_slope")
                .with()
                .tensor(x)
                .tensor(y)
                .tensor(dy)
                .tensor(dx)
                .float64(f.a())
                .float64(f.b())
                .int64(x.size())
                .forElements(x.size());
    }

    void binary(Binary f, Tensor a, Tensor b, Tensor out) {
        Shape shape = out.shape();
        Axes axes = Axes.of(Axes.sizes(shape), Axes.broadcast(a.shape(), shape), Axes.broadcast(b.shape(), shape));
        Code.BINARY
                .kernel(device, a.dtype(), f.name())
                .with()
                .tensor(a)
                .tensor(b)
                .tensor(out)
                .struct(axes.struct(0))
                .struct(axes.struct(1))
                .int64(out.size())
                .pointer(device.faults().address())
                .int64(f == Binary.DIV && !isReal(a.dtype()) ? device.faults().expect(DIVISION_BY_ZERO) : 0)
                .forElements(out.size());
    }

    private static final BiFunction<Long, Long, RuntimeException> DIVISION_BY_ZERO = (position, number) ->
            new ArithmeticException("div: integer divisors must not be 0, got 0 at position " + position);

    private static boolean isReal(DType dtype) {
        return dtype.isFloating();
    }
}
