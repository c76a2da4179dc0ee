package org.atelier4j.autoregressive.pixel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.optim.AdamW;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.autograd.Gradients;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One whole training step against PyTorch, with three ordered colors: {@code golden/pixelcnn.md} says how it was made. */
class PixelCnnGoldenTest {
    private static final double CLIP = 0.1;

    private final GoldenFile golden = GoldenFile.load("golden/pixelcnn.safetensors");

    /** A model with the parameters of a case; loading is strict, so names and shapes are the reference's. */
    private PixelCnn model(String name) {
        boolean mixture = name.equals("mixture");
        PixelCnn.Grid grid = new PixelCnn.Grid(5, 6, 3, mixture ? 32 : 8);
        PixelCnn model =
                new PixelCnn(new PixelCnn.Config(grid, mixture ? 4 : 0, 0, new PixelCnn.Size(6, 2, 3), 2), Rng.of(1));
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        String prefix = name + ".p.";
        golden.names().stream()
                .filter(n -> n.startsWith(prefix))
                .forEach(n -> parameters.put(n.substring(prefix.length()), golden.tensor(n)));
        model.load(parameters);
        return model;
    }

    private Tensor loss(PixelCnn model, String name) {
        return model.bitsPerDimension(golden.tensor(name + ".values"), golden.tensor(name + ".labels"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"softmax", "mixture"})
    void thePredictionIsThatOfPyTorch(String name) {
        Tensor y = model(name).parameters(golden.tensor(name + ".values"), golden.tensor(name + ".labels"));

        TensorAssert.assertThat(y.detach()).isCloseTo(golden.tensor(name + ".y"), 1e-4, 1e-5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"softmax", "mixture"})
    void lossAndAllGradientsAreThoseOfPyTorch(String name) {
        PixelCnn model = model(name);
        Tensor loss = loss(model, name);
        Gradients gradients = loss.backward();

        assertThat(loss.item()).isCloseTo(golden.tensor(name + ".loss").item(), within(1e-5));
        model.parameters().forEach((path, parameter) -> {
            Tensor expected = golden.tensor(name + ".g." + path);
            double error = gradients.get(parameter).sub(expected).norm().item();
            assertThat(error / Math.max(1e-4, expected.norm().item()))
                    .as("relative error of the gradient of %s", path)
                    .isLessThan(1e-4);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"softmax", "mixture"})
    void oneStepOfAdamWLeadsToTheSameParameters(String name) {
        PixelCnn model = model(name);
        AdamW optimizer = new AdamW(model.parameters(), AdamW.Config.of(1e-3).withWeightDecay(0));

        double norm = optimizer
                .step(loss(model, name).backward(), new GradientClip(CLIP))
                .item();

        assertThat(norm).isCloseTo(golden.tensor(name + ".norm").item(), within(1e-4 * norm));
        // Adam's first step has the size of the rate whatever the gradient: one near 0 may point the other way
        model.parameters().forEach((path, parameter) -> {
            double[] got = parameter.toDoubles();
            double[] expected = golden.tensor(name + ".a." + path).toDoubles();
            double[] slope = golden.tensor(name + ".g." + path).toDoubles();
            for (int i = 0; i < got.length; i++) {
                if (Math.abs(slope[i]) > 1e-5) {
                    assertThat(got[i]).as("%s[%d]", path, i).isCloseTo(expected[i], within(2e-6));
                }
            }
        });
    }
}
