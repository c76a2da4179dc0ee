package org.atelier4j.tensor.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.atelier4j.io.SafeTensors;
import org.atelier4j.nn.Layer;
import org.atelier4j.nn.Linear;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.DeviceScope;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The CUDA device on the emulated card: memory, transfers, faults, threads, graphs. */
class CudaDeviceTest {
    private CudaDevice device;

    @BeforeEach
    void open() {
        Emulator.hooks();
        device = (CudaDevice) Emulator.device();
    }

    private Tensor random(int... shape) {
        return Rng.of(1).normal(Shape.of(shape)).to(device);
    }

    // --- asking -----------------------------------------------------------------------------------------------------

    @Test
    void cardsAreNamedCountedAndOpenedOnce() {
        assertThat(device.name()).isEqualTo("cuda:0");
        assertThat(CudaDevice.count()).isEqualTo(1);
        assertThat(Device.cuda(0)).isSameAs(device);
        assertThat(device.properties().capability()).isEqualTo(90);
        assertThatThrownBy(() -> Device.cuda(1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Device.cuda: the card must lie in [0, 1), got 1");
    }

    @Test
    void aMissingDriverIsOneMessageThatSaysWhatToDo() {
        String before = System.getProperty(Libraries.DRIVER);
        System.setProperty(Libraries.DRIVER, "libnosuchcuda.so.1");
        try {
            assertThatThrownBy(Libraries::driver)
                    .isInstanceOf(CudaException.class)
                    .hasMessage("CUDA: the NVIDIA driver was not found (tried libnosuchcuda.so.1); install it, name it"
                            + " with -Datelier.cuda.driver=PATH, or run on the CPU");
        } finally {
            System.setProperty(Libraries.DRIVER, before);
        }
    }

    @Test
    void aMissingCompilerIsOneMessageThatSaysWhatToDo() {
        String before = System.getProperty(Libraries.NVRTC);
        System.setProperty(Libraries.NVRTC, "/nowhere/libnvrtc.so.13");
        try {
            assertThatThrownBy(() -> Nvrtc.forDriver(13000))
                    .isInstanceOf(CudaException.class)
                    .hasMessageContaining("CUDA: NVRTC of 11.2 or newer must be at /nowhere/libnvrtc.so.13");
        } finally {
            System.setProperty(Libraries.NVRTC, before);
        }
    }

    @Test
    void aCompilerNewerThanTheDriverIsRefused() {
        Emulator.hooks().standinCompiler(14);
        try {
            assertThatThrownBy(() -> Nvrtc.forDriver(13020))
                    .isInstanceOf(CudaException.class)
                    .hasMessageStartingWith("CUDA: NVRTC must not be newer than the driver, got NVRTC 14.0 at ")
                    .hasMessageContaining("and driver 13.2; update the driver");
        } finally {
            Emulator.hooks().standinCompiler(13);
        }
    }

    @Test
    void cardsGetTheirMachineCodeNewerOnesPtxAndOlderOnesAMessage() {
        Nvrtc nvrtc = Nvrtc.forDriver(13000); // the stand-in knows 8.0 and 9.0
        assertThat(nvrtc.target(90)).isEqualTo("-arch=sm_90");
        assertThat(nvrtc.target(120)).isEqualTo("-arch=compute_90");
        assertThatThrownBy(() -> nvrtc.target(61))
                .hasMessageContaining("makes code for compute capability 8.0 and newer, got a card of 6.1");
    }

    // --- memory and transfers ---------------------------------------------------------------------------------------

    @Test
    void largeTensorsTravelInPiecesAndComeBackUnchanged() {
        int n = (9 << 20) / 4 + 3; // more than two staging buffers
        Tensor x = Rng.of(3).normal(Shape.of(n));
        Tensor y = x.to(device);
        assertThat(y.toFloats()).isEqualTo(x.toFloats());
        assertThat(y.slice(0, 5, 7).toFloats()).isEqualTo(x.slice(0, 5, 7).toFloats());
        assertThat(y.to(Device.cpu()).toFloats()).isEqualTo(x.toFloats());
    }

    @Test
    void blocksComeBackWithTheSameAddressesStepByStep() {
        CudaArena arena = new CudaArena(device, false);
        addressesOfOneStep(arena); // fresh memory, in the driver's order
        List<Long> first = addressesOfOneStep(arena);
        long reserved = arena.reservedBytes();
        for (int step = 0; step < 5; step++) {
            assertThat(addressesOfOneStep(arena)).isEqualTo(first);
        }
        assertThat(arena.reservedBytes()).isEqualTo(reserved);
        assertThat(arena.usedBytes()).isZero();
        arena.trim();
        assertThat(arena.reservedBytes()).isZero();
    }

    private static List<Long> addressesOfOneStep(CudaArena arena) {
        List<CudaArena.Block> blocks = new ArrayList<>();
        for (int bytes : new int[] {100, 4000, 4000, 100_000, 100, 0}) {
            blocks.add(arena.take(bytes));
        }
        blocks.forEach(arena::give);
        return blocks.stream().map(CudaArena.Block::address).toList();
    }

    @Test
    void sizeClassesWasteAtMostAnEighth() {
        for (long bytes = 1; bytes < 1L << 40; bytes += 1 + bytes / 7) {
            long capacity = CudaArena.sizeClass(bytes);
            assertThat(capacity).isGreaterThanOrEqualTo(bytes);
            assertThat(capacity - bytes).isLessThanOrEqualTo(Math.max(511, bytes / 8));
        }
    }

    @Test
    void outOfMemoryNamesTheOpAndTheSizesAndHurtsNothing() {
        Tensor x = random(64, 64);
        float[] before = x.toFloats();
        long used = usedWithoutGarbage();
        Emulator.hooks().standinMemory(used + 1000);
        try {
            assertThatThrownBy(() -> x.matmul(x))
                    .isInstanceOf(CudaException.class)
                    .hasMessageStartingWith("MatMul: cuda:0 has no 16,384 bytes left: ")
                    .hasMessageContaining("are free, tensors hold ");
        } finally {
            Emulator.hooks().standinMemory(4L << 30);
        }
        assertThat(x.toFloats()).isEqualTo(before);
        assertThat(x.matmul(x).toFloats()[0]).isNotNaN();
    }

    /** Other tests leave tensors behind, which the device would find and use again. */
    private static long usedWithoutGarbage() {
        long before;
        long used = Emulator.hooks().standinUsed();
        do {
            before = used;
            System.gc();
            LockSupport.parkNanos(200_000_000);
            used = Emulator.hooks().standinUsed();
        } while (used < before);
        return used;
    }

    // --- faults -----------------------------------------------------------------------------------------------------

    @Test
    void anErrorOfTheDriverIsThrownOnceWithItsName() {
        Tensor x = random(8);
        Emulator.hooks().standinFail("cuLaunchKernel", 46, 0);
        assertThatThrownBy(() -> x.add(x))
                .isInstanceOf(CudaException.class)
                .hasMessage("kernel ADD: CUDA error 46 (injected error)");
        assertThat(x.add(x).toFloats()[0]).isEqualTo(2 * x.toFloats()[0]);
    }

    @Test
    void aKernelThatDoesNotCompileIsShownWithItsLine() {
        assertThatThrownBy(
                        () -> device.module("broken.cu", "\n\nextern \"C\" __global__ void f() { x = 1; }", List.of()))
                .isInstanceOf(CudaException.class)
                .hasMessageContaining("CUDA: broken.cu must compile with")
                .hasMessageContaining("broken.cu:3");
    }

    @Test
    void aKernelThatIsNotThereIsNamed() {
        CudaModule module = device.module("empty.cu", "extern \"C\" __global__ void f() {}", List.of());
        assertThatThrownBy(() -> module.kernel("g"))
                .hasMessage("CUDA module empty.cu, kernel g: CUDA error 500 (named symbol not found)");
    }

    @Test
    void badIndicesAreToldWhenResultsAreReadAndThenForgotten() {
        Tensor table = random(4, 3);
        Tensor bad = Tensor.of(new int[] {0, 9}, 2).to(device);
        Tensor picked = table.gather(
                0, bad.reshape(2, 1).add(Tensor.zeros(1, 3).to(DType.INT32).to(device)));
        Tensor unrelated = table.add(table);
        assertThatThrownBy(picked::toFloats)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("gather: indices must lie in [0, 4), got 9 at position 3");
        assertThat(unrelated.toFloats()[0]).isEqualTo(2 * table.toFloats()[0]);
    }

    @Test
    void tensorsOfTwoDevicesDoNotMix() {
        Tensor x = random(2, 2);
        Tensor y = Tensor.ones(2, 2);
        assertThatThrownBy(() -> device.kernels().binary(org.atelier4j.tensor.kernel.Binary.ADD, x, y, x))
                .hasMessage("ADD: tensors must be on cuda:0, got one on cpu; move it with tensor.to(device)");
    }

    // --- threads, scopes, models ------------------------------------------------------------------------------------

    @Test
    void hostMemoryIsNotChangedBeforeTheCardHasReadIt() {
        Tensor large = Rng.of(3).normal(Shape.of(5 << 19)); // 10 MB: the staging memory is filled several times
        Emulator.late(() -> {
            try (TensorScope scope = TensorScope.open()) {
                assertThat(large.to(device).toFloats()).isEqualTo(large.toFloats());
            }
        });
    }

    @Test
    void twoThreadsShareADevice() throws ExecutionException, InterruptedException {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Future<float[]>> results = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                results.add(threads.submit(() -> {
                    try (TensorScope scope = TensorScope.open()) {
                        Tensor x = random(16, 16);
                        return x.matmul(x).add(x).toFloats();
                    }
                }));
            }
            float[] expected = results.get(0).get();
            for (Future<float[]> result : results) {
                assertThat(result.get()).isEqualTo(expected);
            }
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void whatIsComputedThereIsMadeWhereALayerIs() {
        Linear layer;
        try (DeviceScope gpu = DeviceScope.open(device)) {
            layer = new Linear(3, 2, Rng.of(1));
        }
        assertThat(layer.there(() -> layer.forward(Tensor.ones(4, 3))).device()).isSameAs(device);
        Layer without = new Layer() {};
        assertThat(without.there(() -> Tensor.ones(1)).device()).isSameAs(Device.cpu());
    }

    @Test
    void scopesDecideWhereTensorsAreMade() {
        assertThat(Tensor.ones(2).device()).isSameAs(Device.cpu());
        try (DeviceScope gpu = DeviceScope.open(device)) {
            assertThat(Tensor.ones(2).device()).isSameAs(device);
            assertThat(Tensor.of(new int[] {1}, 1).device()).isSameAs(device);
            assertThat(Rng.of(1).normal(Shape.of(2)).device()).isSameAs(device);
            try (DeviceScope cpu = DeviceScope.open(Device.cpu())) {
                assertThat(Tensor.zeros(2).device()).isSameAs(Device.cpu());
                assertThatThrownBy(gpu::close).isInstanceOf(IllegalStateException.class);
            }
        }
        assertThat(Tensor.arange(2).device()).isSameAs(Device.cpu());
    }

    @Test
    void randomNumbersAreTheSameBitsOnBothDevices() {
        Tensor here = Rng.of(7).normal(Shape.of(1001));
        try (DeviceScope gpu = DeviceScope.open(device)) {
            Tensor there = Rng.of(7).normal(Shape.of(1001));
            assertThat(there.device()).isSameAs(device);
            assertThat(there.toFloats()).isEqualTo(here.toFloats());
        }
    }

    @Test
    void aModelMovesByItsStateAndACheckpointOfTheCardIsReadOnTheHost(@TempDir Path folder) {
        Linear there;
        try (DeviceScope gpu = DeviceScope.open(device)) {
            there = new Linear(5, 3, Rng.of(1));
        }
        assertThat(there.parameters().values()).allMatch(p -> p.device() == device);
        Path file = folder.resolve("model.safetensors");
        SafeTensors.write(file, there.state(), Map.of());
        Linear here = new Linear(5, 3, Rng.of(2));
        here.load(SafeTensors.read(file));
        Tensor x = Rng.of(3).normal(Shape.of(4, 5));
        assertThat(there.forward(x.to(device)).toFloats())
                .usingComparatorWithPrecision(1e-6f)
                .containsExactly(here.forward(x).toFloats());
        Linear back;
        try (DeviceScope gpu = DeviceScope.open(device)) {
            back = new Linear(5, 3, Rng.of(4));
        }
        back.load(here.state());
        assertThat(back.forward(x.to(device)).toFloats())
                .isEqualTo(there.forward(x.to(device)).toFloats());
    }

    // --- graphs and events ------------------------------------------------------------------------------------------

    @Test
    void aCapturedStepComputesTheSameFromNewInputs() {
        Tensor x = random(8, 8);
        Tensor w = random(8, 8);
        Tensor y = Tensor.empty(x.shape(), DType.FLOAT32, device);
        Runnable step = () -> {
            try (TensorScope scope = TensorScope.open()) {
                y.assign(x.matmul(w).tanh().add(x.softmax(-1)));
            }
        };
        step.run();
        float[] first = y.toFloats();
        try (CudaGraph graph = device.capture(step)) {
            y.assign(Tensor.zeros(8, 8));
            graph.replay();
            assertThat(y.toFloats()).isEqualTo(first);
            x.assign(Rng.of(2).normal(Shape.of(8, 8)));
            graph.replay();
            float[] replayed = y.toFloats();
            assertThat(replayed).isNotEqualTo(first);
            step.run();
            assertThat(y.toFloats()).isEqualTo(replayed);
        }
    }

    @Test
    void aCapturedStepMustNotReadResults() {
        Tensor x = random(4);
        assertThatThrownBy(() -> device.capture(() -> x.add(x).toFloats()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("CudaGraph: a captured step must not read results or wait, got download");
        assertThat(x.add(x).toFloats()[1]).isEqualTo(2 * x.toFloats()[1]); // and the device goes on
        CudaGraph graph = device.capture(() -> x.storage().checkAlive());
        graph.close();
        assertThatThrownBy(graph::replay).hasMessageContaining("must be open to be replayed");
    }

    @Test
    void whatOthersAskWhileAThreadRecordsIsNotRecorded() throws ExecutionException, InterruptedException {
        Tensor x = random(64);
        Tensor y = Tensor.empty(x.shape(), DType.FLOAT32, device);
        Runnable step = () -> y.assign(x.sin());
        step.run();
        float[] expected = x.exp().toFloats();
        CountDownLatch recording = new CountDownLatch(1);
        ExecutorService other = Executors.newSingleThreadExecutor();
        try {
            Future<float[]> result = other.submit(() -> {
                recording.await();
                return x.exp().toFloats();
            });
            try (CudaGraph graph = device.capture(() -> {
                recording.countDown();
                LockSupport.parkNanos(200_000_000); // in which the other asks
                step.run();
            })) {
                assertThat(result.get()).isEqualTo(expected);
                long before = Emulator.launches("EXP_value");
                graph.replay();
                assertThat(y.toFloats()).isEqualTo(x.sin().toFloats());
                assertThat(Emulator.launches("EXP_value")).isEqualTo(before).isPositive();
            }
        } finally {
            other.shutdown();
        }
    }

    @Test
    void aGraphThatCannotBeMadeGivesItsMemoryBack() {
        Tensor x = random(64);
        Tensor y = Tensor.empty(x.shape(), DType.FLOAT32, device);
        Runnable step = () -> {
            try (TensorScope scope = TensorScope.open()) {
                y.assign(x.exp().mul(Tensor.of(new float[] {3}, 1).to(device)));
            }
        };
        step.run();
        long reserved = device.arena().reservedBytes();
        Emulator.hooks().standinFail("cuGraphInstantiateWithFlags", 2, 0);
        assertThatThrownBy(() -> device.capture(step))
                .isInstanceOf(CudaException.class)
                .hasMessageStartingWith("cuGraphInstantiate: CUDA error 2");
        assertThat(device.arena().reservedBytes()).isEqualTo(reserved);
        try (CudaGraph graph = device.capture(step)) {
            graph.replay();
        }
    }

    @Test
    void aReplayUploadsTheNumbersOfItsRecordingAndTellsOfBadIndices() {
        Tensor table = random(4, 2);
        Tensor which = Tensor.of(new int[] {1, 3}, 2).to(device);
        Tensor y = Tensor.empty(Shape.of(2, 2), DType.FLOAT32, device);
        Runnable step = () -> {
            try (TensorScope scope = TensorScope.open()) {
                y.assign(table.gatherRows(which)
                        .mul(Tensor.of(new float[] {2, 3}, 1, 2).to(device)));
            }
        };
        step.run();
        float[] expected = y.toFloats();
        try (CudaGraph graph = device.capture(step)) {
            y.assign(Tensor.zeros(2, 2));
            graph.replay();
            assertThat(y.toFloats()).isEqualTo(expected);
            which.assign(Tensor.of(new int[] {0, 7}, 2));
            graph.replay();
            assertThatThrownBy(y::toFloats)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "CudaGraph: indices and integer divisors of a replayed step must be valid, got a bad one at"
                                    + " position 1");
        }
    }

    @Test
    void eventsMeasureTheStream() {
        try (CudaEvent start = device.event();
                CudaEvent end = device.event()) {
            start.record();
            end.record();
            end.await();
            assertThat(end.isDone()).isTrue();
            assertThat(end.millisSince(start)).isEqualTo(0.5);
        }
    }

    @Test
    void compiledKernelsComeFromTheCacheOnDisk(@TempDir Path folder) {
        Nvrtc nvrtc = Nvrtc.forDriver(13000);
        CubinCache cache = new CubinCache(nvrtc, folder);
        String source = "extern \"C\" __global__ void f() {}";
        byte[] code = cache.code("f.cu", source, List.of("-DVALUE=1"));
        long compilations = Emulator.hooks().standinCalls("nvrtcCompileProgram");
        assertThat(cache.code("f.cu", source, List.of("-DVALUE=1"))).isEqualTo(code);
        assertThat(Emulator.hooks().standinCalls("nvrtcCompileProgram")).isEqualTo(compilations);
        cache.code("f.cu", source, List.of("-DVALUE=2"));
        assertThat(Emulator.hooks().standinCalls("nvrtcCompileProgram")).isEqualTo(compilations + 1);
    }
}
