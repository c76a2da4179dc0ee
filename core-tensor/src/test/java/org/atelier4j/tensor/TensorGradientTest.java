package org.atelier4j.tensor;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.atelier4j.tensor.autograd.GradientCheck;
import org.atelier4j.tensor.autograd.TensorFunction;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.kernel.Distribution;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** First and second derivatives of the methods of {@link Tensor} that are made of several operations. */
class TensorGradientTest {

    @TestFactory
    Stream<DynamicTest> derivativesAgreeWithDifferences() {
        Map<String, TensorFunction> methods = new LinkedHashMap<>();
        methods.put("variance", in -> in[0].variance(1));
        methods.put("variance of all", in -> in[0].variance());
        methods.put("norm", in -> in[0].norm(0, 2));
        methods.put("logSumExp", in -> in[0].logSumExp(1));
        methods.put("softmax of an inner axis", in -> in[0].softmax(1));
        methods.put("logSoftmax of the first axis", in -> in[0].logSoftmax(0));
        methods.put("prod of two axes", in -> in[0].prod(0, 1));
        methods.put("sort rising", in -> in[0].sort(false).square());
        methods.put("sort falling", in -> in[0].sort(true).square());
        methods.put("top two", in -> in[0].gather(-1, in[0].topK(2)).square());
        methods.put("roll", in -> in[0].roll(1, -2).square());
        methods.put("tile", in -> in[0].tile(1, 2).square());
        methods.put("stack", in -> Tensor.stack(1, in[0], in[0].square()));
        methods.put("select", in -> in[0].select(1, 2).square());
        methods.put("split", in -> {
            var parts = in[0].split(-1, 2);
            return parts.get(0).mul(parts.get(1));
        });
        methods.put(
                "indexSelect",
                in -> in[0].indexSelect(1, Tensor.of(new int[] {2, 2, 0})).square());
        methods.put("dropout", in -> in[0].dropout(0.5, Rng.of(3)).square());
        methods.put("sumTo", in -> in[0].square().sumTo(Shape.of(3, 1)));
        methods.put(
                "transpose and reshape", in -> in[0].transpose().reshape(4, -1).square());
        methods.put(
                "standard score",
                in -> in[0].sub(in[0].mean(2)).div(in[0].variance(2).add(0.1).sqrt()));
        return methods.entrySet().stream()
                .map(e -> DynamicTest.dynamicTest(
                        e.getKey(),
                        () -> GradientCheck.of(e.getValue()).secondOrder().at(input())));
    }

    private static Tensor input() {
        return Rng.of(6).draw(Distribution.NORMAL, Shape.of(2, 3, 4), DType.FLOAT64, Device.cpu());
    }
}
