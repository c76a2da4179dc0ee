package org.atelier4j.tensor.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.HostPool;
import org.atelier4j.tensor.device.Storage;
import org.atelier4j.tensor.kernel.Kernels;
import org.junit.jupiter.api.Test;

/** Order, accumulation, freeing, freezing, nesting and refusals of the differentiation engine. */
class EngineTest {

    /** The identity, which tells when its backward rule runs. */
    private record Probe(Consumer<Node> onBackward) implements Op {
        @Override
        public Output forward(Kernels kernels, List<Tensor> inputs) {
            return Output.of(inputs.get(0).affine(1, 0));
        }

        @Override
        public List<Tensor> backward(Node node, Tensor dy) {
            onBackward.accept(node);
            return List.of(dy);
        }
    }

    private static Tensor leaf(double... values) {
        return Tensor.of(values, values.length).requireGradient();
    }

    // --- sums -------------------------------------------------------------------------------------------------------

    @Test
    void gradientsOfAValueUsedSeveralTimesAdd() {
        Tensor x = leaf(2, 3);
        Gradients g = x.mul(x).add(x).add(x).sum().backward();
        assertThat(g.get(x).toDoubles()).containsExactly(2 * 2 + 2, 2 * 3 + 2);
    }

    @Test
    void sixtyDoublingsCostSixtyVisitsAndGiveTwoToTheSixty() {
        Tensor x = leaf(1);
        Tensor y = x;
        for (int i = 0; i < 60; i++) {
            y = y.add(y);
        }
        assertThat(y.sum().backward().get(x).item()).isEqualTo(0x1p60);
    }

    @Test
    void broadcastingIsUndoneBySums() {
        Tensor row = leaf(1, 2, 3);
        Tensor scalar = Tensor.full(2, DType.FLOAT64, Shape.scalar()).requireGradient();
        Tensor wide = Tensor.full(1, DType.FLOAT64, Shape.of(4, 2, 3));
        Gradients g = wide.mul(row).mul(scalar).sum().backward();
        assertThat(g.get(row).toDoubles()).containsExactly(16, 16, 16);
        TensorAssert.assertThat(g.get(scalar)).hasShape();
        assertThat(g.get(scalar).item()).isEqualTo(8 * (1 + 2 + 3));
    }

    @Test
    void aLossThatIsALeafHasGradientOne() {
        Tensor x = leaf(5);
        assertThat(x.backward().get(x).item()).isEqualTo(1);
    }

    @Test
    void aTensorSplitIntoViewsGetsTheWholeGradient() {
        Tensor x = leaf(1, 2, 3, 4);
        Tensor m = x.reshape(2, 2);
        Tensor loss = m.slice(0, 0, 1)
                .mul(10)
                .sum()
                .add(m.slice(0, 1, 1).reshape(2).square().sum());
        assertThat(loss.backward().get(x).toDoubles()).containsExactly(10, 10, 6, 8);
    }

    // --- what is visited --------------------------------------------------------------------------------------------

    @Test
    void onlyWhatLeadsToATargetIsVisited() {
        List<String> visited = new ArrayList<>();
        Tensor x = leaf(1, 2);
        Tensor w = leaf(3, 4);
        Tensor inner = new Probe(n -> visited.add("inner")).apply(x);
        Tensor side = new Probe(n -> visited.add("side")).apply(w.square());
        Tensor loss = inner.mul(side).sum();
        Gradients g = Gradients.of(loss, List.of(inner), false);
        assertThat(visited).isEmpty();
        assertThat(g.get(inner).toDoubles()).containsExactly(9, 16);
        assertThat(g.has(x)).isFalse();
        assertThat(g.has(w)).isFalse();
        assertThat(Gradients.of(loss, List.of(x), false).get(x).toDoubles()).containsExactly(9, 16);
        assertThat(visited).containsExactly("inner");
    }

