package org.atelier4j.tensor.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** The emulator finds what it is there for: kernels that are wrong on purpose fail, and say where. */
class EmulatorTest {
    private static final String SOURCE = """
        extern "C" __global__ void fine(const float* x, float* y, int n) {
            __shared__ float all[64];
            all[threadIdx.x] = threadIdx.x < n ? x[threadIdx.x] : 0;
            __syncthreads();
            float sum = all[63 - threadIdx.x];
            for (int d = 16; d; d >>= 1) sum += __shfl_xor_sync(~0u, sum, d);
            if (threadIdx.x < n) y[threadIdx.x] = sum;
        }
        extern "C" __global__ void readsBehind(const float* x, float* y, int n) { y[0] = x[n]; }
        extern "C" __global__ void writesBehind(float* x, float* y, int n) { x[n] = 1; }
        extern "C" __global__ void diverges(const float* x, float* y, int n) {
            if (threadIdx.x < 7) __syncthreads();
            else __syncwarp();
            y[0] = 1;
            if (threadIdx.x >= 7) __syncthreads();
        }
        extern "C" __global__ void neverArrives(const float* x, float* y, int n) {
            if (threadIdx.x == 0) __syncwarp();
            else __syncthreads();
        }
        extern "C" __global__ void leavesItsWarp(const float* x, float* y, int n) {
            if (threadIdx.x >= n) return;
            y[threadIdx.x] = __shfl_xor_sync(~0u, x[threadIdx.x], 1);
        }
        extern "C" __global__ void forgetsToWrite(const float* x, float* y, int n) {
            __shared__ float all[65];
            all[threadIdx.x] = 1;
            __syncthreads();
            if (threadIdx.x < n) y[threadIdx.x] = all[threadIdx.x + 1];
        }
        extern "C" __global__ void counts(const float* x, int* y, int n) {
            atomicAdd(&y[0], 1);
            atomicMax(&y[1], (int) threadIdx.x);
            atomicMin(&y[2], (int) threadIdx.x - 100);
            atomicCAS(&y[3], 0, 5);
            atomicExch(&y[4], 7);
            atomicOr(&y[5], 1 << threadIdx.x % 8);
        }
        """;

    private static CudaDevice device() {
        Emulator.hooks(); // never on a real card
        return (CudaDevice) Emulator.device();
    }

    private static void run(String kernel, Tensor x, Tensor y) {
        device().module("wrong.cu", SOURCE, List.of())
                .kernel(kernel)
                .with()
                .tensor(x)
                .tensor(y)
                .int32((int) x.size())
                .run(1, 1, 1, 64);
    }

    private static Tensor numbers(int n) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = i;
        }
        return Tensor.of(values, n).to(device());
    }

    @Test
    void barriersShufflesAndSharedMemoryWork() {
        Tensor x = numbers(64);
        Tensor y = Tensor.empty(Shape.of(64), DType.FLOAT32, device());
        run("fine", x, y);
        float[] sums = y.toFloats();
        assertThat(sums[0]).isEqualTo(32 * (32 + 63) / 2f);
        assertThat(sums[63]).isEqualTo(31 * 32 / 2f);
    }

    @Test
    void atomicsWork() {
        Tensor y = Tensor.of(new int[6], 6).to(device());
        run("counts", numbers(4), y);
        assertThat(y.toInts()).containsExactly(64, 63, -100, 5, 7, 255);
    }

    @Test
    void accessesOutOfBoundsAreCaughtWithKernelBlockAndThread() {
        Tensor x = numbers(64);
        Tensor y = numbers(64);
        assertThatThrownBy(() -> run("readsBehind", x, y))
                .isInstanceOf(CudaException.class)
                .hasMessageContaining("kernel readsBehind: CUDA error 700")
                .hasMessageContaining("access out of bounds at")
                .hasMessageContaining("in kernel readsBehind, block (0, 0, 0), thread (0, 0, 0)");
        assertThatThrownBy(() -> run("writesBehind", x, y)).hasMessageContaining("access out of bounds");
        run("fine", x, y); // the device goes on
        assertThat(y.toFloats()[0]).isEqualTo(1520);
    }

    /** The guard page begins at the next multiple of 16 bytes; what lies before is looked at when memory is freed. */
    @Test
    void writesIntoTheLastBytesBeforeTheGuardAreFoundWhenFreed() {
        Tensor x = numbers(3);
        run("writesBehind", x, x);
        assertThatThrownBy(() -> x.storage().release())
                .hasMessageContaining("written beside an allocation of 12 bytes");
    }

    @Test
    void uninitializedMemoryIsNotANumber() {
        Tensor x = Tensor.empty(Shape.of(64), DType.FLOAT32, device());
        Tensor y = Tensor.empty(Shape.of(64), DType.FLOAT32, device());
        run("fine", x, y);
        assertThat(y.toFloats()).containsOnly(Float.NaN);
    }

    @Test
    void barriersThatThreadsMissOrMixAreCaught() {
        Tensor x = numbers(64);
        assertThatThrownBy(() -> run("diverges", x, x))
                .hasMessageContaining("CUDA error 719")
                .hasMessageContaining("threads meet at different barriers (lines 12 and 15)");
        assertThatThrownBy(() -> run("neverArrives", x, x))
                .hasMessageContaining("stuck at a barrier that some threads never reach in kernel neverArrives");
    }

    @Test
    void lanesThatHaveReturnedMustNotBeAskedFor() {
        assertThatThrownBy(() -> run("leavesItsWarp", numbers(63), numbers(64)))
                .isInstanceOf(CudaException.class)
                .hasMessageContaining("a lane of the warp has returned, which the others wait for");
        run("leavesItsWarp", numbers(32), numbers(64)); // a whole warp may
    }

    @Test
    void sharedMemoryThatNobodyWroteIsPoison() {
        Tensor y = numbers(64);
        run("forgetsToWrite", numbers(64), y);
        assertThat(y.toFloats()[62]).isEqualTo(1);
        assertThat(y.toFloats()[63]).isNaN();
    }
}
