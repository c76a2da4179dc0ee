package org.atelier4j.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.GradientCheck;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.HostPool;
import org.atelier4j.tensor.kernel.Distribution;
import org.atelier4j.tensor.op.DotProductAttention;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Masks, causality, blind queries and second derivatives of attention; values at large are golden. */
class AttentionTest {
    private final Rng rng = Rng.of(9);
    private final Tensor q = normal(2, 2, 3, 4);
    private final Tensor k = normal(2, 2, 5, 4);
    private final Tensor v = normal(2, 2, 5, 3);

    private Tensor normal(int... dims) {
        return rng.draw(Distribution.NORMAL, Shape.of(dims), DType.FLOAT64, Device.cpu());
    }

    @Test
    void equalKeysGiveTheMeanOfTheValues() {
        Tensor y = Attention.of(q, Tensor.zerosLike(k), v);
        TensorAssert.assertThat(y).isCloseTo(v.mean(2).broadcastTo(y.shape()), 1e-12, 1e-14);
    }

    @Test
    void aPredictionDoesNotMoveWhenLaterTokensChange() {
        Tensor x = normal(1, 2, 6, 4);
        Tensor before = Attention.of(x, x, x, AttentionMask.CAUSAL);
        for (int i = 0; i < 5; i++) {
            Tensor changed = x.slice(2, 0, i + 1).concat(normal(1, 2, 5 - i, 4), 2);
            Tensor after = Attention.of(changed, changed, changed, AttentionMask.CAUSAL);
            TensorAssert.assertThat(after.slice(2, 0, i + 1)).isCloseTo(before.slice(2, 0, i + 1), 1e-13, 1e-15);
            TensorAssert.assertThat(after).hasShape(1, 2, 6, 4);
            assertThat(after.slice(2, 5, 1)
                            .sub(before.slice(2, 5, 1))
                            .abs()
                            .max()
                            .item())
                    .isGreaterThan(1e-3);
        }
    }

    @Test
    void theTailOfASequenceSeesItsCachedPast() {
        Tensor x = normal(1, 2, 6, 4);
        Tensor whole = Attention.of(x, x, x, AttentionMask.CAUSAL);
        Tensor tail = Attention.of(x.slice(2, 4, 2), x, x, AttentionMask.CAUSAL);
        TensorAssert.assertThat(tail).isCloseTo(whole.slice(2, 4, 2), 1e-13, 1e-15);
    }

    @Test
    void hiddenKeysDoNotMatterHoweverLargeTheyAre() {
        Tensor noise = normal(2, 2, 5, 4).mul(1e3);
        AttentionMask first3 = AttentionMask.lengths(5, 3, 3);
        Tensor other = k.slice(2, 0, 3).concat(noise.slice(2, 3, 2), 2);
        TensorAssert.assertThat(Attention.of(q, other, v, first3)).isIdenticalTo(Attention.of(q, k, v, first3));
    }

    @Test
    void aQueryThatSeesNothingGetsZerosAndPassesNoGradient() {
        Tensor a = q.requireGradient();
        Tensor b = k.requireGradient();
        Tensor c = v.requireGradient();
        Tensor nothing = Tensor.full(Double.NEGATIVE_INFINITY, DType.FLOAT64, Shape.of(1, 1, 1, 5));
        for (AttentionMask mask : new AttentionMask[] {
            AttentionMask.lengths(5, 0, 5),
            AttentionMask.adding(Tensor.concat(0, nothing, Tensor.zerosLike(nothing))),
            AttentionMask.lengths(5, 0, 5).and(AttentionMask.adding(normal(3, 5)))
        }) {
            Tensor y = Attention.of(a, b, c, mask); // image 0 sees nothing
            TensorAssert.assertThat(y).isFinite();
            assertThat(y.slice(0, 0, 1).abs().max().item()).isZero();
            assertThat(y.slice(0, 1, 1).abs().max().item()).isPositive();
            Gradients g = y.square().sum().add(y.sum()).backward();
            for (Tensor leaf : new Tensor[] {a, b, c}) {
                TensorAssert.assertThat(g.get(leaf)).isFinite();
                assertThat(g.get(leaf).slice(0, 0, 1).abs().max().item()).isZero();
                assertThat(g.get(leaf).slice(0, 1, 1).abs().max().item()).isPositive();
            }
        }
    }