    @Test
    void aTargetBehindAnotherGetsItsTotalDerivative() {
        Tensor x = leaf(2);
        Tensor y = x.square();
        Gradients g = Gradients.of(y.mul(3).sum(), List.of(y, x), false);
        assertThat(g.get(y).item()).isEqualTo(3);
        assertThat(g.get(x).item()).isEqualTo(12);
    }

    @Test
    void anOpIsToldWhichGradientsAreWanted() {
        List<Boolean> wanted = new ArrayList<>();
        record Product(List<Boolean> wanted) implements Op {
            @Override
            public Output forward(Kernels kernels, List<Tensor> inputs) {
                return Output.of(inputs.get(0).mul(inputs.get(1)));
            }

            @Override
            public List<Tensor> backward(Node node, Tensor dy) {
                wanted.add(node.needsGradient(0));
                wanted.add(node.needsGradient(1));
                return Arrays.asList(dy.mul(node.input(1)), dy.mul(node.input(0)));
            }
        }
        Tensor a = leaf(2);
        Tensor b = leaf(3);
        Tensor y = new Product(wanted).apply(a, b).sum();
        Gradients g = Gradients.of(y, List.of(b), false);
        assertThat(wanted).containsExactly(false, true);
        assertThat(g.has(a)).isFalse();
        assertThat(g.get(b).item()).isEqualTo(2);
    }

    @Test
    void targetsThatCannotHaveAGradientAreNamed() {
        Tensor x = leaf(1, 2);
        Tensor other = leaf(3, 4);
        Tensor loss = x.square().sum();
        assertThatThrownBy(() -> Gradients.of(loss, List.of(x, other), false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("backward: the value must depend on target 1 of shape [2], but does not");
        assertThatThrownBy(() -> Gradients.of(loss, List.of(Tensor.ones(3)), false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("backward: target 0 of shape [3] takes no gradient");
    }

    @Test
    void aLeafThatTheLossDoesNotSeeHasNoGradient() {
        Tensor x = leaf(1);
        Tensor unused = leaf(1, 2, 3);
        Gradients g = x.square().sum().backward();
        assertThat(g.has(unused)).isFalse();
        assertThatThrownBy(() -> g.get(unused))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no gradient arrived at the tensor of shape [3]");
    }

    @Test
    void aLossMustBeOneNumberThatDependsOnALeaf() {
        assertThatThrownBy(() -> leaf(1, 2).square().backward())
                .isInstanceOf(ShapeException.class)
                .hasMessage("backward: loss must have one element, got shape [2]");
        assertThatThrownBy(() -> Tensor.ones(1).square().backward())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("depends on no tensor that requires a gradient");
    }

    // --- memory -----------------------------------------------------------------------------------------------------

    @Test
    void aGraphCanBeDifferentiatedTwiceAndItsValuesStay() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = leaf(0.5, -1, 2);
            Tensor h = x.exp().reshape(3, 1);
            Tensor loss = h.tanh().mul(h).sum();
            double[] before = h.toDoubles();
            double[] first = loss.backward().get(x).toDoubles();
            double[] second = loss.backward().get(x).toDoubles();
            assertThat(second).containsExactly(first);
            assertThat(h.toDoubles()).containsExactly(before);
            assertThat(Gradients.withGraph(loss, x).get(x).toDoubles())
                    .usingComparatorWithPrecision(1e-12)
                    .containsExactly(first);
        }
    }

    @Test
    void gradientsLiveAsLongAsTheScopeAroundThePass() {
        Tensor x = Tensor.ones(1000).requireGradient();
        Tensor kept;
        Tensor lost;
        try (TensorScope scope = TensorScope.open()) {
            Gradients g = x.square().mul(3).sum().backward();
            lost = g.get(x);
            assertThat(lost.toFloats()).containsOnly(6f);
            kept = scope.keep(Gradients.of(x.square().sum()).get(x));
        }
        assertThat(kept.toFloats()).containsOnly(2f);
        assertThatThrownBy(lost::toFloats)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("released");
    }

    @Test
    void gradientsWithoutAnyScopeBelongToTheGarbageCollector() {
        Tensor x = Tensor.ones(1000).requireGradient();
        Gradients g = x.square().mul(3).add(x).sum().backward();
        System.gc();
        assertThat(g.get(x).toFloats()).containsOnly(7f);
    }

    @Test
    void gradientsUnderwayAreFreedAsSoonAsTheyWerePassedOn() {
        int n = 1 << 14; // 64 KiB of FLOAT32
        try (TensorScope scope = TensorScope.open()) {
            long[] peak = {0};
            long[] start = {0};
            Tensor x = Tensor.ones(n).requireGradient();
            Tensor y = x;
            for (int i = 0; i < 40; i++) {
                y = new Probe(node -> peak[0] = Math.max(peak[0], used()))
                        .apply(y.mul(1.5))
                        .tanh();
            }
            Tensor loss = y.sum();
            start[0] = used();
            Gradients g = loss.backward();
            assertThat(peak[0] - start[0]).isLessThan(4L << 16);
            assertThat(used() - start[0]).isLessThan(2L << 16);
            TensorAssert.assertThat(g.get(x)).isFinite();
        }
    }

    private static long used() {
        return HostPool.SHARED.reservedBytes() - HostPool.SHARED.pooledBytes();
    }

    /** y = x², whose gradient 2x is made in the forward pass and handed out as it is. */
    private record Greedy() implements Op {
        @Override
        public Output forward(Kernels kernels, List<Tensor> inputs) {
            return new Output(
                    inputs.get(0).square().sum(), List.of(inputs.get(0).mul(2)));
        }

        @Override
        public List<Tensor> backward(Node node, Tensor dy) {
            return List.of(node.saved(0));
        }
    }

    @Test
    void aRuleMayReturnWhatItSaved() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = leaf(1, 2);
            Tensor y = new Greedy().apply(x.mul(3));
            for (int i = 0; i < 3; i++) {
                assertThat(y.backward().get(x).toDoubles()).containsExactly(18, 36);
            }
        }
    }

