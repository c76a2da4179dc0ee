package org.atelier4j.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.Gradients;
import org.junit.jupiter.api.Test;

class LayerTest {

    /** A layer with everything: parameters, a buffer (in the norm), children in a list, a random stream. */
    private static final class Net extends Layer {
        private final List<Linear> trunk;
        private final BatchNorm2d norm;
        private final Dropout dropout;
        private final Linear head;

        Net(Rng rng) {
            trunk = children(
                    "trunk", 2, i -> new Linear(3, 3, rng.split("trunk").split(i)));
            norm = child("norm", new BatchNorm2d(3));
            dropout = child("dropout", new Dropout(0.5, rng.split("dropout")));
            head = child("head", new Linear(3, 2, rng.split("head")));
        }

        Tensor forward(Tensor x) {
            Tensor h = trunk.get(1).forward(trunk.get(0).forward(x).relu()); // (B, 3)
            h = norm.forward(h.reshape(-1, 1, 1, 3)).reshape(-1, 3);
            return head.forward(dropout.forward(h)); // (B, 2)
        }
    }

    private static final Tensor X = Rng.of(1).normal(Shape.of(6, 3));

    @Test
    void pathsAreTheNamesOnTheWayInOrderOfRegistration() {
        Net net = new Net(Rng.of(0));
        assertThat(net.parameters().keySet())
                .containsExactly(
                        "trunk.0.weight",
                        "trunk.0.bias",
                        "trunk.1.weight",
                        "trunk.1.bias",
                        "norm.weight",
                        "norm.bias",
                        "head.weight",
                        "head.bias");
        assertThat(net.state().keySet())
                .hasSize(11)
                .contains("norm.running_mean", "norm.running_var", "norm.num_batches_tracked");
        assertThat(net.parameterCount()).isEqualTo(2 * 12 + 6 + 8);
    }

    @Test
    void pathsHaveAnyDepth() {
        Sequential inner = new Sequential(new Dropout(0.5, Rng.of(1)), new Linear(2, 2, Rng.of(0)));
        Sequential net = new Sequential(new Sequential(inner, Activation.relu()));
        assertThat(net.state().keySet()).containsExactly("0.0.1.weight", "0.0.1.bias");
        assertThat(net.positions().keySet()).containsExactly("0.0.0.rng");
    }

    @Test
    void summaryListsShapesCountsAndFrozenParameters() {
        Net net = new Net(Rng.of(0));
        net.head.setFrozen(true);
        assertThat(net.summary().lines())
                .containsExactly(
                        "parameter       shape   values",
                        "trunk.0.weight  [3, 3]   9",
                        "trunk.0.bias    [3]      3",
                        "trunk.1.weight  [3, 3]   9",
                        "trunk.1.bias    [3]      3",
                        "norm.weight     [3]      3",
                        "norm.bias       [3]      3",
                        "head.weight     [2, 3]   6 frozen",
                        "head.bias       [2]      2 frozen",
                        "total                   38");
    }

    @Test
    void loadingRestoresEveryParameterAndBuffer() {
        Net net = new Net(Rng.of(0));
        net.forward(X); // moves the running statistics
        Net other = new Net(Rng.of(9));
        other.load(net.state());
        try (Layer.Mode a = net.evaluating();
                Layer.Mode b = other.evaluating()) {
            TensorAssert.assertThat(other.forward(X).detach())
                    .isIdenticalTo(net.forward(X).detach());
        }
    }