    /** In one block and in several, whose weights are kept or computed again. */
    @ParameterizedTest
    @CsvSource({"6,8", "600,150", "600,8"})
    void theFutureDoesNotMatterInAnyBitNorGetsAnyGradient(int tokens, int depth) {
        int seen = tokens / 2; // neither where a block begins
        Shape shape = Shape.of(2, 2, tokens, depth);
        Shape future = shape.with(2, tokens - seen);
        Tensor a = rng.normal(shape);
        Tensor b = rng.normal(shape).requireGradient();
        Tensor c = rng.normal(shape).requireGradient();
        Tensor y = Attention.of(a, b, c, AttentionMask.CAUSAL).slice(2, 0, seen);
        Tensor otherB = Tensor.concat(2, b.slice(2, 0, seen), rng.normal(future).mul(1e3));
        Tensor otherC = Tensor.concat(2, c.slice(2, 0, seen), rng.normal(future).mul(1e3));
        TensorAssert.assertThat(
                        Attention.of(a, otherB, otherC, AttentionMask.CAUSAL).slice(2, 0, seen))
                .isIdenticalTo(y);
        Gradients g = y.square().sum().backward();
        for (Tensor leaf : List.of(b, c)) {
            assertThat(g.get(leaf).slice(2, seen, tokens - seen).abs().max().item())
                    .isZero();
            assertThat(g.get(leaf).slice(2, seen - 1, 1).abs().max().item()).isPositive();
        }
    }

    @Test
    void causalQueriesMustNotOutnumberKeys() {
        assertThatThrownBy(() -> new DotProductAttention(1, true).apply(k, q, q))
                .isInstanceOf(ShapeException.class)
                .hasMessage("attention: causal queries must not outnumber keys, got T = 5 and S = 3");
    }

    @Test
    void moreQueriesThanKeysLeaveTheFirstCausalQueriesBlind() {
        Tensor y = Attention.of(k, q, normal(2, 2, 3, 3), AttentionMask.CAUSAL); // 5 queries, 3 keys
        assertThat(y.slice(2, 0, 2).abs().max().item()).isZero();
        assertThat(y.slice(2, 2, 3).abs().min().item()).isPositive();
    }

    @Test
    void masksCombine() {
        Tensor allowed = Tensor.of(new boolean[] {true, false, true, true, true}, 1, 1, 1, 5);
        Tensor bias = normal(3, 5);
        AttentionMask all = AttentionMask.allowing(allowed)
                .and(AttentionMask.lengths(5, 4, 5))
                .and(AttentionMask.adding(bias))
                .and(AttentionMask.adding(bias));
        Tensor hidden = Tensor.full(Double.NEGATIVE_INFINITY, DType.FLOAT64, Shape.scalar());
        Tensor seen = allowed.and(Tensor.arange(5).less(Tensor.of(new int[] {4, 5}, 2, 1, 1, 1)));
        Tensor sum = Tensor.where(seen, bias.mul(2), hidden);
        TensorAssert.assertThat(Attention.of(q, k, v, all))
                .isCloseTo(Attention.of(q, k, v, AttentionMask.adding(sum)), 1e-13, 1e-15);
    }

    @Test
    void derivativesAreRightToTheSecondOrderAndReachTheBias() {
        AttentionMask padding = AttentionMask.lengths(5, 2, 0).and(AttentionMask.CAUSAL);
        GradientCheck.of(in -> Attention.of(in[0], in[1], in[2], padding.and(AttentionMask.adding(in[3]))))
                .secondOrder()
                .at(q, k, v, normal(1, 2, 3, 5));
    }

    @Test
    void workInPartsGivesWhatWorkAtOnceGives() {
        heldAgainstComposite(2, 3, 1024, 1024, null); // two heads at a time
        heldAgainstComposite(1, 3, 65_536, 16, null); // the same, the weights kept
        heldAgainstComposite(3, 1, 1000, 1001, null); // two images at a time, the last one alone
        heldAgainstComposite(2, 3, 1024, 1024, Shape.of(3, 1, 1024));
        heldAgainstComposite(2, 3, 1024, 1024, Shape.of(2, 1, 1, 1024));
        heldAgainstComposite(3, 1, 1000, 1001, Shape.of(1001));
        heldAgainstComposite(3, 1, 1000, 1001, Shape.of(3, 1, 1000, 1001));
    }

    @Test
    void causalWorkInBlocksGivesWhatWorkAtOnceGives() {
        AttentionMask causal = AttentionMask.CAUSAL;
        heldAgainstComposite(2, 3, 1024, 1024, causal, null); // many heads at a time
        heldAgainstComposite(1, 2, 1025, 1100, causal, null); // one query in the last block, a past
        heldAgainstComposite(1, 1, 512, 512, causal, null); // copies are views
        heldAgainstComposite(1, 2, 511, 512, causal, null); // one block
        heldAgainstComposite(2, 2, 520, 523, causal, Shape.of(2, 1, 520, 523));
        heldAgainstComposite(2, 2, 520, 523, causal, Shape.of(523));
        heldAgainstComposite(2, 2, 520, 523, causal, Shape.of(520, 1));
    }

