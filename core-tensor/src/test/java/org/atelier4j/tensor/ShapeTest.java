package org.atelier4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShapeTest {

    @ParameterizedTest
    @CsvSource({
        "0, '[7, 2, 3]'",
        "1, '[2, 7, 3]'",
        "2, '[2, 3, 7]'",
        "-1, '[2, 3, 7]'",
        "-2, '[2, 7, 3]'",
        "-3, '[7, 2, 3]'"
    })
    void aNewAxisCountsFromEitherEndOfTheNewShape(int axis, String expected) {
        assertThat(Shape.of(2, 3).insert(axis, 7)).hasToString(expected);
    }

    @Test
    void aScalarGetsItsOnlyAxis() {
        assertThat(Tensor.scalar(4).unsqueeze(-1).shape()).isEqualTo(Shape.of(1));
        assertThat(Tensor.stack(-1, Tensor.zeros(2), Tensor.ones(2)).toFloats()).containsExactly(0, 1, 0, 1);
    }

    @ParameterizedTest
    @CsvSource({"3", "-4"})
    void anAxisBeyondTheNewShapeIsRefused(int axis) {
        assertThatThrownBy(() -> Tensor.zeros(2, 3).unsqueeze(axis))
                .isInstanceOf(ShapeException.class)
                .hasMessage("insert: axis must lie in [-3, 2], got " + axis + " for shape [2, 3]");
    }
}
