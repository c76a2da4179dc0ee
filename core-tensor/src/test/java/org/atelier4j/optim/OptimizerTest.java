package org.atelier4j.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.atelier4j.nn.Activation;
import org.atelier4j.nn.Linear;
import org.atelier4j.nn.Sequential;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.Gradients;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OptimizerTest {
    private static final Tensor X = Rng.of(1).normal(Shape.of(8, 3));
    private static final LearningRate FALLING = LearningRate.cosine(0.05, 0, 20).warmUp(3);

    /** Every optimizer with all the state it can have, and a schedule. */
    static List<Function<Map<String, Tensor>, Optimizer>> optimizers() {
        return List.of(
                p -> new Sgd(p, new Sgd.Config(FALLING, 0.9, 0.01, true)),
                p -> new Adam(p, Adam.Config.of(1).withRate(FALLING)),
                p -> new AdamW(p, AdamW.Config.gpt(1).withRate(FALLING)),
                p -> new RmsProp(p, new RmsProp.Config(FALLING, 0.9, 1e-8, 0.5, 0)),
                p -> new Lion(p, Lion.Config.of(1).withRate(FALLING)));
    }

    private static Sequential net(long seed) {
        Rng rng = Rng.of(seed);
        return new Sequential(new Linear(3, 5, rng.split(0)), Activation.tanh(), new Linear(5, 2, rng.split(2)));
    }

    private static Gradients gradients(Sequential net) {
        return net.forward(X).sub(1).square().mean().backward();
    }

    private static void train(Sequential net, Optimizer optimizer, int steps) {
        for (int i = 0; i < steps; i++) {
            try (TensorScope scope = TensorScope.open()) {
                optimizer.step(gradients(net));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("optimizers")
    void aResumedRunEqualsTheUnbrokenOneBitForBit(Function<Map<String, Tensor>, Optimizer> make) {
        Sequential unbroken = net(0);
        Optimizer first = make.apply(unbroken.parameters());
        train(unbroken, first, 4);
        Map<String, Tensor> weights = copies(unbroken.state());
        Map<String, Tensor> state = copies(first.state());
        train(unbroken, first, 5);

        Sequential resumed = net(7);
        resumed.load(weights);
        Optimizer second = make.apply(resumed.parameters());
        second.load(state);
        assertThat(second.steps()).isEqualTo(4);
        assertThat(second.learningRate()).isEqualTo(FALLING.at(4));
        train(resumed, second, 5);
        unbroken.state()
                .forEach((path, p) -> TensorAssert.assertThat(resumed.state().get(path))
                        .as(path)
                        .isIdenticalTo(p));
        first.state()
                .forEach((path, s) -> TensorAssert.assertThat(second.state().get(path))
                        .as(path)
                        .isIdenticalTo(s));
    }

    @ParameterizedTest
    @MethodSource("optimizers")
    void stateOutlivesTheScopeOfAStep(Function<Map<String, Tensor>, Optimizer> make) {
        Sequential net = net(0);
        Optimizer optimizer;
        try (TensorScope scope = TensorScope.open()) {
            optimizer = make.apply(net.parameters());
            optimizer.step(gradients(net));
        }
        train(net, optimizer, 2);
        optimizer.state().values().forEach(t -> TensorAssert.assertThat(t).isFinite());
    }

    @Test
    void everyParameterWithoutGradientIsNamedAndNothingChanges() {
        Sequential net = net(0);
        Tensor stray = Tensor.ones(2).requireGradient();
        Tensor other = Tensor.ones(3).requireGradient();
        Map<String, Tensor> parameters = new LinkedHashMap<>(net.parameters());
        parameters.put("stray", stray);
        parameters.put("other.weight", other);
        Optimizer optimizer = new Sgd(parameters, Sgd.Config.plain(0.1));
        Map<String, Tensor> before = copies(net.state());
        assertThatThrownBy(() -> optimizer.step(gradients(net)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Sgd.step: every parameter that is not frozen must have a gradient, got none for 2: "
                        + "stray, other.weight");
        assertThat(optimizer.steps()).isZero();
        before.forEach(
                (path, p) -> TensorAssert.assertThat(net.state().get(path)).isIdenticalTo(p));
    }

    @Test
    void frozenParametersAreSkippedAndContinueWithTheirOwnState() {
        Sequential net = net(0);
        Optimizer optimizer = new AdamW(net.parameters(), AdamW.Config.of(0.1));
        train(net, optimizer, 1);
        net.parameters().get("0.weight").setFrozen(true);
        Tensor before = copy(net.parameters().get("0.weight"));
        Tensor moment = copy(optimizer.state().get("exp_avg.0.weight"));
        Tensor free = copy(net.parameters().get("0.bias"));
        train(net, optimizer, 2);
        TensorAssert.assertThat(net.parameters().get("0.weight")).isIdenticalTo(before);
        TensorAssert.assertThat(optimizer.state().get("exp_avg.0.weight")).isIdenticalTo(moment);
        assertThat(net.parameters().get("0.bias").toFloats()).isNotEqualTo(free.toFloats());
        net.setFrozen(false);
        train(net, optimizer, 1);
        assertThat(net.parameters().get("0.weight").toFloats()).isNotEqualTo(before.toFloats());
    }

    @Test
    void aGraphRecordedBeforeAStepRefusesToBeDifferentiatedAfterIt() {
        Sequential net = net(0);
        Optimizer optimizer = new Sgd(net.parameters(), Sgd.Config.plain(0.1));
        Tensor loss = net.forward(X).square().mean();
        optimizer.step(loss.backward());
        assertThatThrownBy(loss::backward)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("was assigned a new value after it was recorded");
    }

    /** An infinite norm too: its factor would be 0, and 0 times an infinite gradient is no number. */
    @Test
    void aNormThatIsNotFiniteChangesNothing() {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            Tensor p = Tensor.of(new float[] {1, 2}, 2).requireGradient();
            Optimizer optimizer = new Sgd(Map.of("p", p), Sgd.Config.plain(0.1));
            Gradients gradients = Gradients.given(Map.of(p, Tensor.of(new float[] {bad, 1}, 2)));
            double norm = optimizer.step(gradients, new GradientClip(1)).item();
            assertThat(Double.isFinite(norm)).isFalse();
            assertThat(p.toFloats()).containsExactly(1, 2);
            assertThat(optimizer.steps()).isEqualTo(1);
        }
    }

    @Test
    void clippingScalesToTheNormAndLeavesSmallGradientsAlone() {
        Tensor p = Tensor.of(new float[] {0, 0}, 2).requireGradient();
        Gradients g = Gradients.given(Map.of(p, Tensor.of(new float[] {3, 4}, 2)));
        Optimizer optimizer = new Sgd(Map.of("p", p), Sgd.Config.plain(1));
        assertThat(optimizer.step(g, new GradientClip(1)).item()).isCloseTo(5, within(1e-6));
        assertThat(p.toFloats()[1]).isCloseTo(-0.8f, within(1e-6f));
        p.assign(Tensor.zeros(2));
        assertThat(optimizer.step(g, new GradientClip(6)).item()).isCloseTo(5, within(1e-6));
        assertThat(p.toFloats()).containsExactly(-3, -4);
        p.assign(Tensor.zeros(2));
        assertThat(optimizer.step(g, GradientClip.NONE).item()).isCloseTo(5, within(1e-6));
        assertThat(p.toFloats()).containsExactly(-3, -4);
    }

    @Test
    void loadingReportsEverythingAtOnce() {
        Sequential net = net(0);
        Optimizer optimizer = new Adam(net.parameters(), Adam.Config.of(0.1));
        Map<String, Tensor> state = new LinkedHashMap<>(optimizer.state());
        state.remove("exp_avg.0.bias");
        state.put("exp_avg.9.bias", Tensor.zeros(1));
        state.put("exp_avg_sq.2.bias", Tensor.zeros(3));
        assertThatThrownBy(() -> optimizer.load(state))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Adam.load: 1 missing: exp_avg.0.bias; 1 unexpected: exp_avg.9.bias; "
                        + "shape of exp_avg_sq.2.bias: file [3], model [2]");
    }

    @Test
    void badSettingsAreNamed() {
        assertThatThrownBy(() -> new AdamW.Config(FALLING, 0.9, 1, 1e-8, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("AdamW: beta1 and beta2 must lie in [0, 1) and eps be > 0, got 0.9, 1.0 and 1.0E-8");
        assertThatThrownBy(() -> new Sgd.Config(FALLING, 0, 0, true))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Sgd: nesterov must come with momentum > 0, got 0.0");
        assertThatThrownBy(() -> new Sgd(Map.of(), Sgd.Config.plain(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Sgd: there must be parameters, got none");
        Tensor p = Tensor.ones(1).requireGradient();
        Map<String, Tensor> twice = new LinkedHashMap<>();
        twice.put("a", p);
        twice.put("b", p);
        assertThatThrownBy(() -> new Sgd(twice, Sgd.Config.plain(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Sgd: a parameter must be listed once, got a and b for the same");
        assertThatThrownBy(() -> new GradientClip(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("GradientClip: maxNorm must be > 0, got 0.0");
    }

    private static Map<String, Tensor> copies(Map<String, Tensor> tensors) {
        Map<String, Tensor> all = new LinkedHashMap<>();
        tensors.forEach((path, t) -> all.put(path, copy(t)));
        return all;
    }

    private static Tensor copy(Tensor x) {
        Tensor y = Tensor.zerosLike(x);
        y.assign(x);
        return y;
    }
}
