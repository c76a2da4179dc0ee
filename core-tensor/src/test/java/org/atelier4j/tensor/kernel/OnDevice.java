package org.atelier4j.tensor.kernel;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.Storage;
import org.jspecify.annotations.Nullable;

/**
 * Kernels of a device for tensors of the host: whole storages are copied there before each call and back after it, so
 * that the contract sees everything that was written, beside the tensors as well.
 */
final class OnDevice {
    private final Device device;
    private final Map<Storage, Storage> twins = new IdentityHashMap<>();

    private OnDevice(Device device) {
        this.device = device;
    }

    static Kernels of(Device device) {
        return (Kernels) Proxy.newProxyInstance(
                Kernels.class.getClassLoader(),
                new Class<?>[] {Kernels.class},
                (proxy, method, arguments) -> new OnDevice(device).call(method, arguments));
    }

    private @Nullable Object call(Method method, @Nullable Object @Nullable [] arguments) throws Throwable {
        try (TensorScope scope = TensorScope.open()) {
            Object[] there = arguments == null ? new Object[0] : arguments.clone();
            for (int i = 0; i < there.length; i++) {
                there[i] = there(there[i]);
            }
            try {
                return method.invoke(device.kernels(), there);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            } finally {
                for (Map.Entry<Storage, Storage> twin : twins.entrySet()) {
                    ByteBuffer bytes = buffer(twin.getKey());
                    device.download(twin.getValue(), 0, bytes);
                    twin.getKey().device().upload(bytes.flip(), twin.getKey(), 0);
                }
            }
        }
    }

    private @Nullable Object there(@Nullable Object argument) {
        if (argument instanceof Tensor t) {
            return tensor(t);
        }
        if (argument instanceof List<?> list) {
            return list.stream().map(this::there).toList();
        }
        if (argument instanceof Epilogue e) {
            return new Epilogue(
                    e.bias() == null ? null : tensor(e.bias()),
                    e.residual() == null ? null : tensor(e.residual()),
                    e.activation());
        }
        return argument;
    }

    private Tensor tensor(Tensor t) {
        Storage twin = twins.computeIfAbsent(t.storage(), storage -> {
            ByteBuffer bytes = buffer(storage);
            storage.device().download(storage, 0, bytes);
            Storage copy = device.allocate(storage.dtype(), storage.length());
            device.upload(bytes.flip(), copy, 0);
            return copy;
        });
        return Tensor.over(twin, t.offset(), t.shape());
    }

    private static ByteBuffer buffer(Storage storage) {
        return ByteBuffer.allocate(
                Math.toIntExact(storage.length() * storage.dtype().bytes()));
    }
}
