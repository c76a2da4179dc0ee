package org.atelier4j.tensor.device.cuda;

import com.sun.jna.Memory;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Compiled kernels in a device's memory. Modules live as long as the process. */
public final class CudaModule {
    private final CudaDevice device;
    private final String name;
    private final long handle;
    private final Map<String, CudaKernel> kernels = new ConcurrentHashMap<>();

    CudaModule(CudaDevice device, String name, byte[] code) {
        this.device = device;
        this.name = name;
        device.enter();
        try (Memory image = Nvrtc.image(code)) {
            this.handle =
                    Driver.value("CUDA module " + name, out -> Driver.cuModuleLoadData(out, Driver.address(image)));
        }
    }

    /** Returns the kernel of a name. */
    public CudaKernel kernel(String function) {
        return kernels.computeIfAbsent(function, f -> {
            device.enter();
            String what = "CUDA module " + name + ", kernel " + f;
            return new CudaKernel(device, f, Driver.value(what, out -> Driver.cuModuleGetFunction(out, handle, f)));
        });
    }
}
