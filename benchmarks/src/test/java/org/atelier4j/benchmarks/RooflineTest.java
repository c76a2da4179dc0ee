package org.atelier4j.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RooflineTest {
    private static final double COMPUTE_MICROS = 2.0 * 2048 * 2048 * 2048 / 100e9 * 1e6; // 100 GFLOP/s
    private static final double MEMORY_MICROS = 2.0 * 4 * 64 * 64 * 64 * 128 / 20e9 * 1e6; // 20 GB/s

    private static Results results(String kernel, double micros) {
        Machine machine = new Machine("2026-11-24", "Some Processor", 4, "AVX2", 8L, "Linux", "17", 2, List.of(), 0);
        List<Results.Timing> timings = new ArrayList<>();
        timings.add(new Results.Timing(Task.COMPUTE_ROOF.name(), Engine.ATELIER, List.of(2 * COMPUTE_MICROS)));
        timings.add(new Results.Timing(Task.COMPUTE_ROOF.name(), Engine.ONEDNN, List.of(COMPUTE_MICROS)));
        timings.add(new Results.Timing(Task.COMPUTE_ROOF.name(), "pytorch", List.of(COMPUTE_MICROS / 2)));
        timings.add(new Results.Timing(Task.MEMORY_ROOF.name(), Engine.LIBTORCH, List.of(MEMORY_MICROS)));
        timings.add(new Results.Timing(kernel, Engine.ATELIER, List.of(micros)));
        timings.add(new Results.Timing(kernel, Engine.ND4J, List.of(4 * micros)));
        return new Results(machine, timings, List.of());
    }

    @Test
    void theRoofIsTheBestOfAllEnginesInThisProcess() {
        Roofline.Roof roof = Roofline.Roof.of(results("silu-1M", 1)).orElseThrow();
        assertThat(roof.flops()).isCloseTo(100e9, within(1.0));
        assertThat(roof.bytes()).isCloseTo(20e9, within(1.0));
    }

    @Test
    void aKernelOfLittleArithmeticIsBoundByMemory() {
        // 2^20 numbers in and out: 8 MiB at 20 GB/s are 419.4 µs; it took twice as long
        double least = 2 * 4 * (1 << 20) / 20e9 * 1e6;
        assertThat(Roofline.markdown(results("silu-1M", 2 * least)))
                .contains("Some Processor, 2 threads: 100 GFLOP/s and 20.0 GB/s, which meet at 5 operations per byte.")
                .contains("| silu-1M | 0.50 | memory | 5.0 | 10.0 | 50 % | 13 % nd4j |\n");
    }

    @Test
    void aProductIsBoundByArithmetic() {
        double least = 2.0 * 1024 * 1024 * 1024 / 100e9 * 1e6;
        assertThat(Roofline.markdown(results("matmul-1024", least / 0.8)))
                .contains("| matmul-1024 | 170.67 | arithmetic | 80.0 | 0.5 | 80 % | 20 % nd4j |\n");
    }

    @Test
    void withoutARoofThereIsNoTable() {
        Machine machine = new Machine("2026-11-24", "P", 4, "AVX2", 8L, "Linux", "17", 2, List.of(), 0);
        assertThat(Roofline.markdown(new Results(machine, List.of(), List.of())))
                .isEqualTo("The roof of this machine is not measured yet.\n\n");
    }
}
