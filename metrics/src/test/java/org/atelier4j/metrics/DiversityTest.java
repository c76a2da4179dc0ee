package org.atelier4j.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.atelier4j.metrics.image.ImageDistance;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

class DiversityTest {
    private static final ImageDistance DIFFERENCE =
            (a, b) -> a.sub(b).abs().mean(1, 2, 3).reshape(-1);

    @Test
    void equalImagesHaveNone() {
        Estimate e = new Diversity(50, 8).measure(Tensor.ones(5, 4, 4, 3), DIFFERENCE, Rng.of(1));

        assertThat(e).isEqualTo(new Estimate(0, 0, 50));
    }

    @Test
    void isTheMeanOverPairsOfDifferentImages() {
        Tensor images = Tensor.of(new float[] {0, 0.2f, 0.6f, 1}, 4, 1, 1, 1); // six distances, mean 3.4/6
        Estimate e = new Diversity(20_000, 1000).measure(images, DIFFERENCE, Rng.of(1));

        assertThat(e.mean()).isCloseTo(3.4 / 6, within(4 * e.standardError()));
        assertThat(e.standardError()).isLessThan(0.003);
    }

    @Test
    void noImageIsPairedWithItselfAndAllPairsOccur() {
        List<Double> seen = new ArrayList<>();
        Tensor images = Tensor.of(new float[] {0, 0.25f, 1}, 3, 1, 1, 1);
        new Diversity(200, 7)
                .measure(
                        images,
                        (a, b) -> {
                            Tensor d = DIFFERENCE.between(a, b);
                            for (double v : d.toDoubles()) {
                                seen.add(v);
                            }
                            return d;
                        },
                        Rng.of(1));

        assertThat(seen).hasSize(200).doesNotContain(0.0).contains(0.25, 0.75, 1.0);
    }

    @Test
    void noMoreImagesAreMadeThanAreCompared() {
        Tensor images = Tensor.of(new float[] {0, 0.2f, 0.6f, 1}, 4, 1, 1, 1);
        List<Integer> made = new ArrayList<>();
        Diversity diversity = new Diversity(10, 4);

        Estimate e = diversity.measure(
                4,
                numbers -> {
                    made.add(numbers.length);
                    return images.gatherRows(Tensor.of(numbers, numbers.length));
                },
                DIFFERENCE,
                Rng.of(1));

        assertThat(e).isEqualTo(diversity.measure(images, DIFFERENCE, Rng.of(1)));
        assertThat(made).containsExactly(4, 4, 4, 4, 2, 2);
    }

    @Test
    void oneImageHasNoPair() {
        assertThatThrownBy(() -> Diversity.paper().measure(Tensor.zeros(1, 2, 2, 1), DIFFERENCE, Rng.of(1)))
                .hasMessage("Diversity: at least 2 images are needed, got 1");
        assertThatThrownBy(() -> new Diversity(0, 1))
                .hasMessage("Diversity: pairs and batch must be >= 1, got 0 and 1");
    }
}
