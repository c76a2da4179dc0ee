package org.atelier4j.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.atelier4j.tensor.Rng;
import org.junit.jupiter.api.Test;

class ConfusionTest {
    @Test
    void countsEachPairAndItsDiagonalIsTheAccuracy() {
        Confusion confusion = Confusion.of(3, new int[] {0, 0, 1, 2}, new int[] {0, 2, 1, 1});

        assertThat(confusion.count(0, 2)).isEqualTo(1);
        assertThat(confusion.count(2, 0)).isZero();
        assertThat(confusion.accuracy()).isEqualTo(0.5);
    }

    @Test
    void chanceIsMeanAndDeviationOverAllWaysOfNamingTheAnswers() {
        int[] labels = ints(1, 200, 4);
        int[] answers = ints(2, 200, 4);
        for (int i = 0; i < 60; i++) {
            answers[i] = labels[i]; // some of it is right
        }
        double[] accuracies = permutations(4).stream()
                .mapToDouble(names -> Confusion.of(
                                4,
                                labels,
                                Arrays.stream(answers).map(a -> names[a]).toArray())
                        .accuracy())
                .toArray();
        double mean = Arrays.stream(accuracies).average().orElseThrow();
        double variance = Arrays.stream(accuracies)
                .map(a -> (a - mean) * (a - mean))
                .average()
                .orElseThrow();

        Confusion confusion = Confusion.of(4, labels, answers);

        assertThat(accuracies).hasSize(24);
        assertThat(confusion.chance()).isCloseTo(mean, within(1e-12));
        assertThat(confusion.chanceDeviation()).isCloseTo(Math.sqrt(variance), within(1e-12));
    }

    @Test
    void whoTellsAllClassesApartMayByLuckNameThemAllRight() {
        int[] labels = IntStream.range(0, 1_000).map(i -> i % 10).toArray();

        assertThat(Confusion.of(10, labels, labels).chanceDeviation()).isCloseTo(0.1, within(1e-12));
        assertThat(Confusion.of(10, labels, new int[1_000]).chanceDeviation()).isCloseTo(0, within(1e-12));
    }

    @Test
    void saysWhichAnswerIsNoClass() {
        assertThatThrownBy(() -> Confusion.of(2, new int[] {0, 1}, new int[] {0, 2}))
                .hasMessage("Confusion: classes must be in [0, 2), image 1 has label 1 and answer 2");
        assertThatThrownBy(() -> Confusion.of(2, new int[] {0, 1}, new int[] {0}))
                .hasMessageContaining("one answer");
    }

    private static int[] ints(long seed, int n, int bound) {
        Rng rng = Rng.of(seed);
        return IntStream.range(0, n).map(i -> rng.nextInt(bound)).toArray();
    }

    private static List<int[]> permutations(int n) {
        if (n == 0) {
            return List.of(new int[0]);
        }
        List<int[]> all = new ArrayList<>();
        for (int[] shorter : permutations(n - 1)) {
            for (int at = 0; at < n; at++) {
                int[] longer = new int[n];
                System.arraycopy(shorter, 0, longer, 0, at);
                longer[at] = n - 1;
                System.arraycopy(shorter, at, longer, at + 1, n - 1 - at);
                all.add(longer);
            }
        }
        return all;
    }
}
