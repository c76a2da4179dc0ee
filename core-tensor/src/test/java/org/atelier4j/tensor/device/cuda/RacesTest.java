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
        extern "C" __global__ void countsOverWhatWasWritten(float* y) {
            if (threadIdx.x == 0) y[blockIdx.x] = 1;
            atomicAdd(y + blockIdx.x, 1.f); // thread 0 makes both
        }
        extern "C" __global__ void readsOfTwoWarps(float* y) { // the read of warp 0 is older than two of warp 1
            __shared__ float one;
            if (threadIdx.x == 0) one = 1;
            __syncthreads();
            if (threadIdx.x == 0 || threadIdx.x >= 32 && threadIdx.x < 40) y[64 * blockIdx.x + threadIdx.x] = one;
            __syncwarp();
            if (threadIdx.x == 63) one = 2;
        }
        extern "C" __global__ void leavesEarly(float* y) { // who has returned meets nobody any more
            __shared__ float one;
            if (threadIdx.x == 0) { one = 1; return; }
            __syncthreads();
            y[64 * blockIdx.x + threadIdx.x] = one;
        }
        extern "C" __global__ void bytes(unsigned char* y) { y[64 * blockIdx.x + threadIdx.x] = 1; } // four a word
        extern "C" __global__ void bytesTwice(unsigned char* y) { y[threadIdx.x % 63] = 1; }
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
        "turnsTooEarly, writes 4 bytes, has read, no barrier between",
        "overwritesTooEarly, reads 4 bytes, has written, no barrier between",
        "lanesByShuffle, reads 4 bytes, has written, no barrier between",
        "lanesOfOtherWarps, writes 4 bytes, has read, no barrier between",
        "copiesWithoutBarrier, begins to copy to (cp.async) 16 bytes, has read, no barrier between",
        "copiesNotAwaited, reads 4 bytes, began to copy to (cp.async), the copy has not been waited for",
        "copiesOverWhatIsRead, reads 4 bytes, has written, no barrier between",
        "blocksInOnePlace, writes 4 bytes, has written, nothing orders blocks",
        "countsAndLooks, reads 4 bytes, has changed (atomic), nothing orders blocks",
        "countsOverWhatWasWritten, changes (atomic) 4 bytes, has written, no barrier between",
        "readsOfTwoWarps, writes 4 bytes, has read, no barrier between",
        "leavesEarly, reads 4 bytes, has written, no barrier between",
        "bytesTwice, writes 1 byte, has written, no barrier between",
        "halvesTwice, writes 2 bytes, has written, no barrier between"
    })
    void racesAreFound(String kernel, String now, String before, String why) {
        assertThatThrownBy(() -> run(kernel))
                .isInstanceOf(CudaException.class)
                .hasMessageContaining("race in kernel " + kernel)
                .hasMessageContaining(now)
                .hasMessageContaining(before)
                .hasMessageContaining(why);
    }

    @ParameterizedTest
    @CsvSource({"turns", "overwrites", "lanes", "copies", "blocks", "counts", "bytes", "halves"})
    void whatIsInOrderIsLeftAlone(String kernel) {
        run(kernel);
    }

    @Test
    void theMessageNamesBothThreadsWithFileAndLine() {
        assertThatThrownBy(() -> run("turnsTooEarly"))
                .hasMessageContaining(
                        "(race in kernel turnsTooEarly: thread (32, 0, 0) of block (0, 0, 0) writes 4 bytes at byte 128 of"
                                + " turnsTooEarly::all in shared memory at races.cu:10, thread (31, 0, 0) has read them at"
                                + " races.cu:11, no barrier between)");
    }

    @Test
    void valuesAreThoseOfTheKernel() {
        assertThat(run("turns").toFloats()[1]).isEqualTo(62);
    }
}
