package org.atelier4j.tensor.kernel.cuda;

import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.device.cuda.CudaKernel;
import org.atelier4j.tensor.kernel.Interpolation;
import org.atelier4j.tensor.kernel.Pooling;

/** Launches {@code images.cu}. */
final class Images {
    private final CudaDevice device;

    Images(CudaDevice device) {
        this.device = device;
    }

    private CudaKernel kernel(Tensor x, String name) {
        return Code.IMAGES.kernel(device, x.dtype(), name);
    }

    private static long[] struct(Tensor large, Tensor small, int size, int stride, int padding) {
        return new long[] {
            large.dim(0), large.dim(1), large.dim(2), large.dim(3), small.dim(1), small.dim(2), size, stride, padding
        };
    }

    private static long[] struct(Pooling p, Tensor large, Tensor small) {
        return struct(large, small, p.size(), p.stride(), p.padding());
    }

    void maxPool(Pooling p, Tensor x, Tensor out, Tensor indices) {
        kernel(x, "maxPool")
                .with()
                .tensor(x)
                .tensor(out)
                .tensor(indices)
                .struct(struct(p, x, out))
                .int64(out.size())
                .forElements(out.size());
    }

    void averagePool(Pooling p, Tensor x, Tensor out) {
        kernel(x, "averagePool")
                .with()
                .tensor(x)
                .tensor(out)
                .struct(struct(p, x, out))
                .int64(out.size())
                .forElements(out.size());
    }

    void averagePoolBackward(Pooling p, Tensor dy, Tensor dx) {
        kernel(dy, "averagePoolSlope")
                .with()
                .tensor(dy)
                .tensor(dx)
                .struct(struct(p, dx, dy))
                .int64(dx.size())
                .forElements(dx.size());
    }

    void resize(Interpolation mode, Tensor x, Tensor out) {
        kernel(x, "resize")
                .with()
                .tensor(x)
                .tensor(out)
                .struct(struct(x, out, 0, 0, 0))
                .int32(mode == Interpolation.BILINEAR ? 1 : 0)
                .int64(out.size())
                .forElements(out.size());
    }

    void resizeBackward(Interpolation mode, Tensor dy, Tensor dx) {
        kernel(dy, "resizeSlope")
                .with()
                .tensor(dy)
                .tensor(dx)
                .struct(struct(dx, dy, 0, 0, 0))
                .int32(mode == Interpolation.BILINEAR ? 1 : 0)
                .int64(dx.size())
                .forElements(dx.size());
    }
}
