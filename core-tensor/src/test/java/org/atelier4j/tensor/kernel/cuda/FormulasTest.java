package org.atelier4j.tensor.kernel.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.atelier4j.tensor.kernel.Binary;
import org.atelier4j.tensor.kernel.Formula;
import org.atelier4j.tensor.kernel.Formula.Step;
import org.atelier4j.tensor.kernel.Unary.Function;
import org.junit.jupiter.api.Test;

class FormulasTest {
    @Test
    void formulasAreWrittenAsStatements() {
        Formula formula = new Formula(
                2,
                3,
                List.of(
                        new Step.Function(Function.AFFINE, 1, 0),
                        new Step.Function(Function.TANH, 0, 0),
                        new Step.Number(2),
                        new Step.Pair(Binary.MAX, 2, 4),
                        new Step.Pair(Binary.LESS, 3, 5)),
                List.of(6, 3));

        assertThat(Formulas.defines(formula))
                .containsExactly(
                        "-DINPUTS=2",
                        "-DOUTPUTS=2",
                        "-DNUMBERS=3",
                        "-DFORMULA=A t2 = AFFINE<A>::value(x[1], p[0], p[1]); A t3 = TANH<A>::value(x[0], 0, 0); "
                                + "A t4 = p[2]; A t5 = Max::of(t2, t4); A t6 = A(t3 < t5); y[0] = t6; y[1] = t3;");
    }
}
