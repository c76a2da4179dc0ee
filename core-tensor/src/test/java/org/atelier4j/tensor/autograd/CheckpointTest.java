package org.atelier4j.tensor.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.HostPool;
import org.atelier4j.tensor.kernel.Distribution;
import org.junit.jupiter.api.Test;

/** A checkpointed part of a network gives the same gradients in less memory. */
class CheckpointTest {
    private final Rng init = Rng.of(11);
    private final Tensor w1 = init.normal(Shape.of(16, 32)).requireGradient();
    private final Tensor w2 = init.normal(Shape.of(32, 16)).requireGradient();
    private final Tensor x = init.normal(Shape.of(8, 16)).requireGradient();

    private Tensor block(Tensor in, Rng dropout) {
        return in.matmul(w1)
                .silu()
                .dropout(0.3, dropout)
                .matmul(w2)
                .dropout(0.1, dropout)
                .add(in);
    }

    @Test
    void gradientsEqualThoseOfThePlainCallBitForBitWithDropoutInside() {
        try (TensorScope scope = TensorScope.open()) {
            Rng once = Rng.of(5);
            Tensor plain = block(block(x, once), once).square().mean();
            Rng again = Rng.of(5);
            Tensor half = Checkpoint.of(in -> block(in[0], again), List.of(w1, w2), x);
            Tensor checked = Checkpoint.of(in -> block(in[0], again), List.of(w1, w2), half)
                    .square()
                    .mean();
            TensorAssert.assertThat(checked).isIdenticalTo(plain);
            Gradients expected = plain.backward();
            long position = again.position();
            Gradients actual = checked.backward();
            for (Tensor leaf : List.of(x, w1, w2)) {
                TensorAssert.assertThat(actual.get(leaf)).isIdenticalTo(expected.get(leaf));
            }
            assertThat(again.position()).isEqualTo(position).isEqualTo(once.position());
            TensorAssert.assertThat(checked.backward().get(w1)).isIdenticalTo(expected.get(w1));
        }
    }

    @Test
    void memoryFalls() {
        long plain = peak(false);
        long checked = peak(true);
        assertThat(checked).isLessThan(plain / 2);
    }

    /** Returns the most bytes in use at any product of twelve blocks, forward and backward. */
    private static long peak(boolean checkpointed) {
        int rows = 512;
        Tensor w = Tensor.eye(32).requireGradient();
        Tensor start = Tensor.ones(rows, 32);
        long before = used();
        long[] most = {0};
        TensorFunction block = in -> {
            Tensor h = in[0];
            for (int i = 0; i < 4; i++) {
                h = h.matmul(w).silu();
                most[0] = Math.max(most[0], used() - before);
            }
            return h;
        };
        try (TensorScope scope = TensorScope.open()) {
            Tensor h = start;
            for (int i = 0; i < 12; i++) {
                h = checkpointed ? Checkpoint.of(block, List.of(w), h) : block.apply(h);
            }
            TensorAssert.assertThat(h.mean().backward().get(w)).isFinite();
        }
        return most[0];
    }

    private static long used() {
        return HostPool.SHARED.reservedBytes() - HostPool.SHARED.pooledBytes();
    }

    @Test
    void derivativesAreRightToTheSecondOrder() {
        Tensor a = doubles(2, 3);
        Tensor b = doubles(3, 3);
        GradientCheck.of(in -> Checkpoint.of(
                                parts -> parts[0].matmul(in[1]).tanh().mul(parts[0]), List.of(in[1]), in[0].exp())
                        .square())
                .secondOrder()
                .at(a, b);
    }

    @Test
    void checkpointsNest() {
        try (TensorScope scope = TensorScope.open()) {
            Rng once = Rng.of(5);
            Tensor plain = block(block(x, once), once).sum();
            Rng again = Rng.of(5);
            TensorFunction inner = in -> Checkpoint.of(y -> block(y[0], again), List.of(w1, w2), in);
            Tensor nested = Checkpoint.of(in -> inner.apply(inner.apply(in)), List.of(w1, w2), x)
                    .sum();
            Gradients expected = plain.backward();
            Gradients actual = nested.backward();
            for (Tensor leaf : List.of(x, w1, w2)) {
                TensorAssert.assertThat(actual.get(leaf)).isIdenticalTo(expected.get(leaf));
            }
        }
    }

    @Test
    void aParameterOfTheSegmentMayAlsoLeadToItsInput() {
        Tensor p = Tensor.of(new double[] {3}).requireGradient();
        Tensor h = p.square(); // 9
        Tensor y = Checkpoint.of(in -> in[0].mul(p), List.of(p), h); // p³
        assertThat(y.sum().backward().get(p).item()).isEqualTo(27);
    }

    @Test
    void onlyWantedGradientsAreMade() {
        w2.setFrozen(true);
        Tensor constant = x.detach();
        Tensor y = Checkpoint.of(in -> block(in[0], Rng.of(1)), List.of(w1, w2), constant);
        Gradients g = y.sum().backward();
        assertThat(g.has(w1)).isTrue();
        assertThat(g.has(w2)).isFalse();
        w1.setFrozen(true);
        assertThat(Checkpoint.of(in -> block(in[0], Rng.of(1)), List.of(w1, w2), constant)
                        .node())
                .isNull();
    }

    @Test
    void integerInputsPassThrough() {
        Tensor table = doubles(4, 2).requireGradient();
        Tensor index = Tensor.of(new int[] {3, 3, 0});
        Tensor y = Checkpoint.of(in -> in[0].gatherRows(in[1]).square(), List.of(), table, index);
        Tensor expected = table.gatherRows(index).square().sum().backward().get(table);
        TensorAssert.assertThat(y.sum().backward().get(table)).isIdenticalTo(expected);
    }

    @Test
    void aSegmentMayReturnItsInput() {
        Tensor y = Checkpoint.of(in -> in[0], List.of(), x);
        assertThat(y.sum().backward().get(x).toFloats()).containsOnly(1f);
    }

    @Test
    void nothingIsRecordedWithinNoGradAndInnerValuesAreFreed() {
        try (TensorScope scope = TensorScope.open();
                NoGrad off = NoGrad.open()) {
            long before = used();
            Tensor y = Checkpoint.of(in -> block(in[0], Rng.of(1)), List.of(w1, w2), x);
            assertThat(y.node()).isNull();
            assertThat(used() - before).isEqualTo(8 * 16 * 4);
        }
    }

    @Test
    void whatASegmentUsesMustBeListed() {
        Tensor unlisted = Checkpoint.of(in -> block(in[0], Rng.of(1)), List.of(w1), x);
        assertThatThrownBy(() -> unlisted.sum().backward())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith(
                        "checkpoint: a tensor that the segment uses and that requires a gradient must be an"
                                + " input or a listed parameter, got leaf #");
        Tensor captured = x.exp();
        Tensor hidden = Checkpoint.of(in -> in[0].mul(captured), List.of(), x);
        assertThatThrownBy(() -> hidden.sum().backward())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("got Pointwise");
        assertThatThrownBy(() -> Checkpoint.of(in -> x, List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("checkpoint: there must be an input, got none");
    }

    private Tensor doubles(int... dims) {
        return init.draw(Distribution.NORMAL, Shape.of(dims), DType.FLOAT64, Device.cpu());
    }
}
