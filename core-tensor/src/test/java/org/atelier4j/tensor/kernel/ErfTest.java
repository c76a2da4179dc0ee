package org.atelier4j.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** The error function against an independent implementation (Commons Math) and tabulated values. */
class ErfTest {

    @Test
    void agreesEverywhere() {
        for (int i = -700; i <= 700; i++) {
            double x = i / 100.0;
            double expected = org.apache.commons.math3.special.Erf.erf(x);
            assertThat(Erf.erf(x)).isCloseTo(expected, within(1e-15 + 1e-13 * Math.abs(expected)));
        }
    }

    /** Abramowitz, Stegun 7.1; the tails to relative precision (values from 50-digit arithmetic). */
    @Test
    void tailsKeepTheirRelativePrecision() {
        assertThat(Erf.erf(0.5)).isCloseTo(0.5204998778130465377, within(1e-16));
        assertThat(Erf.erfc(1)).isCloseTo(0.15729920705028513066, within(3e-16));
        assertThat(Erf.erfc(3)).isCloseTo(2.2090496998585441373e-5, within(1e-18));
        assertThat(Erf.erfc(5)).isCloseTo(1.5374597944280348502e-12, within(1e-25));
        assertThat(Erf.erfc(10)).isCloseTo(2.0884875837625447570e-45, within(1e-58));
        assertThat(Erf.erfc(26)).isCloseTo(5.6631924088561428464e-296, within(1e-308));
        assertThat(Erf.erfc(-3)).isCloseTo(1.9999779095030014146, within(1e-15));
        assertThat(Erf.erf(1e-20)).isCloseTo(2 / Math.sqrt(Math.PI) * 1e-20, within(1e-35));
    }

    @Test
    void isOddAndKnowsItsLimits() {
        for (double x : new double[] {0, 0.1, 1, 2.5, 2.4999999, 4}) {
            assertThat(Erf.erf(-x)).isEqualTo(-Erf.erf(x));
        }
        assertThat(Erf.erf(Double.POSITIVE_INFINITY)).isEqualTo(1);
        assertThat(Erf.erf(Double.NEGATIVE_INFINITY)).isEqualTo(-1);
        assertThat(Erf.erf(Double.NaN)).isNaN();
        assertThat(Erf.erfc(Double.POSITIVE_INFINITY)).isZero();
        assertThat(Erf.erfc(Double.NaN)).isNaN();
        assertThat(Erf.erfc(40)).isZero();
    }
}