    @Test
    void savedTensorsAreFreedAtOnceWhereNothingIsRecorded() {
        record Saver(AtomicReference<Tensor> made) implements UnaryOp {
            @Override
            public Output forward(Kernels kernels, List<Tensor> inputs) {
                made.set(Tensor.ones(7));
                return new Output(inputs.get(0).affine(2, 0), List.of(made.get(), inputs.get(0)));
            }

            @Override
            public Tensor forward(Kernels kernels, Tensor x) {
                throw new AssertionError();
            }

            @Override
            public Tensor backward(Tensor x, Tensor y, Tensor dy) {
                return dy.mul(2);
            }
        }
        AtomicReference<Tensor> made = new AtomicReference<>();
        Tensor plain = Tensor.ones(3);
        assertThat(new Saver(made).apply(plain).toFloats()).containsOnly(2f);
        assertThat(made.get().storage().isReleased()).isTrue();
        assertThat(plain.storage().isReleased()).isFalse();
        assertThat(new Saver(made).apply(plain.requireGradient()).node()).isNotNull();
        assertThat(made.get().storage().isReleased()).isFalse();
    }

    // --- second derivatives -----------------------------------------------------------------------------------------

    @Test
    void derivativesOfDerivatives() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = leaf(2);
            Tensor first = Gradients.withGraph(x.pow(4).sum(), x).get(x);
            Tensor second = Gradients.withGraph(first.sum(), x).get(x);
            Tensor third = Gradients.withGraph(second.sum(), x).get(x);
            assertThat(first.item()).isEqualTo(32);
            assertThat(second.item()).isEqualTo(48);
            assertThat(third.item()).isEqualTo(48);
        }
    }

    @Test
    void aGradientPenaltyReachesTheParameters() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor w = leaf(3, 4);
            Tensor x = leaf(1, 1);
            Tensor dx = Gradients.withGraph(x.mul(w).sum(), x).get(x); // w
            Tensor penalty = dx.norm().sub(1).square(); // (‖w‖ − 1)²
            TensorAssert.assertThat(penalty.backward().get(w))
                    .isCloseTo(Tensor.of(new double[] {2 * 4 * 0.6, 2 * 4 * 0.8}), 1e-12, 0);
        }
    }

    @Test
    void aRecordedPassRecordsEvenWithinNoGrad() {
        Tensor x = leaf(2);
        Tensor y = x.pow(3).sum();
        try (NoGrad off = NoGrad.open()) {
            Tensor dx = Gradients.withGraph(y, x).get(x);
            assertThat(Gradients.of(dx.detach().requireGradient()).has(x)).isFalse();
            assertThat(dx.node()).isNotNull();
            assertThat(dx.square().node()).isNull();
            assertThat(Gradients.ofProduct(dx, Tensor.onesLike(dx), List.of(x), false)
                            .get(x)
                            .item())
                    .isEqualTo(12);
        }
    }

    // --- values assigned later --------------------------------------------------------------------------------------

    @Test
    void aValueAssignedAfterItWasRecordedIsRefused() {
        Tensor x = leaf(1, 2);
        Tensor loss = x.square().sum();
        x.assign(Tensor.of(new double[] {5, 5}));
        assertThatThrownBy(loss::backward)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("backward of square: input 0 of shape [2] was assigned a new value after it was recorded");
    }

    @Test
    void aResultAssignedAfterItWasRecordedIsRefused() {
        Tensor x = leaf(1, 2);
        Tensor y = x.exp();
        y.assign(Tensor.of(new double[] {5, 5}));
        assertThatThrownBy(() -> Gradients.ofProduct(y, Tensor.onesLike(y), List.of(), false))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("backward of exp: the output of shape [2] was assigned a new value after it was recorded");
    }

    @Test
    void aSavedTensorAssignedAfterItWasRecordedIsRefused() {
        Tensor x = leaf(1, 2);
        Tensor y = new Greedy().apply(x);
        Node node = y.node();
        assertThat(node).isNotNull();
        node.saved(0).assign(Tensor.of(new double[] {5, 5}));
        assertThatThrownBy(y::backward)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("saved tensor 0");
    }

    @Test
    void anAssignmentThroughAViewIsNoticed() {
        Tensor x = leaf(1, 2, 3, 4);
        Tensor loss = x.square().sum();
        x.detach().reshape(2, 2).assign(Tensor.of(new double[] {5, 5, 5, 5}, 2, 2));
        assertThatThrownBy(loss::backward).isInstanceOf(IllegalStateException.class);
    }

    // --- recording --------------------------------------------------------------------------------------------------

    @Test
    void nothingIsRecordedWithinNoGradAndScopesNest() {
        Tensor x = leaf(1);
        try (NoGrad outer = NoGrad.open()) {
            try (NoGrad inner = NoGrad.open()) {
                assertThat(x.square().node()).isNull();
            }
            assertThat(NoGrad.isActive()).isTrue();
            assertThat(x.square().node()).isNull();
        }
        assertThat(NoGrad.isActive()).isFalse();
        assertThat(x.square().node()).isNotNull();
    }

    @Test
    void noGradConcernsOneThreadOnly() throws Exception {
        ExecutorService other = Executors.newSingleThreadExecutor();
        try (NoGrad off = NoGrad.open()) {
            assertThat(other.submit(NoGrad::isActive).get()).isFalse();
            assertThat(other.submit(() -> leaf(1).square().node() != null).get())
                    .isTrue();
            Callable<Object> closing = () -> {
                off.close();
                return null;
            };
            assertThatThrownBy(() -> other.submit(closing).get())
                    .hasRootCauseMessage("NoGrad: must be closed by the thread that opened it");
        } finally {
            other.shutdown();
        }
        assertThat(NoGrad.isActive()).isFalse();
    }

    @Test
    void noGradScopesCloseInReverseOrderAndOnce() {
        NoGrad first = NoGrad.open();
        NoGrad second = NoGrad.open();
        assertThatThrownBy(first::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("NoGrad: scopes must be closed in reverse order of opening");
        second.close();
        second.close();
        assertThat(NoGrad.isActive()).isTrue();
        first.close();
        assertThat(NoGrad.isActive()).isFalse();
    }

    @Test
    void aFrozenLeafIsConstant() {
        Tensor w = leaf(3);
        Tensor x = leaf(2);
        w.setFrozen(true);
        assertThat(w.square().node()).isNull();
        Gradients g = w.mul(x).sum().backward();
        assertThat(g.has(w)).isFalse();
        assertThat(g.get(x).item()).isEqualTo(3);
    }

    @Test
    void freezingCountsAtTheTimeOfTheBackwardPass() {
        Tensor w = leaf(3);
        Tensor x = leaf(2);
        Tensor recorded = w.mul(x).sum();
        w.setFrozen(true);
        assertThat(recorded.backward().has(w)).isFalse();
        Tensor recordedFrozen = w.mul(x).sum();
        w.setFrozen(false);
        assertThat(recorded.backward().get(w).item()).isEqualTo(2);
        assertThat(recordedFrozen.backward().get(w).item()).isEqualTo(2);
        assertThatThrownBy(() -> recorded.setFrozen(true))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("must be a leaf");
    }

    @Test
    void integersEndTheGraph() {
        Tensor table = leaf(1, 2, 3, 4).reshape(2, 2);
        Tensor index = Tensor.of(new int[] {1, 1}, 2);
        Tensor rows = table.gatherRows(index);
        assertThat(rows.node()).isNotNull();
        assertThat(table.to(DType.INT32).node()).isNull();
        assertThat(table.less(2).node()).isNull();
        assertThat(table.argMax(1).node()).isNull();
        Gradients g = Gradients.of(rows.sum(), List.of(table), false);
        assertThat(g.get(table).toDoubles()).containsExactly(0, 0, 2, 2);
        assertThatThrownBy(index::requireGradient)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("requireGradient: dtype must be floating, got INT32");
    }

    @Test
    void castsBetweenFloatingTypesBringTheGradientBack() {
        Tensor x = Tensor.of(new float[] {1, 2}).requireGradient();
        Gradients g = x.to(DType.FLOAT64).square().sum().backward();
        assertThat(g.get(x).dtype()).isEqualTo(DType.FLOAT32);
        assertThat(g.get(x).toFloats()).containsExactly(2, 4);
    }

    // --- size -------------------------------------------------------------------------------------------------------

    @Test
    void aHundredThousandOpsNeedNoStack() throws InterruptedException {
        AtomicReference<Object> result = new AtomicReference<>();
        Thread thread = new Thread(null, () -> result.set(longChain(100_000)), "small stack", 256 << 10);
        thread.start();
        thread.join();
        assertThat(result.get()).isEqualTo(100_001.0);
    }

    private static Object longChain(int n) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = leaf(1);
            Tensor y = x;
            for (int i = 0; i < n; i++) {
                y = y.add(x);
            }
            System.gc();
            assertThat(y.toString()).isEqualTo("FLOAT64[1] [" + (n + 1.0) + "]");
            assertThat(String.valueOf(y.node())).startsWith("Arithmetic[f=ADD] #");
            return y.sum().backward().get(x).item();
        } catch (RuntimeException | Error e) {
            return e;
        }
    }

    @Test
    void aRecordedBackwardPassOverThousandsOfOpsNeedsNoStack() throws InterruptedException {
        AtomicReference<Object> result = new AtomicReference<>();
        Runnable body = () -> {
            try (TensorScope scope = TensorScope.open()) {
                Tensor x = leaf(1);
                Tensor y = x;
                for (int i = 0; i < 3_000; i++) {
                    y = y.mul(x);
                }
                Tensor dx = Gradients.withGraph(y.sum(), x).get(x); // by routes to x, recorded
                result.set(Gradients.of(dx.sum(), List.of(x), false).get(x).item());
            }
        };
        Thread thread = new Thread(null, body, "small stack", 256 << 10);
        thread.start();
        thread.join();
        assertThat(result.get()).isEqualTo(3_001.0 * 3_000.0);
    }

    // --- rules that fail --------------------------------------------------------------------------------------------

    @Test
    void afterAnExceptionInARuleEverythingIsAsBefore() {
        Tensor x = leaf(1);
        Tensor y = new Probe(n -> {
                    throw new UnsupportedOperationException("no rule");
                })
                .apply(x.square())
                .sum();
        long[] inUse = new long[3];
        for (int i = 0; i < 3; i++) {
            try (TensorScope scope = TensorScope.open()) {
                assertThatThrownBy(y::backward).isInstanceOf(UnsupportedOperationException.class);
                assertThat(NoGrad.isActive()).isFalse();
                assertThat(x.square().sum().backward().get(x).item()).isEqualTo(2);
            }
            inUse[i] = used();
        }
        assertThat(inUse[2]).isEqualTo(inUse[1]);
    }

    /** A rule that returns whatever it is given. */
    private record Fixed(List<Tensor> gradients) implements Op {
        @Override
        public Output forward(Kernels kernels, List<Tensor> inputs) {
            return Output.of(inputs.get(0).square());
        }

        @Override
        public List<Tensor> backward(Node node, Tensor dy) {
            return gradients;
        }
    }

    @Test
    void rulesThatBreakTheContractAreNamed() {
        Tensor x = leaf(1, 2, 3);
        Tensor good = Tensor.of(new double[] {1, 1, 1});
        assertThatThrownBy(() -> new Fixed(List.of(good, good)).apply(x).sum().backward())
                .hasMessage("backward of fixed: there must be one gradient (or null) for each of the 1 inputs, got 2");
        assertThatThrownBy(
                        () -> new Fixed(List.of(Tensor.ones(3))).apply(x).sum().backward())
                .hasMessage("backward of fixed: gradient 0 must have the input's dtype FLOAT64, got FLOAT32");
        assertThatThrownBy(() -> new Fixed(List.of(Tensor.of(new double[] {1, 1})))
                        .apply(x)
                        .sum()
                        .backward())
                .isInstanceOf(ShapeException.class)
                .hasMessage(
                        "backward of fixed: gradient must have the input's shape [3] or one it broadcasts to, got [2]");
    }

    @Test
    void inputsMustExistAndShareADevice() {
        assertThatThrownBy(() -> new Greedy().apply())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("greedy: there must be an input, got none");
        Storage elsewhere = new Storage(new Elsewhere(), DType.FLOAT32, 2) {
            @Override
            public void manage() {}

            @Override
            protected void free() {}
        };
        Tensor far = Tensor.over(elsewhere, 0, Shape.of(2));
        assertThatThrownBy(() -> Tensor.ones(2).add(far))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("add: inputs must be on one device, got cpu and elsewhere");
    }

    /** A device that can do nothing. */
    private static final class Elsewhere implements Device {
        @Override
        public String name() {
            return "elsewhere";
        }

        @Override
        public Storage allocate(DType dtype, long length) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Kernels kernels() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void upload(ByteBuffer source, Storage target, long index) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void download(Storage source, long index, ByteBuffer target) {
            throw new UnsupportedOperationException();
        }
    }

    // --- threads ----------------------------------------------------------------------------------------------------

    @Test
    void threadsShareParametersWithoutDisturbingEachOther() throws Exception {
        Tensor w = Rng.of(1).normal(Shape.of(32, 32)).requireGradient();
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try {
            List<Future<float[]>> results = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                results.add(pool.submit(() -> {
                    float[] last = {};
                    for (int i = 0; i < 20; i++) {
                        try (TensorScope scope = TensorScope.open()) {
                            Tensor x = Rng.of(2).normal(Shape.of(8, 32));
                            last = x.matmul(w)
                                    .tanh()
                                    .matmul(w)
                                    .square()
                                    .sum()
                                    .backward()
                                    .get(w)
                                    .toFloats();
                        }
                    }
                    return last;
                }));
            }
            float[] first = results.get(0).get();
            for (Future<float[]> r : results) {
                assertThat(r.get()).containsExactly(first);
            }
        } finally {
            pool.shutdown();
        }
    }
}