    @Test
    void loadingReportsEverythingThatDoesNotFitAtOnceAndChangesNothing() {
        Net net = new Net(Rng.of(0));
        Map<String, Tensor> before = new LinkedHashMap<>();
        net.state().forEach((k, v) -> before.put(k, copy(v)));
        Map<String, Tensor> state = new LinkedHashMap<>(new Net(Rng.of(5)).state());
        state.remove("trunk.0.bias");
        state.remove("norm.running_var");
        state.put("tail.weight", Tensor.zeros(1));
        state.put("head.weight", Tensor.zeros(4, 3));
        assertThatThrownBy(() -> net.load(state))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Net.load: 2 missing: trunk.0.bias, norm.running_var; 1 unexpected: tail.weight; "
                        + "shape of head.weight: file [4, 3], model [2, 3]");
        before.forEach((k, v) -> TensorAssert.assertThat(net.state().get(k)).isIdenticalTo(v));
    }

    private static Tensor copy(Tensor x) {
        Tensor y = Tensor.zerosLike(x);
        y.assign(x);
        return y;
    }

    @Test
    void aNameIsUsedOnce() {
        class Twice extends Layer {
            Twice() {
                parameter("weight", Tensor.zeros(1));
                buffer("weight", Tensor.zeros(1));
            }
        }
        assertThatThrownBy(Twice::new)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Twice: name weight must be used once");
    }

    @Test
    void modesAreRestoredInNestedScopesAndAfterExceptions() {
        Net net = new Net(Rng.of(0));
        assertThat(net.isTraining()).isTrue();
        try (Layer.Mode outer = net.evaluating()) {
            assertThat(net.dropout.isTraining()).isFalse();
            try (Layer.Mode inner = net.training()) {
                assertThat(net.dropout.isTraining()).isTrue();
            }
            assertThat(net.dropout.isTraining()).isFalse();
            assertThat(net.norm.isTraining()).isFalse();
        }
        assertThat(net.dropout.isTraining()).isTrue();
        assertThatThrownBy(() -> {
                    try (Layer.Mode mode = net.evaluating()) {
                        net.forward(Tensor.zeros(2, 4)); // wrong width
                    }
                })
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(net.norm.isTraining()).isTrue();
    }

    @Test
    void scopesThatOverlapMayCloseInAnyOrder() {
        Net net = new Net(Rng.of(0));
        Layer.Mode first = net.evaluating(); // as two threads would
        Layer.Mode second = net.evaluating();
        first.close();
        assertThat(net.dropout.isTraining()).isFalse();
        first.close(); // a second time does nothing
        assertThat(net.isTraining()).isFalse();
        second.close();
        assertThat(net.dropout.isTraining()).isTrue();
    }

    @Test
    void aScopeRestoresTheModeOfEachChildEvenWhereTheyDiffer() {
        Net net = new Net(Rng.of(0));
        try (Layer.Mode part = net.norm.evaluating()) {
            try (Layer.Mode all = net.training()) {
                assertThat(net.norm.isTraining()).isTrue();
            }
            assertThat(net.norm.isTraining()).isFalse();
            assertThat(net.dropout.isTraining()).isTrue();
        }
    }

    @Test
    void frozenParametersGetNoGradientAndAreNotRecorded() {
        Net net = new Net(Rng.of(0));
        net.trunk.get(0).setFrozen(true);
        Tensor h = net.trunk.get(0).forward(X);
        assertThat(h.node()).isNull();
        Gradients g = net.forward(X).square().mean().backward();
        assertThat(g.has(net.parameters().get("trunk.0.weight"))).isFalse();
        assertThat(g.has(net.parameters().get("trunk.1.weight"))).isTrue();
        net.setFrozen(false);
        Gradients again = net.forward(X).square().mean().backward();
        assertThat(again.has(net.parameters().get("trunk.0.weight"))).isTrue();
    }

    @Test
    void aFrozenLayerStillPassesGradientsToItsInput() {
        Linear layer = new Linear(3, 2, Rng.of(0));
        layer.setFrozen(true);
        Tensor x = X.requireGradient();
        Gradients g = layer.forward(x).sum().backward();
        Tensor w = layer.parameters().get("weight").detach();
        TensorAssert.assertThat(g.get(x)).isCloseTo(w.sum(0).broadcastTo(X.shape()), 1e-6, 1e-6);
    }

    @Test
    void parametersOutliveTheScopeTheyWereMadeIn() {
        Net net;
        try (TensorScope scope = TensorScope.open()) {
            net = new Net(Rng.of(0));
        }
        TensorAssert.assertThat(net.forward(X).detach()).isFinite();
    }

    @Test
    void oneMoreChildChangesNoOther() {
        Tensor alone = new Net(Rng.of(3)).parameters().get("head.weight").detach();
        class More extends Layer {
            More(Rng rng) {
                child("extra", new Linear(3, 3, rng.split("extra")));
                child("head", new Linear(3, 2, rng.split("head")));
            }
        }
        TensorAssert.assertThat(
                        new More(Rng.of(3)).parameters().get("head.weight").detach())
                .isIdenticalTo(alone);
    }

    @Test
    void randomStreamsContinueWhereTheyWereSaved() {
        Net net = new Net(Rng.of(0));
        net.forward(X);
        Map<String, Tensor> positions = net.positions();
        assertThat(positions.keySet()).containsExactly("dropout.rng");
        Tensor expected = net.dropout.forward(X);
        Net resumed = new Net(Rng.of(0));
        resumed.seek(positions);
        TensorAssert.assertThat(resumed.dropout.forward(X)).isIdenticalTo(expected);
        assertThatThrownBy(() -> resumed.seek(Map.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Net.seek: streams must be [dropout.rng], got []");
    }
}
