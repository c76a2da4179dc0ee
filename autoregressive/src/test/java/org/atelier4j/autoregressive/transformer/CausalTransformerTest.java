package org.atelier4j.autoregressive.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.autoregressive.CodeSpace;
import org.atelier4j.nn.AttentionMask;
import org.atelier4j.nn.KeyValueCache;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.autograd.NoGrad;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CausalTransformerTest {
    private static final CodeSpace SPACE = new CodeSpace(7, 3, 4, 2);

    private static TransformerConfig config(boolean rotary) {
        return rotary ? Networks.ROTARY : Networks.LEARNED;
    }

    /** The Jacobian of position i of the trunk with respect to vector j is zero where j comes later, and not where it does not. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void noPositionSeesALaterOne(boolean rotary) {
        TransformerTrunk trunk = new TransformerTrunk(config(rotary), SPACE, Rng.of(1));
        trunk.parameters()
                .forEach((path, p) ->
                        p.assign(Rng.of(2).split(path).normal(p.shape()).mul(0.4)));
        Tensor x = Rng.of(3).normal(Shape.of(1, SPACE.length(), 16)).requireGradient();
        Tensor weight = Rng.of(4).normal(Shape.of(1, 16)); // a random direction of the output
        for (int i = 0; i < SPACE.length(); i++) {
            Tensor y = trunk.forward(x, AttentionMask.CAUSAL);
            float[] slopes = y.select(1, i)
                    .mul(weight)
                    .sum()
                    .backward()
                    .get(x)
                    .abs()
                    .sum(2)
                    .toFloats();
            for (int j = 0; j < SPACE.length(); j++) {
                if (j > i) {
                    assertThat(slopes[j]).as("output %d, input %d", i, j).isZero();
                } else {
                    assertThat(slopes[j]).as("output %d, input %d", i, j).isGreaterThan(1e-4f);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void logitsOfACodeDoNotMoveWhenItOrALaterOneChanges(boolean rotary) {
        CausalTransformer network = Networks.causal(SPACE, config(rotary), 1);
        int[] codes = Networks.grid(SPACE, 1, 5).codes().toInts();
        Tensor before = logits(network, codes);
        for (int i = 0; i < codes.length - 1; i++) {
            int[] changed = codes.clone();
            changed[i] = (changed[i] + 1) % SPACE.size();
            Tensor after = logits(network, changed);

            TensorAssert.assertThat(after.slice(1, 0, i + 1)).isIdenticalTo(before.slice(1, 0, i + 1));
            assertThat(after.sub(before).select(1, i + 1).abs().max().item()).isGreaterThan(1e-3);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void cachedLogitsAreThoseOfAWholePass(boolean rotary) {
        CodeSpace space = new CodeSpace(9, 8, 9, 2); // 72 codes: the cache grows twice
        CausalTransformer network = Networks.causal(space, config(rotary), 1);
        Tensor labels = Networks.labels(0, 2, 1);
        Tensor codes = Networks.grid(space, 3, 6).codes().reshape(3, -1);
        try (NoGrad off = NoGrad.open();
                Layer.Mode mode = network.evaluating();
                KeyValueCache cache = network.cache()) {
            Tensor whole = network.forward(labels, codes.slice(1, 0, space.length() - 1));
            int first = 5;
            TensorAssert.assertThat(network.begin(labels, codes.slice(1, 0, first), cache))
                    .isCloseTo(whole.select(1, first), 1e-5, 1e-5);
            for (int i = first + 1; i < space.length(); i++) {
                TensorAssert.assertThat(network.next(codes.select(1, i - 1), cache))
                        .isCloseTo(whole.select(1, i), 1e-5, 1e-5);
            }
            assertThat(cache.length()).isEqualTo(space.length());
        }
    }

    @Test
    void theClassMattersEverywhere() {
        CausalTransformer network = Networks.causal(SPACE, Networks.LEARNED, 1);
        Tensor codes = Networks.grid(SPACE, 1, 5).codes().reshape(1, -1).slice(1, 0, 11);
        Tensor difference = network.forward(Networks.labels(0), codes)
                .sub(network.forward(Networks.labels(1), codes))
                .abs()
                .max(2);
        for (float d : difference.toFloats()) {
            assertThat(d).isGreaterThan(1e-3f);
        }
    }

    @Test
    void weightsStartSoThatAllCodesAreAboutEquallyProbable() {
        CodeSpace space = new CodeSpace(100, 3, 4, 2);
        CausalTransformer network =
                new CausalTransformer(new CausalTransformer.Config(space, TransformerConfig.of(32, 2, 2)), Rng.of(1));
        double loss = new TransformerPrior(network)
                .loss(Networks.grid(space, 8, 1), Tensor.of(new int[8], 8), Rng.of(1))
                .item();

        assertThat(loss).isCloseTo(Math.log(100), within(0.05));
    }

    @Test
    void dropoutActsInTrainingOnly() {
        CausalTransformer network = new CausalTransformer(
                new CausalTransformer.Config(SPACE, Networks.LEARNED.withDropout(0.3)), Rng.of(1));
        Tensor codes = Networks.grid(SPACE, 1, 5).codes().reshape(1, -1).slice(1, 0, 11);
        Tensor labels = Networks.labels(0);

        assertThat(network.forward(labels, codes)
                        .sub(network.forward(labels, codes))
                        .abs()
                        .max()
                        .item())
                .isGreaterThan(1e-4);
        try (Layer.Mode mode = network.evaluating()) {
            TensorAssert.assertThat(network.forward(labels, codes).detach())
                    .isIdenticalTo(network.forward(labels, codes).detach());
        }
    }

    @Test
    void aTiedOutputHasNoWeightsOfItsOwn() {
        Map<String, Tensor> tied =
                new LinkedHashMap<>(Networks.causal(SPACE, Networks.LEARNED, 1).parameters());
        Map<String, Tensor> free =
                Networks.causal(SPACE, Networks.LEARNED.withTied(false), 1).parameters();

        assertThat(tied).doesNotContainKey("head.weight");
        assertThat(free.get("head.weight").shape()).isEqualTo(Shape.of(7, 16));
        tied.put("head.weight", free.get("head.weight"));
        assertThat(tied.keySet()).isEqualTo(free.keySet());
    }

    @Test
    void errorsNameTheNumbers() {
        CausalTransformer network = Networks.causal(SPACE, Networks.LEARNED, 1);
        Tensor codes = Networks.grid(SPACE, 1, 5).codes().reshape(1, -1);

        assertThatThrownBy(() -> network.forward(Networks.labels(0), codes))
                .hasMessage("CausalTransformer: codes must be (B, m < 12), got [1, 12]");
        assertThatThrownBy(() -> new TransformerConfig(
                        10, 1, 3, FeedForward.Kind.GELU, TransformerConfig.Positions.LEARNED, 0, true))
                .hasMessage(
                        "TransformerConfig: width and depth must be >= 1 and heads divide the width, got 10, 1 and 3");
        assertThatThrownBy(() -> TransformerConfig.of(12, 1, 2).withPositions(TransformerConfig.Positions.ROTARY))
                .hasMessage("TransformerConfig: with rotary positions width/heads must be a multiple of 4, got 12/2");
        assertThatThrownBy(() -> Networks.LEARNED.withDropout(1))
                .hasMessage("TransformerConfig: dropout must lie in [0, 1), got 1.0");
        try (KeyValueCache cache = network.cache()) {
            assertThatThrownBy(() -> network.next(Networks.labels(0), cache))
                    .hasMessage("KeyValueCache: must be used under NoGrad, gradients do not pass through it");
        }
        try (NoGrad off = NoGrad.open();
                KeyValueCache cache = network.cache()) {
            network.begin(Networks.labels(0), codes.slice(1, 0, 3), cache);
            assertThatThrownBy(() -> network.begin(Networks.labels(0), codes.slice(1, 0, 3), cache))
                    .hasMessage("CausalTransformer: cache must be empty, holds 4 tokens");
        }
    }

    private static Tensor logits(CausalTransformer network, int[] codes) {
        Tensor first = Tensor.of(codes, 1, codes.length).slice(1, 0, codes.length - 1);
        return network.forward(Networks.labels(1), first).detach();
    }
}
