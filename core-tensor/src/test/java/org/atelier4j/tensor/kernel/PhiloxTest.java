package org.atelier4j.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Philox-4×32-10 against the known answers that its authors publish (Random123, kat_vectors). */
class PhiloxTest {

    private static int[] block(long key, long low, long high) {
        int[] out = {-1, 0, 0, 0, 0, -1};
        Philox.block(key, low, high, out, 1);
        assertThat(out[0]).isEqualTo(-1);
        assertThat(out[5]).isEqualTo(-1);
        return new int[] {out[1], out[2], out[3], out[4]};
    }

    @Test
    void givesTheKnownAnswers() {
        assertThat(block(0, 0, 0)).containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
        assertThat(block(-1, -1, -1)).containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
        assertThat(block(0x299f31d0a4093822L, 0x85a308d3243f6a88L, 0x0370734413198a2eL))
                .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
    }

    @Test
    void agreesWithThePaperWrittenOnUnsignedNumbers() {
        Random random = new Random(1);
        for (int i = 0; i < 1000; i++) {
            long key = random.nextLong();
            long low = random.nextLong();
            long[] expected = ReferenceKernels.philox(key, low);
            int[] actual = block(key, low, 0);
            for (int j = 0; j < 4; j++) {
                assertThat(actual[j]).isEqualTo((int) expected[j]);
            }
        }
    }

    /** A bit of the counter or the key changes about half of the bits of the result. */
    @Test
    void everyInputBitReachesEveryOutputWord() {
        int[] base = block(1, 2, 3);
        for (int bit = 0; bit < 192; bit++) {
            long flip = 1L << bit % 64;
            int[] other =
                    block(1 ^ (bit < 64 ? flip : 0), 2 ^ (bit / 64 == 1 ? flip : 0), 3 ^ (bit / 64 == 2 ? flip : 0));
            for (int j = 0; j < 4; j++) {
                assertThat(Integer.bitCount(base[j] ^ other[j])).isBetween(4, 28);
            }
        }
    }

    @Test
    void mixGivesDistinctKeys() {
        Set<Long> keys = new HashSet<>();
        for (int i = 0; i < 1000; i++) {
            keys.add(Philox.mix(7, i, 0));
            keys.add(Philox.mix(7, 0, i + 1L));
            keys.add(Philox.mix(1000L + i, 0, 0));
        }
        assertThat(keys).hasSize(3000);
    }
}