    private void heldAgainstComposite(int batch, int heads, int queries, int keys, @Nullable Shape mask) {
        heldAgainstComposite(batch, heads, queries, keys, AttentionMask.NONE, mask);
    }

    private void heldAgainstComposite(
            int batch, int heads, int queries, int keys, AttentionMask seen, @Nullable Shape mask) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor a = rng.normal(Shape.of(batch, heads, queries, 4)).requireGradient();
            Tensor b = rng.normal(Shape.of(batch, heads, keys, 4)).requireGradient();
            Tensor c = rng.normal(Shape.of(batch, heads, keys, 3)).requireGradient();
            Tensor scores = a.mul(0.5).matmul(b, false, true);
            Tensor bias = mask == null ? Tensor.zeros(1) : rng.normal(mask);
            Tensor last = Tensor.arange(queries)
                    .reshape(queries, 1)
                    .add(Tensor.full(keys - queries, DType.INT32, Shape.scalar()));
            Tensor past = Tensor.arange(keys).lessEqual(last); // (T, S)
            Tensor hidden =
                    seen.causal() ? Tensor.where(past, Tensor.scalar(0), Tensor.scalar(-1e30)) : Tensor.zeros(1);
            Tensor expected = scores.add(bias).add(hidden).softmax(-1).matmul(c);
            Tensor actual = Attention.of(a, b, c, mask == null ? seen : seen.and(AttentionMask.adding(bias)));
            TensorAssert.assertThat(actual).isCloseTo(expected, 1e-4, 1e-5);
            Tensor dy = rng.normal(expected.shape());
            Gradients right = Gradients.ofProduct(expected, dy, List.of(), false);
            Gradients found = Gradients.ofProduct(actual, dy, List.of(), false);
            for (Tensor leaf : List.of(a, b, c)) {
                TensorAssert.assertThat(found.get(leaf)).isCloseTo(right.get(leaf), 1e-3, 1e-4);
            }
        }
    }

    @Test
    void bfloat16IsCloseToFloat32() {
        Tensor a = q.to(DType.FLOAT32);
        AttentionMask mask = AttentionMask.lengths(5, 3, 0).and(AttentionMask.CAUSAL);
        Tensor expected = Attention.of(a, k.to(DType.FLOAT32), v.to(DType.FLOAT32), mask);
        Tensor half = a.to(DType.BFLOAT16).requireGradient();
        Tensor actual = Attention.of(half, k.to(DType.BFLOAT16), v.to(DType.BFLOAT16), mask);
        TensorAssert.assertThat(actual.detach().to(DType.FLOAT32)).isCloseTo(expected, 0.05, 0.05);
        Tensor dq = actual.sum().backward().get(half);
        assertThat(dq.dtype()).isEqualTo(DType.BFLOAT16);
        TensorAssert.assertThat(dq).isFinite();
    }

    @Test
    void theMatrixOfAllWeightsIsNeverInMemory() {
        int tokens = 1024;
        Tensor x = rng.normal(Shape.of(4, 4, tokens, 8)).requireGradient();
        long weights = 16L * tokens * tokens * 4; // 64 MiB
        HostPool.SHARED.trim();
        long before = HostPool.SHARED.reservedBytes();
        try (TensorScope scope = TensorScope.open()) {
            Tensor y = Attention.of(x, x, x);
            assertThat(y.sum().backward().has(x)).isTrue();
            assertThat(HostPool.SHARED.reservedBytes() - before).isLessThan(weights * 3 / 4);
        }
    }

    @Test
    void shapesThatDoNotFitAreNamed() {
        assertThatThrownBy(() -> Attention.of(q, v, v))
                .isInstanceOf(ShapeException.class)
                .hasMessage("attention: shapes must be (B, H, T, D), (B, H, S, D) and (B, H, S, E), got [2, 2, 3, 4],"
                        + " [2, 2, 5, 3] and [2, 2, 5, 3]");
        assertThatThrownBy(() -> Attention.of(q, k, v, AttentionMask.adding(normal(4, 5))))
                .isInstanceOf(ShapeException.class)
                .hasMessageContaining("got [4, 5]");
        assertThatThrownBy(() -> Attention.of(normal(2, 3, 4), k, v))
                .isInstanceOf(ShapeException.class)
                .hasMessage("attention: queries: shape must be (B, H, T, D), got [2, 3, 4]");
        assertThatThrownBy(() -> AttentionMask.allowing(Tensor.ones(3, 5)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("AttentionMask: allowed: dtype must be BOOL, got FLOAT32 for shape [3, 5]");
        assertThatThrownBy(() -> AttentionMask.adding(Tensor.arange(5)))
                .hasMessage("AttentionMask: bias must be floating, got INT32");
    }
}
