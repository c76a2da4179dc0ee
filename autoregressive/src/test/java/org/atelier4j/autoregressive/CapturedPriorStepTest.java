package org.atelier4j.autoregressive;

import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.autoregressive.pixel.PixelCnn;
import org.atelier4j.autoregressive.pixel.PixelCnnStep;
import org.atelier4j.autoregressive.pixel.PixelLevels;
import org.atelier4j.autoregressive.transformer.CausalTransformer;
import org.atelier4j.autoregressive.transformer.MaskedPrior;
import org.atelier4j.autoregressive.transformer.MaskedTransformer;
import org.atelier4j.autoregressive.transformer.TransformerConfig;
import org.atelier4j.autoregressive.transformer.TransformerPrior;
import org.atelier4j.data.Batch;
import org.atelier4j.model.CodeGrid;
import org.atelier4j.nn.Layer;
import org.atelier4j.optim.AdamW;
import org.atelier4j.optim.Ema;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.train.CapturedStep;
import org.atelier4j.train.Twins;
import org.atelier4j.train.Twins.Twin;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Training a prior on an (emulated) card is one graph a step and gives the numbers of single kernels. */
class CapturedPriorStepTest {
    private static final CodeSpace SPACE = new CodeSpace(8, 3, 3, 2);

    private static Map<String, Tensor> state(Layer network, AdamW optimizer, Ema ema) {
        Map<String, Tensor> all = new LinkedHashMap<>(network.state());
        optimizer.state().forEach((path, t) -> all.put("optimizer " + path, t));
        ema.state().forEach((path, t) -> all.put("average " + path, t));
        return all;
    }

    private static Twin<CodeBatch> transformer(boolean masked) {
        TransformerConfig sizes = TransformerConfig.of(16, 2, 2).withDropout(0.2);
        CodePrior prior = masked
                ? new MaskedPrior(new MaskedTransformer(new MaskedTransformer.Config(SPACE, sizes, 0.1), Rng.of(1)))
                : new TransformerPrior(new CausalTransformer(new CausalTransformer.Config(SPACE, sizes), Rng.of(1)));
        AdamW optimizer = new AdamW(prior.network().parameters(), AdamW.Config.of(1e-2));
        Ema ema = new Ema(prior.network(), Ema.Config.of(100));
        PriorStep.Settings settings = new PriorStep.Settings(0.3, new GradientClip(1), Rng.of(5));
        return new Twin<>(new PriorStep(prior, optimizer, ema, settings), () -> state(prior.network(), optimizer, ema));
    }

    private static CodeBatch codes(long step) {
        Rng rng = Rng.of(7).split(step);
        CodeGrid grid = new CodeGrid(rng.split("codes").integers(SPACE.size(), Shape.of(4, 3, 3)), SPACE.size());
        return new CodeBatch(grid, rng.split("labels").integers(2, Shape.of(4)));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void replaysOfATransformersStepAreTheEagerSteps(boolean masked) {
        Twins.assertAlike(
                () -> transformer(masked), CapturedPriorStepTest::codes, step -> ((PriorStep) step).captured());
    }

    private static Twin<Batch> pixels(int components) {
        PixelCnn.Grid grid = new PixelCnn.Grid(4, 4, 1, 4);
        PixelCnn model =
                new PixelCnn(new PixelCnn.Config(grid, components, 0, new PixelCnn.Size(6, 1, 3), 2), Rng.of(1));
        AdamW optimizer = new AdamW(model.parameters(), AdamW.Config.of(1e-2));
        Ema ema = new Ema(model, Ema.Config.of(20));
        var settings = new PixelCnnStep.Settings(new PixelLevels(2), 0.3, new GradientClip(1), Rng.of(5));
        return new Twin<>(new PixelCnnStep(model, optimizer, ema, settings), () -> state(model, optimizer, ema));
    }

    private static Batch images(long step) {
        Tensor images = Rng.of(7).split(step).normal(Shape.of(2, 4, 4, 1)).clamp(-1, 1);
        return new Batch(images, Rng.of(8).split(step).integers(2, Shape.of(2)));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    void replaysOfAPixelCnnsStepAreTheEagerSteps(int components) {
        Twins.assertAlike(() -> pixels(components), CapturedPriorStepTest::images, CapturedStep::of);
    }
}
