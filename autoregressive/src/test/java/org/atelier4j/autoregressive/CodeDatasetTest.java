package org.atelier4j.autoregressive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.atelier4j.model.CodeGrid;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

class CodeDatasetTest {

    /** Example i has the codes 2i and 2i + 1 and the label i mod 3. */
    private static CodeDataset data(int count) {
        int[] codes = new int[2 * count];
        Arrays.setAll(codes, i -> i);
        int[] labels = new int[count];
        Arrays.setAll(labels, i -> i % 3);
        return CodeDataset.of(new CodeGrid(Tensor.of(codes, count, 1, 2), 2 * count), Tensor.of(labels, count), 3);
    }

    @Test
    void examplesComeBackAsTheyWere() {
        CodeBatch batch = data(30_000).get(7, 29_999); // codes beyond 2¹⁵

        assertThat(batch.grid().codes().toInts()).containsExactly(14, 15, 59_998, 59_999);
        assertThat(batch.labels().toInts()).containsExactly(1, 2);
    }

    @Test
    void aPassHasEveryExampleOnceAndPassesDiffer() {
        CodeDataset.Batches batches = data(12).batches(4, Rng.of(1));
        int[][] passes = new int[2][12];
        for (int pass = 0; pass < 2; pass++) {
            Set<Integer> seen = new HashSet<>();
            for (int b = 0; b < 3; b++) {
                int[] codes = batches.next().grid().codes().toInts();
                for (int i = 0; i < 4; i++) {
                    assertThat(codes[2 * i + 1]).isEqualTo(codes[2 * i] + 1);
                    passes[pass][4 * b + i] = codes[2 * i] / 2;
                    seen.add(codes[2 * i] / 2);
                }
            }
            assertThat(seen).hasSize(12);
        }
        assertThat(passes[0]).isNotEqualTo(passes[1]);
    }

    @Test
    void aPositionIsWhereItWas() {
        CodeDataset.Batches batches = data(10).batches(3, Rng.of(1));
        for (int i = 0; i < 8; i++) {
            batches.next();
        }
        int[] ninth = batches.next().grid().codes().toInts();
        CodeDataset.Batches other = data(10).batches(3, Rng.of(1));
        other.seek(8);

        assertThat(other.next().grid().codes().toInts()).isEqualTo(ninth);
        assertThat(other.position()).isEqualTo(9);
    }

    @Test
    void errorsNameTheNumbers() {
        Tensor codes = Tensor.of(new int[] {0, 5}, 1, 1, 2);
        assertThatThrownBy(() -> CodeDataset.of(new CodeGrid(codes, 5), Tensor.of(new int[] {0}, 1), 3))
                .hasMessage("CodeDataset: codes must lie in [0, 5), got 5");
        assertThatThrownBy(() -> CodeDataset.of(new CodeGrid(codes, 6), Tensor.of(new int[] {4}, 1), 3))
                .hasMessage("CodeDataset: labels must lie in [0, 3], where 3 is no class, got 4");
        assertThatThrownBy(() -> data(4).batches(5, Rng.of(1)))
                .hasMessage("CodeDataset: batch size must lie in [1, 4], got 5");
        assertThatThrownBy(() -> new CodeSpace(0, 1, 1, 0))
                .hasMessage("CodeSpace: size, height and width must be >= 1 and classes >= 0, got 0, 1, 1 and 0");
        Tensor all = Tensor.of(new boolean[] {true, true}, 1, 1, 2);
        assertThatThrownBy(() -> new Canvas(Tensor.of(new int[] {0}, 1), codes, all))
                .hasMessage("Canvas: at least one code of each image must be left to draw, image 0 has none");
        assertThatThrownBy(() -> new Canvas(
                        Tensor.of(new int[] {0}, 1),
                        codes,
                        Tensor.of(new boolean[2], 2).reshape(1, 2, 1)))
                .hasMessage("Canvas: known must have the shape of the codes [1, 1, 2], got [1, 2, 1]");
        assertThatThrownBy(() -> new Canvas(Tensor.of(new int[2], 2), codes, Tensor.of(new boolean[2], 1, 1, 2)))
                .hasMessage("Canvas: labels must be (B) = [1], got [2]");
        Canvas outside =
                new Canvas(Tensor.of(new int[] {0}, 1), codes, Tensor.of(new boolean[] {false, true}, 1, 1, 2));
        assertThatThrownBy(() -> outside.checked("Prior", new CodeSpace(5, 1, 2, 1)))
                .hasMessage("Prior: given codes must lie in [0, 5), got 5");
        Tensor open = Tensor.full(99, DType.INT32, Shape.of(1, 1, 2)); // where nothing is known anything may stand
        new Canvas(Tensor.of(new int[] {0}, 1), open, Tensor.of(new boolean[2], 1, 1, 2))
                .checked("Prior", new CodeSpace(5, 1, 2, 1));
    }
}
