package org.atelier4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.atelier4j.tensor.autograd.GradientCheck;
import org.atelier4j.tensor.autograd.Node;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.kernel.Distribution;
import org.atelier4j.tensor.op.MatMul;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the notation means beyond the golden values, and what it refuses. */
class EinsumTest {
    private final Rng rng = Rng.of(3);
    private final Tensor a = rng.normal(Shape.of(2, 3));
    private final Tensor b = rng.normal(Shape.of(3, 4));

    @Test
    void spacesDoNotMatter() {
        TensorAssert.assertThat(Einsum.of(" i j, j k -> i k ", a, b)).isIdenticalTo(Einsum.of("ij,jk->ik", a, b));
    }

    @Test
    void withoutAnArrowLettersThatOccurOnceRemainInAlphabeticalOrder() {
        TensorAssert.assertThat(Einsum.of("zj,ja", a, b)).isIdenticalTo(Einsum.of("zj,ja->az", a, b));
        TensorAssert.assertThat(Einsum.of("ba", a)).isIdenticalTo(a.transpose());
    }

    @Test
    void factorsInOrderAreNotCopied() {
        Tensor q = rng.normal(Shape.of(2, 3, 4)).requireGradient();
        Tensor k = rng.normal(Shape.of(2, 5, 4));
        Node product = Einsum.of("bid,bjd->bij", q, k).node();
        assertThat(product).isNotNull();
        assertThat(product.op()).isEqualTo(new MatMul(false, true));
        assertThat(product.input(0).storage()).isSameAs(q.storage());
        assertThat(product.input(1).storage()).isSameAs(k.storage());
        Node turned =
                Einsum.of("bdi,bdj->bij", q, rng.normal(Shape.of(2, 3, 5))).node();
        assertThat(turned).isNotNull();
        assertThat(turned.op()).isEqualTo(new MatMul(true, false));
        assertThat(turned.input(0).storage()).isSameAs(q.storage());
    }

    @Test
    void lengthsOfOneAndZeroAreLengthsLikeOthers() {
        TensorAssert.assertThat(Einsum.of("ij,jk->ik", Tensor.zeros(2, 0), Tensor.zeros(0, 4)))
                .isIdenticalTo(Tensor.zeros(2, 4));
        TensorAssert.assertThat(Einsum.of("ij,jk->ik", Tensor.ones(0, 3), Tensor.ones(3, 4)))
                .hasShape(0, 4);
        assertThat(Einsum.of("i,i->", Tensor.ones(1), Tensor.ones(1)).item()).isEqualTo(1);
    }

    @Test
    void secondDerivativesExist() {
        Tensor x = rng.draw(Distribution.NORMAL, Shape.of(2, 2, 3), DType.FLOAT64, Device.cpu());
        Tensor y = rng.draw(Distribution.NORMAL, Shape.of(3, 2), DType.FLOAT64, Device.cpu());
        GradientCheck.of(in -> Einsum.of("bij,jk->kb", in)).secondOrder().at(x, y);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ii,jk->ik   | einsum: letters must differ within a term (no diagonals), got ii, in \"ii,jk->ik\"",
                "ij,jk->il   | einsum: letter l of the result must occur in a term, in \"ij,jk->il\"",
                "ij,jk->ii   | einsum: letters must differ within a term (no diagonals), got ii, in \"ij,jk->ii\"",
                "ij,ik->jk   | einsum: letter i must have one length, got 2 and 3, in \"ij,ik->jk\"",
                "ijk,jk->i   | einsum: term ijk must have 2 letters for shape [2, 3], in \"ijk,jk->i\"",
                "ij->i       | einsum: there must be one term for each of the 2 tensors, in \"ij->i\"",
                "ij,jk->i->k | einsum: there may be one -> only, in \"ij,jk->i->k\"",
                "...j,jk->k  | einsum: axes must be letters, got ...j, in \"...j,jk->k\"",
            })
    void whatItRefuses(String equation, String message) {
        assertThatThrownBy(() -> Einsum.of(equation, a, b))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }
}
