package org.atelier4j.tensor.kernel;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.device.cuda.Emulator;
import org.junit.jupiter.api.BeforeAll;

/** The CUDA provider keeps the contract, on an emulated card: same kernels, same launches, run by the CPU. */
class CudaKernelsTest extends KernelsContract {
    private static Kernels kernels;

    @BeforeAll
    static void startEmulator() {
        kernels = OnDevice.of(Emulator.device());
    }

    @Override
    protected Kernels provider() {
        return kernels;
    }

    @Override
    protected double tolerance(DType dtype) {
        return switch (dtype) {
            case FLOAT64 -> 1e-12;
            case FLOAT32 -> 1e-5;
            default -> 0x1p-7;
        };
    }
}
