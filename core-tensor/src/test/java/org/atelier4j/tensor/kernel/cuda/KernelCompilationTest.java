package org.atelier4j.tensor.kernel.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.atelier4j.tensor.device.cuda.CompiledKernels;
import org.atelier4j.tensor.device.cuda.CudaException;
import org.atelier4j.tensor.device.cuda.Nvrtc;
import org.atelier4j.tensor.kernel.Binary;
import org.atelier4j.tensor.kernel.Formula;
import org.atelier4j.tensor.kernel.Formula.Step;
import org.atelier4j.tensor.kernel.Unary;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every kernel compiles with the real compiler, where one is at hand, for the cards that the library is for. */
class KernelCompilationTest {
    /** Returns the machine's NVRTC; the property lets a build name one. */
    private static Nvrtc nvrtc() {
        try {
            String named = System.getProperty("atelier.test.nvrtc", System.getenv("ATELIER_TEST_NVRTC"));
            return named == null ? Nvrtc.newest() : Nvrtc.open(named);
        } catch (CudaException e) {
            Assumptions.abort("skipped compiling the CUDA kernels: " + e.getMessage());
            throw e;
        }
    }

    private static void compiles(CompiledKernels kernels, Code code, List<String> variant, String architecture) {
        if (Integer.parseInt(architecture.replaceAll("\\D", "")) < code.oldestCapability()) {
            return; // never asked for on such cards
        }
        assertThat(kernels.of(code, variant, architecture))
                .as("%s %s for %s", code, variant, architecture)
                .startsWith(0x7f, 'E', 'L', 'F');
    }

    @Test
    void everyFileCompilesForTheOldestAndTheNewestCard() {
        CompiledKernels kernels = new CompiledKernels(nvrtc());
        for (String architecture : List.of("sm_75", "sm_120")) {
            for (Code code : Code.values()) {
                compiles(kernels, code, code.variants().get(0), architecture);
            }
        }
    }

    /** A formula of every function and every pair, of tensors and numbers. */
    private static List<String> everyStep() {
        List<Step> steps = new ArrayList<>(List.of(new Step.Number(2)));
        int inputs = 3;
        for (Unary.Function f : Unary.Function.values()) {
            steps.add(new Step.Function(f, steps.size() % inputs, 0));
            steps.add(new Step.Pair(Binary.ADD, inputs + steps.size() - 2, inputs + steps.size() - 1));
        }
        for (Binary f : Binary.values()) {
            if (f != Binary.POW) {
                steps.add(new Step.Pair(f, steps.size() % inputs, inputs + steps.size() - 1));
            }
        }
        return Formulas.defines(new Formula(inputs, 3, steps, List.of(inputs + steps.size() - 1)));
    }

    private static void everyStepCompiles(CompiledKernels kernels, String architecture) {
        for (String element : List.of("float", "double", "bf16")) {
            List<String> variant = new ArrayList<>(List.of("-DELEMENT=" + element));
            variant.addAll(everyStep());
            compiles(kernels, Code.FORMULA, variant, architecture);
        }
    }

    @Test
    void formulasCompileForTheOldestAndTheNewestCard() {
        CompiledKernels kernels = new CompiledKernels(nvrtc());
        everyStepCompiles(kernels, "sm_75");
        everyStepCompiles(kernels, "sm_120");
    }

    @ParameterizedTest
    @ValueSource(strings = {"sm_75", "sm_80", "sm_86", "sm_89", "sm_90a", "sm_100", "sm_120"})
    @Tag("slow")
    void everyVariantCompilesFor(String architecture) {
        CompiledKernels kernels = new CompiledKernels(nvrtc());
        for (Code code : Code.values()) {
            for (List<String> variant : code.variants()) {
                compiles(kernels, code, variant, architecture);
            }
        }
        everyStepCompiles(kernels, architecture);
    }

    @Test
    void aMistakeIsToldWithFileAndLine() {
        Nvrtc nvrtc = nvrtc();
        assertThatThrownBy(() -> nvrtc.compile("wrong.cu", "\n__global__ void f() { y = 1; }", List.of("-arch=sm_90")))
                .isInstanceOf(CudaException.class)
                .hasMessageContaining("wrong.cu(2): error: identifier \"y\" is undefined");
    }

    /** Spills mean that a kernel asks for more registers than a thread can have: worth knowing at once. */
    @Test
    void hotKernelsSpillNothingAndThoseForTensorCoresAFewNumbers() {
        Nvrtc nvrtc = nvrtc();
        List<String> hot = List.of(
                "matmulNN",
                "matmulNT",
                "matmulTN",
                "matmulTT",
                "convForward",
                "convInput",
                "convWeight",
                "normForward",
                "nearestCode",
                "gumbelSoftmax",
                "evaluateWide",
                "attention64",
                "attentionKeys128");
        List<KernelReport> reports = KernelReport.of(nvrtc, 90);
        assertThat(reports).hasSizeGreaterThan(100);
        assertThat(reports)
                .filteredOn(r -> hot.contains(r.kernel()))
                .hasSize(2 * hot.size() - 6) // products on both kinds of cores
                .allSatisfy(r -> {
                    boolean tiles = r.file().endsWith("tensor cores"); // 128 registers, so that two blocks fit
                    assertThat(r.spillBytes()).as("%s", r).isLessThanOrEqualTo(tiles ? 96 : 0);
                    assertThat(r.registers()).as("%s", r).isBetween(16, 255);
                });
    }

    @Test
    void reportsAreReadFromTheCompilersWords() {
        String log = """
            ptxas info    : 0 bytes gmem
            ptxas info    : Compiling entry function 'softmax' for 'sm_90'
            ptxas info    : Function properties for softmax
            ptxas         .     8 bytes stack frame, 4 bytes spill stores, 12 bytes spill loads
            ptxas info    : Used 30 registers, used 1 barriers, 128 bytes smem
            ptxas info    : Compiling entry function 'other' for 'sm_90'
            ptxas         .     0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
            ptxas info    : Used 8 registers
            """;
        assertThat(KernelReport.parse("a.cu", log))
                .containsExactly(
                        new KernelReport("a.cu", "softmax", 30, 128, 8, 16),
                        new KernelReport("a.cu", "other", 8, 0, 0, 0));
    }
}
