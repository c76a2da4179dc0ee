package org.atelier4j.autoregressive.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.autoregressive.CodeSpace;
import org.atelier4j.model.CodeGrid;
import org.atelier4j.nn.Layer;
import org.atelier4j.optim.AdamW;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.optim.LearningRate;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.autograd.Gradients;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One whole training step of both models against PyTorch: {@code golden/transformers.md} says how the numbers were made. */
class TransformerGoldenTest {
    private static final CodeSpace SPACE = new CodeSpace(11, 3, 4, 3);

    /** A network with the reference's weights, its logits and its loss. */
    private static final class Case {
        private final GoldenFile golden;
        private final Layer network;
        private final Tensor logits;
        private final Tensor loss;

        Case(String name) {
            golden = GoldenFile.load("golden/" + name + ".safetensors");
            TransformerConfig config = name.endsWith("rotary") ? Networks.ROTARY : Networks.LEARNED;
            Tensor codes = golden.tensor("codes");
            Tensor labels = golden.tensor("labels");
            if (name.startsWith("causal")) {
                CausalTransformer causal =
                        new CausalTransformer(new CausalTransformer.Config(SPACE, config), Rng.of(1));
                causal.load(parameters());
                network = causal;
                logits = causal.forward(labels, codes.slice(1, 0, SPACE.length() - 1));
                CodeGrid grid = new CodeGrid(codes.reshape(-1, 3, 4), SPACE.size());
                loss = new TransformerPrior(causal).loss(grid, labels, Rng.of(1));
            } else {
                double smoothing = name.endsWith("rotary") ? 0 : 0.1;
                MaskedTransformer masked =
                        new MaskedTransformer(new MaskedTransformer.Config(SPACE, config, smoothing), Rng.of(1));
                masked.load(parameters());
                network = masked;
                Tensor hidden = golden.tensor("masked");
                Tensor mask = Tensor.full(masked.mask(), DType.INT32, codes.shape());
                logits = masked.forward(labels, Tensor.where(hidden, mask, codes));
                loss = new MaskedPrior(masked).loss(codes, labels, hidden);
            }
        }

        private Map<String, Tensor> parameters() {
            Map<String, Tensor> parameters = new LinkedHashMap<>();
            golden.names().stream()
                    .filter(path -> path.startsWith("p."))
                    .forEach(path -> parameters.put(path.substring(2), golden.tensor(path)));
            return parameters; // loading is strict: names and shapes are the reference's
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"causal-learned", "causal-rotary", "masked", "masked-rotary"})
    void logitsLossAndAllGradientsAreThoseOfPyTorch(String name) {
        Case c = new Case(name);
        Gradients gradients = c.loss.backward();

        TensorAssert.assertThat(c.logits.detach()).isCloseTo(c.golden.tensor("logits"), 1e-4, 1e-5);
        assertThat(c.loss.item()).isCloseTo(c.golden.tensor("loss").item(), within(1e-5));
        c.network.parameters().forEach((path, parameter) -> {
            Tensor expected = c.golden.tensor("g." + path);
            double error = gradients.get(parameter).sub(expected).norm().item();
            assertThat(error / Math.max(1e-4, expected.norm().item()))
                    .as("relative error of the gradient of %s", path)
                    .isLessThan(1e-4);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"causal-learned", "causal-rotary", "masked", "masked-rotary"})
    void oneStepOfAdamWLeadsToTheSameParameters(String name) {
        Case c = new Case(name);
        AdamW.Config config = new AdamW.Config(LearningRate.constant(1e-3), 0.9, 0.99, 1e-8, 0.02);

        double norm = new AdamW(c.network.parameters(), config)
                .step(c.loss.backward(), new GradientClip(0.05))
                .item();

        assertThat(norm).isCloseTo(c.golden.tensor("norm").item(), within(1e-4 * norm));
        // Adam's first step has the size of the rate whatever the gradient: one near 0 may point the other way
        c.network.parameters().forEach((path, parameter) -> {
            double[] got = parameter.toDoubles();
            double[] expected = c.golden.tensor("a." + path).toDoubles();
            double[] slope = c.golden.tensor("g." + path).toDoubles();
            for (int i = 0; i < got.length; i++) {
                if (Math.abs(slope[i]) > 1e-5) {
                    assertThat(got[i]).as("%s[%d]", path, i).isCloseTo(expected[i], within(2e-6));
                }
            }
        });
    }
}
