package org.atelier4j.tensor.device;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.kernel.CpuKernels;
import org.atelier4j.tensor.kernel.Kernels;

/** The host: pooled off-heap memory and the kernel provider that {@link CpuKernels} chose. */
final class CpuDevice implements Device {
    static final CpuDevice INSTANCE = new CpuDevice();

    private CpuDevice() {}

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public Storage allocate(DType dtype, long length) {
        HostStorage storage = new HostStorage(this, dtype, length, HostPool.SHARED.take(length * dtype.bytes()));
        TensorScope.adopt(storage);
        return storage;
    }

    @Override
    public Kernels kernels() {
        return CpuKernels.active();
    }

    @Override
    public void upload(ByteBuffer source, Storage target, long index) {
        int width = target.dtype().bytes();
        target.checkRange(index, source.remaining() / width);
        ((HostStorage) target)
                .bytes()
                .put(Math.toIntExact(index * width), source, source.position(), source.remaining());
        source.position(source.limit());
        Reference.reachabilityFence(target);
    }

    @Override
    public void download(Storage source, long index, ByteBuffer target) {
        int width = source.dtype().bytes();
        source.checkRange(index, target.remaining() / width);
        target.put(
                target.position(), ((HostStorage) source).bytes(), Math.toIntExact(index * width), target.remaining());
        target.position(target.limit());
        Reference.reachabilityFence(source);
    }

    @Override
    public String toString() {
        return name();
    }
}
