package org.atelier4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.tensor.autograd.TensorFunction;
import org.junit.jupiter.api.DynamicTest;

/**
 * Values and gradients of functions against those that PyTorch computed in float64: {@code <name>.in0 …} are the inputs,
 * {@code .out} the result, {@code .dy} a cotangent and {@code .g0 …} the gradients of the floating inputs.
 */
public final class GoldenCases {
    private GoldenCases() {}

    /** Returns one test per case and element type, and one that the file and the functions name the same cases. */
    public static Stream<DynamicTest> of(String path, Map<String, TensorFunction> functions) {
        GoldenFile golden = GoldenFile.load(path);
        List<DynamicTest> tests = new ArrayList<>();
        Set<String> inFile = golden.names().stream()
                .map(n -> n.substring(0, n.lastIndexOf('.')))
                .collect(Collectors.toCollection(TreeSet::new));
        tests.add(DynamicTest.dynamicTest(
                "every case of " + path + " is checked",
                () -> assertThat(functions.keySet()).isEqualTo(inFile)));
        functions.forEach((name, f) -> {
            tests.add(DynamicTest.dynamicTest(
                    name + " FLOAT64", () -> check(golden, name, f, DType.FLOAT64, 1e-10, 1e-11)));
            tests.add(DynamicTest.dynamicTest(
                    name + " FLOAT32", () -> check(golden, name, f, DType.FLOAT32, 2e-4, 2e-5)));
        });
        return tests.stream();
    }

    private static void check(GoldenFile golden, String name, TensorFunction f, DType dtype, double rtol, double atol) {
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> inputs = new ArrayList<>();
            for (int i = 0; golden.names().contains(name + ".in" + i); i++) {
                Tensor x = golden.tensor(name + ".in" + i);
                inputs.add(x.dtype().isFloating() ? x.to(dtype).requireGradient() : x);
            }
            Tensor y = f.apply(inputs.toArray(Tensor[]::new));
            TensorAssert.assertThat(y)
                    .as("value")
                    .isCloseTo(golden.tensor(name + ".out").to(dtype), rtol, atol);
            Gradients g = Gradients.ofProduct(y, golden.tensor(name + ".dy").to(dtype), List.of(), false);
            for (int i = 0; i < inputs.size(); i++) {
                if (golden.names().contains(name + ".g" + i)) {
                    TensorAssert.assertThat(g.get(inputs.get(i)))
                            .as("gradient of input %d", i)
                            .isCloseTo(golden.tensor(name + ".g" + i).to(dtype), rtol, atol);
                }
            }
        }
    }
}
