package org.atelier4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.atelier4j.tensor.TensorAssert.assertThat;

import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.linear.MatrixUtils;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.kernel.Distribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SymmetricEigenTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 17, 40, 65})
    void valuesAreThoseOfCommonsMath(int n) {
        Tensor a = symmetric(n);
        double[][] rows = new double[n][];
        for (int i = 0; i < n; i++) {
            rows[i] = a.select(0, i).toDoubles();
        }
        double[] expected = new EigenDecomposition(MatrixUtils.createRealMatrix(rows)).getRealEigenvalues(); // falling

        double[] values = SymmetricEigen.of(a).values().toDoubles();

        for (int i = 0; i < n; i++) {
            assertThat(values[i]).isCloseTo(expected[n - 1 - i], within(1e-12 * n));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 17, 40, 65})
    void valuesAloneAreTheSame(int n) {
        Tensor a = symmetric(n);

        assertThat(SymmetricEigen.values(a)).isCloseTo(SymmetricEigen.of(a).values(), 0, 1e-12 * n);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 17, 40, 65})
    void vectorsDiagonalizeTheMatrixAndAreOrthonormal(int n) {
        Tensor a = symmetric(n);
        SymmetricEigen eigen = SymmetricEigen.of(a);
        Tensor v = eigen.vectors();

        Tensor rebuilt =
                v.mul(eigen.values().unsqueeze(1)).matmul(v, true, false).transpose(); // VᵀΛV
        assertThat(rebuilt).isCloseTo(a, 0, 1e-12 * n);
        assertThat(v.matmul(v, false, true)).isCloseTo(Tensor.eye(n).to(DType.FLOAT64), 0, 1e-13 * n);
    }

    @Test
    void rowIIsTheVectorOfValueI() {
        SymmetricEigen eigen = SymmetricEigen.of(Tensor.of(new double[] {3, 0, 0, 0, 1, 0, 0, 0, 2}, 3, 3));

        assertThat(eigen.values()).hasValues(1, 2, 3);
        assertThat(eigen.vectors().abs()).hasValues(0, 1, 0, 0, 0, 1, 1, 0, 0);
    }

    @Test
    void entriesBelowTheDiagonalDoNotCount() {
        Tensor upper = Tensor.of(new double[] {2, 1, 77, 2}, 2, 2);

        assertThat(SymmetricEigen.values(upper)).isCloseTo(new double[] {1, 3}, 0, 1e-14);
        assertThat(SymmetricEigen.of(upper).values()).isCloseTo(new double[] {1, 3}, 0, 1e-14);
    }

    @Test
    void repeatedAndZeroValuesHaveOrthonormalVectorsToo() {
        Tensor ones = Tensor.full(1, DType.FLOAT64, Shape.of(30, 30)); // values 30, and 0 29 times
        SymmetricEigen eigen = SymmetricEigen.of(ones);

        assertThat(eigen.values().slice(0, 0, 29)).isCloseTo(new double[29], 0, 1e-13);
        assertThat(eigen.values().slice(0, 29, 1).item()).isCloseTo(30, within(1e-12));
        Tensor v = eigen.vectors();
        assertThat(v.matmul(v, false, true)).isCloseTo(Tensor.eye(30).to(DType.FLOAT64), 0, 1e-12);
    }

    @Test
    void theMatrixIsNotModified() {
        Tensor a = symmetric(9);
        double[] before = a.toDoubles();

        SymmetricEigen.of(a);
        SymmetricEigen.values(a);

        assertThat(a.toDoubles()).isEqualTo(before);
    }

    @Test
    void aPartOfALargerTensorIsRead() {
        Tensor a = symmetric(4);
        Tensor stack = Tensor.stack(0, symmetric(4).mul(5), a);

        assertThat(SymmetricEigen.values(stack.select(0, 1))).isIdenticalTo(SymmetricEigen.values(a));
    }

    @Test
    void theEmptyMatrixHasNoValues() {
        assertThat(SymmetricEigen.of(Tensor.of(new double[0], 0, 0)).values()).hasShape(0);
    }

    @Test
    void otherArgumentsAreRefused() {
        assertThatThrownBy(() -> SymmetricEigen.of(Tensor.of(new double[6], 2, 3)))
                .isInstanceOf(ShapeException.class)
                .hasMessage("SymmetricEigen: matrix must be (n, n), got [2, 3]");
        assertThatThrownBy(() -> SymmetricEigen.values(Tensor.zeros(2, 2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("SymmetricEigen: dtype must be FLOAT64, got FLOAT32 for shape [2, 2]");
        assertThatThrownBy(() -> SymmetricEigen.of(Tensor.of(new double[] {1, Double.NaN, 0, 1}, 2, 2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("SymmetricEigen: matrix must be finite, got NaN or infinity in shape [2, 2]");
    }

    private static Tensor symmetric(int n) {
        Tensor x = Rng.of(n).draw(Distribution.NORMAL, Shape.of(n, n), DType.FLOAT64, Device.cpu());
        return x.add(x.transpose());
    }
}
