package org.atelier4j.tensor.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Kernels that race on purpose are found, and their twins that do not are left alone. */
class RacesTest {
    private static final String SOURCE = """
        extern "C" __global__ void turns(float* y) { // everyone reads what the neighbor wrote
            __shared__ float all[64];
            all[threadIdx.x] = threadIdx.x;
            __syncthreads();
            y[64 * blockIdx.x + threadIdx.x] = all[63 - threadIdx.x];
        }
        extern "C" __global__ void turnsTooEarly(float* y) {
            __shared__ float all[64];
            all[threadIdx.x] = threadIdx.x;
            y[64 * blockIdx.x + threadIdx.x] = all[63 - threadIdx.x];
        }
        extern "C" __global__ void overwrites(float* y) { // a second round in the same memory
            __shared__ float all[64];
            for (int round = 0; round < 2; round++) {
                all[threadIdx.x] = round;
                __syncthreads();
                y[64 * blockIdx.x + threadIdx.x] = all[63 - threadIdx.x];
                __syncthreads();
            }
        }
        extern "C" __global__ void overwritesTooEarly(float* y) {
            __shared__ float all[64];
            for (int round = 0; round < 2; round++) {
                all[threadIdx.x] = round;
                __syncthreads();
                y[64 * blockIdx.x + threadIdx.x] = all[63 - threadIdx.x];
            }
        }
        extern "C" __global__ void lanes(float* y) {
            __shared__ float all[64];
            all[threadIdx.x] = 1;
            __syncwarp();
            y[64 * blockIdx.x + threadIdx.x] = all[threadIdx.x ^ 1];
        }
        extern "C" __global__ void lanesByShuffle(float* y) { // a shuffle promises nothing about memory
            __shared__ float all[64];
            all[threadIdx.x] = 1;
            float other = __shfl_xor_sync(~0u, 1.f, 1);
            y[64 * blockIdx.x + threadIdx.x] = all[threadIdx.x ^ 1] + other;
        }
        extern "C" __global__ void lanesOfOtherWarps(float* y) {
            __shared__ float all[64];
            all[threadIdx.x] = 1;
            __syncwarp();
            y[64 * blockIdx.x + threadIdx.x] = all[threadIdx.x ^ 32];
        }
        extern "C" __global__ void copies(float* y) {
            alignas(16) __shared__ float all[256];
            copyAsync16(all + 4 * threadIdx.x, y, true);
            copiesBegun();
            awaitCopies<0>();
            __syncthreads();
            y[256 + 64 * blockIdx.x + threadIdx.x] = all[255 - threadIdx.x];
        }
        extern "C" __global__ void copiesWithoutBarrier(float* y) {
            alignas(16) __shared__ float all[256];
            copyAsync16(all + 4 * threadIdx.x, y, true);
            copiesBegun();
            awaitCopies<0>();
            y[256 + 64 * blockIdx.x + threadIdx.x] = all[255 - threadIdx.x];
        }
        extern "C" __global__ void copiesNotAwaited(float* y) {
            alignas(16) __shared__ float all[256];
            copyAsync16(all + 4 * threadIdx.x, y, true);
            copiesBegun();
            __syncthreads();
            y[256 + 64 * blockIdx.x + threadIdx.x] = all[255 - threadIdx.x];
            awaitCopies<0>();
        }
        extern "C" __global__ void copiesOverWhatIsRead(float* y) {
            alignas(16) __shared__ float all[256];
            all[threadIdx.x] = 1;
            __syncthreads();
            y[256 + 64 * blockIdx.x + threadIdx.x] = all[255 - threadIdx.x];
            copyAsync16(all + 4 * threadIdx.x, y, true);
            copiesBegun();
            awaitCopies<0>();
        }
        extern "C" __global__ void blocks(float* y) { y[64 * blockIdx.x + threadIdx.x] = 1; }
        extern "C" __global__ void blocksInOnePlace(float* y) { y[threadIdx.x] = blockIdx.x; }
        extern "C" __global__ void counts(float* y) { atomicAdd(y, 1.f); }
        extern "C" __global__ void countsAndLooks(float* y) {
            if (blockIdx.x == 0) atomicAdd(y, 1.f);
            else y[threadIdx.x + 1] = y[0];
        }
        extern "C" __global__ void halves(bf16* y) { y[64 * blockIdx.x + threadIdx.x].bits = 1; } // of one word each
        extern "C" __global__ void halvesTwice(bf16* y) { y[threadIdx.x / 2].bits = 1; }
        """.replace("bf16", "Half");

    private static final String TYPES = "struct Half { unsigned short bits; };\n";

    private static Tensor run(String kernel) {
        Emulator.hooks(); // never on a real card
        CudaDevice card = (CudaDevice) Emulator.device();
        Tensor y = Tensor.empty(Shape.of(512), DType.FLOAT32, card);
        card.module("races.cu", TYPES + SOURCE, List.of("-DRACES"))
                .kernel(kernel)
                .with()
                .tensor(y)
                .run(2, 1, 1, 64);
        return y;
    }

    @ParameterizedTest
    @CsvSource({
        "turnsTooEarly, writes shared memory, has read",
        "overwritesTooEarly, reads shared memory, has written",
        "lanesByShuffle, reads shared memory, has written",
        "lanesOfOtherWarps, writes shared memory, has read",
        "copiesWithoutBarrier, shared memory, has",
        "copiesNotAwaited, reads shared memory, has not waited for its copy to",
        "copiesOverWhatIsRead, reads shared memory, has written",
        "blocksInOnePlace, writes device memory, has written",
        "countsAndLooks, reads device memory, has changed by an atomic",
        "halvesTwice, writes device memory, has written"
    })
    void racesAreFound(String kernel, String now, String before) {
        assertThatThrownBy(() -> run(kernel))
                .isInstanceOf(CudaException.class)
                .hasMessageContaining("race in kernel " + kernel)
                .hasMessageContaining(now)
                .hasMessageContaining(before)
                .hasMessageEndingWith(", and nothing orders them)");
    }

    @ParameterizedTest
    @CsvSource({"turns", "overwrites", "lanes", "copies", "blocks", "counts", "halves"})
    void whatIsInOrderIsLeftAlone(String kernel) {
        run(kernel);
    }

    @Test
    void theMessageNamesBothThreadsWithFileAndLine() {
        assertThatThrownBy(() -> run("turnsTooEarly"))
                .hasMessageContaining(
                        "(race in kernel turnsTooEarly: thread 32 of block 0 writes shared memory (races.cu:10)"
                                + " that thread 31 of block 0 has read (races.cu:11), and nothing orders them)");
    }

    @Test
    void valuesAreThoseOfTheKernel() {
        assertThat(run("turns").toFloats()[1]).isEqualTo(62);
    }
}
