package org.atelier4j.io;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StoredTypeTest {
    @Test
    void everyHalfHasItsExactValue() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = StoredType.fromHalf((short) bits);
            int exponent = bits >> 10 & 0x1f;
            int fraction = bits & 0x3ff;
            double sign = bits >= 0x8000 ? -1 : 1;
            double expected = exponent == 0
                    ? sign * Math.scalb(fraction, -24)
                    : sign * Math.scalb(1 + fraction / 1024.0, exponent - 15);
            if (exponent == 0x1f) {
                expected = fraction == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
            }
            assertThat(Double.valueOf(value)).as("bits %x", bits).isEqualTo(Double.valueOf(expected));
        }
        assertThat(Float.floatToRawIntBits(StoredType.fromHalf((short) 0x8000))).isEqualTo(0x80000000);
    }
}
