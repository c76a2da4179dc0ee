package org.atelier4j.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.nn.BatchNorm2d;
import org.atelier4j.nn.Linear;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.TensorScope;
import org.junit.jupiter.api.Test;

class EmaTest {

    private static void fill(Linear net, double value) {
        net.parameters()
                .values()
                .forEach(p -> p.assign(Tensor.zerosLike(p.detach()).add(value)));
    }

    private static void shows(Linear net, double value) {
        net.parameters().values().forEach(p -> assertThat(p.toFloats()).containsOnly((float) value));
    }

    @Test
    void whatWasSeenAHalfLifeAgoHasHalfOfTheWeightForAnyBatchSize() {
        for (int batch : new int[] {1, 8, 64}) {
            Linear net = new Linear(3, 2, Rng.of(0));
            fill(net, 1);
            Ema ema = new Ema(net, Ema.Config.of(128));
            fill(net, 0);
            for (int seen = 0; seen < 256; seen += batch) {
                ema.update(batch, seen);
                float expected = (float) Math.pow(0.5, (seen + batch) / 128.0);
                assertThat(ema.state().get("weight").toFloats()[0]).isCloseTo(expected, within(1e-5f));
            }
            assertThat(ema.state().get("bias").toFloats()[1]).isCloseTo(0.25f, within(1e-5f));
        }
    }

    /** Karras et al. 2022, training loop: halflife = min(halflife, images · ratio); beta = 0.5^(batch/max(halflife, 1e-8)). */
    @Test
    void rampUpForgetsTheRandomStart() {
        Ema.Config config = new Ema.Config(1000, 0.05);
        assertThat(config.decay(64, 0)).isZero();
        assertThat(config.decay(64, 6400)).isCloseTo(Math.pow(0.5, 64 / 320.0), within(1e-12));
        assertThat(config.decay(64, 10_000_000)).isCloseTo(Math.pow(0.5, 64 / 1000.0), within(1e-12));
        Linear net = new Linear(3, 2, Rng.of(0));
        Ema ema = new Ema(net, config);
        fill(net, 5);
        ema.update(64, 0);
        assertThat(ema.state().get("weight").toFloats()).containsOnly(5);
    }

    @Test
    void aScopeExchangesTheValuesAndGivesThemBackAlsoAfterAnException() {
        Linear net = new Linear(3, 2, Rng.of(0));
        fill(net, 1);
        Ema ema = new Ema(net, Ema.Config.of(100));
        fill(net, 3);
        ema.update(100, 0);
        try (Ema.Scope scope = ema.applied()) {
            shows(net, 2);
        }
        shows(net, 3);
        assertThatThrownBy(() -> {
                    try (Ema.Scope scope = ema.applied()) {
                        shows(net, 2);
                        throw new IllegalStateException("sampling failed");
                    }
                })
                .hasMessage("sampling failed");
        shows(net, 3);
        assertThat(ema.state().get("weight").toFloats()).containsOnly(2);
    }

    @Test
    void nothingElseIsAllowedWhileTheAveragesAreInTheModel() {
        Linear net = new Linear(3, 2, Rng.of(0));
        Ema ema = new Ema(net, Ema.Config.of(100));
        Ema.Scope scope = ema.applied();
        refused(() -> ema.update(1, 0), "Ema.update");
        refused(ema::state, "Ema.state");
        refused(() -> ema.load(Map.of()), "Ema.load");
        refused(ema::applied, "Ema.applied");
        scope.close();
        fill(net, 4);
        scope.close(); // a second time does nothing
        shows(net, 4);
        try (Ema.Scope later = ema.applied()) {
            float[] averaged = net.parameters().get("weight").toFloats();
            scope.close();
            assertThat(net.parameters().get("weight").toFloats()).isEqualTo(averaged);
        }
        shows(net, 4);
    }

    private static void refused(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String name) {
        assertThatThrownBy(call)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(name + ": the scope of applied() must be closed first");
    }

    @Test
    void buffersAreCopied() {
        BatchNorm2d net = new BatchNorm2d(2);
        Ema ema = new Ema(net, Ema.Config.of(1000));
        net.forward(Tensor.of(new float[] {1, 2, 3, 4}, 2, 1, 1, 2));
        ema.update(2, 0);
        TensorAssert.assertThat(ema.state().get("running_mean"))
                .isIdenticalTo(net.state().get("running_mean"));
        assertThat(ema.state().get("num_batches_tracked").item()).isEqualTo(1);
    }

    @Test
    void averagesOutliveScopesAndAreRestoredFromTheirState() {
        Linear net = new Linear(3, 2, Rng.of(0));
        Ema ema;
        try (TensorScope scope = TensorScope.open()) {
            ema = new Ema(net, Ema.Config.of(100));
            fill(net, 3);
            ema.update(10, 0);
        }
        Ema other = new Ema(new Linear(3, 2, Rng.of(1)), Ema.Config.of(100));
        other.load(ema.state());
        other.state()
                .forEach((path, t) ->
                        TensorAssert.assertThat(t).isIdenticalTo(ema.state().get(path)));
        Linear averaged = new Linear(3, 2, Rng.of(5));
        averaged.load(ema.state());
        TensorAssert.assertThat(averaged.parameters().get("weight"))
                .isIdenticalTo(ema.state().get("weight"));
        Map<String, Tensor> lacking = new LinkedHashMap<>(ema.state());
        lacking.remove("bias");
        assertThatThrownBy(() -> other.load(lacking)).hasMessage("Ema.load: 1 missing: bias");
    }

    @Test
    void theModelIsNotDisturbedByUpdates() {
        Linear net = new Linear(3, 2, Rng.of(0));
        fill(net, 1);
        Ema ema = new Ema(net, Ema.Config.of(10));
        fill(net, 2);
        ema.update(10, 0);
        shows(net, 2);
    }
}
