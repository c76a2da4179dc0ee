package org.atelier4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.atelier4j.examples.CommandLineFixture.atelier;

import org.atelier4j.tensor.device.cuda.Emulator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class DoctorTest {
    @BeforeAll
    static void offerACard() {
        Emulator.offer();
    }

    @Test
    void tellsJavaKernelsVersionsMemoryDataAndSpeed() {
        CommandLineFixture result = atelier("doctor");

        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out())
                .contains("java       " + Runtime.version())
                .containsPattern("kernels +(onednn|nd4j): ")
                .containsPattern("libraries +ND4J 1\\.0\\.0-M2\\.1, oneDNN 3\\.\\d+.*, OpenBLAS 0\\.3\\..*")
                .containsPattern("products +float32 (by default; bfloat16 where|only: the processor does not)")
                .containsPattern("speed +\\d+ GFLOP/s")
                .containsPattern("data +fashion-mnist-small: 11500 \\+ 2000 images")
                .containsPattern("card +\\w");
    }

    @Test
    void aLibraryThatIsNotThereHasNoVersion() {
        assertThat(Machine.version("org.example", "nothing")).isEqualTo("?");
    }
}
