package org.atelier4j.vqvae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.atelier4j.data.Batch;
import org.atelier4j.optim.Adam;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.train.StepReport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One whole training step against PyTorch: {@code golden/vqvae.md} says how the numbers were made. */
class VqVaeGoldenTest {
    private static final AutoencoderConfig NETWORK = new AutoencoderConfig(2, 4, List.of(1, 2, 2), 1, 2, false, 3);
    private static final NearestCodebook.Config CODEBOOK = NearestCodebook.Config.paper(7, 5)
            .withCommitmentCost(0.4)
            .withLearning(
                    new NearestCodebook.Learning(NearestCodebook.Rule.EMA, 0.9, NearestCodebook.Start.UNIFORM, 0));

    private final GoldenFile golden = GoldenFile.load("golden/vqvae.safetensors");
    private final VqVae model = new VqVae(VqVaeConfig.of(NETWORK, CODEBOOK), Rng.of(1));

    @BeforeEach
    void takeWeights() {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        model.parameters().keySet().forEach(path -> weights.put(path, golden.tensor("p." + path)));
        for (String part : List.of("weight", "cluster_size", "embed_avg")) {
            weights.put("quantize.embedding." + part, golden.tensor(part));
        }
        model.load(weights);
    }

    @Test
    void theCodesAreThoseOfPyTorch() {
        assertThat(model.tokenize(golden.tensor("x")).codes().toInts())
                .isEqualTo(golden.tensor("codes").toInts());
    }

    @Test
    void lossAndAllGradientsAreThoseOfPyTorch() {
        Tensor x = golden.tensor("x");

        VqVae.Pass pass = model.forward(x, 0, Rng.of(1));
        VqLoss.Value loss = new VqLoss(VqLoss.Reconstruction.L2).of(pass, x);
        Gradients gradients = loss.total().backward();

        TensorAssert.assertThat(pass.images().detach()).isCloseTo(golden.tensor("y"), 1e-4, 1e-5);
        assertThat(loss.total().item()).isCloseTo(number("loss"), within(1e-5));
        assertThat(loss.reconstruction().item()).isCloseTo(number("reconstruction"), within(1e-5));
        model.parameters().forEach((path, parameter) -> {
            Tensor expected = golden.tensor("g." + path);
            double error = gradients.get(parameter).sub(expected).norm().item();
            assertThat(error / Math.max(1e-3, expected.norm().item()))
                    .as("relative error of the gradient of %s", path)
                    .isLessThan(1e-4);
        });
    }

    @Test
    void oneStepLeadsToTheSameParametersAndTheSameCodebook() {
        CodebookUsage usage = new CodebookUsage(7, 1);
        VqVaeStep.Settings settings =
                new VqVaeStep.Settings(new VqLoss(VqLoss.Reconstruction.L2), usage, GradientClip.NONE, Rng.of(1));
        Tensor x = golden.tensor("x");

        StepReport report = new VqVaeStep(model, new Adam(model.parameters(), Adam.Config.of(1e-3)), settings)
                .run(new Batch(x, Tensor.zeros(x.dim(0)).to(DType.INT32)), 1);

        assertThat(report.scalars())
                .hasEntrySatisfying("loss", loss -> assertThat(loss).isCloseTo(number("loss"), within(1e-5)))
                .hasEntrySatisfying("commitment", c -> assertThat(c).isCloseTo(number("commitment"), within(1e-5)))
                .hasEntrySatisfying("used", used -> assertThat(used).isEqualTo(5 / 7.0));
        // Adam's first step has the size of the rate whatever the gradient: one near 0 may point the other way
        model.parameters().forEach((path, parameter) -> {
            double[] got = parameter.toDoubles();
            double[] expected = golden.tensor("a." + path).toDoubles();
            double[] slope = golden.tensor("g." + path).toDoubles();
            for (int i = 0; i < got.length; i++) {
                if (Math.abs(slope[i]) > 1e-5) {
                    assertThat(got[i]).as("%s[%d]", path, i).isCloseTo(expected[i], within(5e-6));
                }
            }
        });
        for (String part : List.of("weight", "cluster_size", "embed_avg")) {
            Tensor learned = Objects.requireNonNull(model.state().get("quantize.embedding." + part));
            TensorAssert.assertThat(learned).isCloseTo(golden.tensor("after_" + part), 1e-4, 1e-5);
        }
    }

    private double number(String name) {
        return golden.tensor(name).item();
    }
}
