package org.atelier4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import org.atelier4j.image.PixelRange;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.HostPool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class BatchesTest {
    private static final Rng RNG = Rng.of(11);

    /** Images of 2 x 3 pixels; all pixels of image i are i, its label is i mod 7. */
    private static Dataset numbered(int n) {
        byte[] pixels = new byte[n * 6];
        int[] labels = new int[n];
        for (int i = 0; i < n; i++) {
            Arrays.fill(pixels, 6 * i, 6 * i + 6, (byte) i);
            labels[i] = i % 7;
        }
        return Dataset.of(List.of("0", "1", "2", "3", "4", "5", "6"), Shape.of(2, 3, 1), pixels, labels);
    }

    /** Returns which images a batch holds, after checking shapes, range and labels. */
    private static List<Integer> indices(Batch batch) {
        assertThat(batch.images().dtype()).isEqualTo(DType.FLOAT32);
        assertThat(batch.labels().dtype()).isEqualTo(DType.INT32);
        assertThat(batch.images().shape()).isEqualTo(Shape.of(batch.size(), 2, 3, 1));
        assertThat(batch.labels().shape()).isEqualTo(Shape.of(batch.size()));
        float[] values = batch.images().toFloats();
        List<Integer> indices = new ArrayList<>();
        for (int b = 0; b < batch.size(); b++) {
            int index = PixelRange.SIGNED.toByte(values[6 * b]) & 0xff;
            for (int p = 0; p < 6; p++) {
                assertThat(values[6 * b + p]).isEqualTo(PixelRange.SIGNED.toFloat((byte) index));
            }
            assertThat(batch.labels().toInts()[b]).isEqualTo(index % 7);
            indices.add(index);
        }
        return indices;
    }

    private static List<List<Integer>> take(Batches batches, int count) {
        List<List<Integer>> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(indices(batches.next()));
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4})
    void evaluationSeesEveryExampleOnceInOrder(int prefetch) {
        try (Batches batches =
                new Batches(numbered(10), Batches.Config.evaluation(4).withPrefetch(prefetch), RNG)) {
            assertThat(batches.batchesPerPass()).isEqualTo(3);
            assertThat(take(batches, 3)).containsExactly(List.of(0, 1, 2, 3), List.of(4, 5, 6, 7), List.of(8, 9));
            assertThat(batches.hasNext()).isFalse();
            assertThatThrownBy(batches::next)
                    .isInstanceOf(NoSuchElementException.class)
                    .hasMessage("Batches: all 1 passes are over");
            batches.seek(2);
            assertThat(take(batches, 1)).containsExactly(List.of(8, 9));
        }
    }

    @Test
    void trainingShufflesEachPassAnewAndDropsTheRest() {
        try (Batches batches = new Batches(numbered(10), Batches.Config.training(4), RNG)) {
            List<List<Integer>> passes = new ArrayList<>();
            for (int pass = 0; pass < 20; pass++) {
                List<Integer> seen =
                        take(batches, 2).stream().flatMap(List::stream).toList();
                assertThat(seen).hasSize(8).doesNotHaveDuplicates();
                passes.add(seen);
            }
            assertThat(passes).doesNotHaveDuplicates();
            assertThat(passes.stream().flatMap(List::stream).distinct()).hasSize(10);
            assertThat(batches.position()).isEqualTo(40);
            assertThat(batches.hasNext()).isTrue();
        }
    }

    @Test
    void aResumedRunSeesWhatTheUnbrokenOneSaw() {
        Batches.Config config = Batches.Config.training(3)
                .withAugmentation(new Augmentation(true, 1, 0))
                .withPrefetch(3);
        List<float[]> unbroken = new ArrayList<>();
        try (Batches batches = new Batches(numbered(20), config, RNG)) {
            for (int i = 0; i < 30; i++) {
                unbroken.add(batches.next().images().toFloats());
            }
        }
        for (int stop : new int[] {0, 1, 5, 6, 7, 17, 29}) {
            for (int prefetch : new int[] {0, 2}) {
                try (Batches batches = new Batches(numbered(20), config.withPrefetch(prefetch), RNG)) {
                    batches.next();
                    batches.seek(stop);
                    assertThat(batches.position()).isEqualTo(stop);
                    for (int i = stop; i < 30; i++) {
                        assertThat(batches.next().images().toFloats()).isEqualTo(unbroken.get(i));
                    }
                }
            }
        }
        try (Batches other = new Batches(numbered(20), config, Rng.of(12))) {
            assertThat(other.next().images().toFloats()).isNotEqualTo(unbroken.get(0));
        }
    }

    @Test
    void flipsHalfAndShiftsByWhatIsAllowed() {
        byte[] pixels = {1, 2, 3, 4, 5, 6};
        Dataset one = Dataset.of(List.of("x"), Shape.of(2, 3, 1), pixels, new int[] {0});
        Dataset many = one.select(new int[2000]);
        int mirrored = 0;
        int[] down = new int[3];
        int[] right = new int[3];
        Batches.Config config = Batches.Config.training(500).withAugmentation(new Augmentation(true, 1, 2));
        try (Batches batches = new Batches(many, config, RNG)) {
            assertThat(batches.imageShape()).isEqualTo(Shape.of(6, 7, 1));
            for (int step = 0; step < 4; step++) {
                float[] values = batches.next().images().toFloats();
                for (int b = 0; b < 500; b++) {
                    int first = -1;
                    int lit = 0;
                    int[] got = new int[42];
                    for (int p = 0; p < 42; p++) {
                        got[p] = PixelRange.SIGNED.toByte(values[b * 42 + p]);
                        lit += got[p] != 0 ? 1 : 0;
                        first = first < 0 && got[p] != 0 ? p : first;
                    }
                    assertThat(lit).isEqualTo(6);
                    boolean flip = got[first] == 3;
                    assertThat(new int[] {got[first], got[first + 1], got[first + 2], got[first + 7], got[first + 8]})
                            .containsExactly(flip ? new int[] {3, 2, 1, 6, 5} : new int[] {1, 2, 3, 4, 5});
                    mirrored += flip ? 1 : 0;
                    down[first / 7 - 1]++;
                    right[first % 7 - 1]++;
                }
            }
        }
        assertThat(mirrored).isBetween(900, 1100);
        for (int i = 0; i < 3; i++) {
            assertThat(down[i]).isBetween(570, 770);
            assertThat(right[i]).isBetween(570, 770);
        }
    }

    @Test
    void whatLeavesTheImageIsGoneAndBlackComesIn() {
        byte[] pixels = new byte[6];
        Arrays.fill(pixels, (byte) 9);
        Dataset set = Dataset.of(List.of("x"), Shape.of(2, 3, 1), pixels, new int[] {0})
                .select(new int[50]);
        boolean[] counts = new boolean[7];
        try (Batches batches =
                new Batches(set, Batches.Config.training(50).withAugmentation(new Augmentation(false, 5, 0)), RNG)) {
            float[] values = batches.next().images().toFloats();
            for (int b = 0; b < 50; b++) {
                int lit = 0;
                for (int p = 0; p < 6; p++) {
                    int value = PixelRange.SIGNED.toByte(values[6 * b + p]);
                    assertThat(value).isIn(0, 9);
                    lit += value == 9 ? 1 : 0;
                }
                counts[lit] = true;
            }
        }
        assertThat(counts[0]).isTrue(); // moved out entirely
        assertThat(counts[5]).isFalse(); // a rectangle of 5 of 2 x 3 does not exist
    }

    @Test
    void memoryStaysFlatOverThousandsOfBatches() {
        Dataset set = numbered(200);
        long before = 0;
        try (Batches batches = new Batches(set, Batches.Config.training(64), RNG)) {
            for (int i = 0; i < 5000; i++) {
                try (TensorScope scope = TensorScope.open()) {
                    Batch batch = batches.next();
                    assertThat(batch.size()).isEqualTo(64);
                }
                if (i == 20) {
                    before = HostPool.SHARED.reservedBytes();
                }
            }
        }
        assertThat(HostPool.SHARED.reservedBytes()).isEqualTo(before);
    }

    @Test
    void whatTheDataSetThrowsArrivesAtTheCaller() {
        Dataset good = numbered(12);
        class Failing implements Dataset {
            @Override
            public int size() {
                return good.size();
            }

            @Override
            public Shape imageShape() {
                return good.imageShape();
            }

            @Override
            public List<String> classNames() {
                return good.classNames();
            }

            @Override
            public int label(int index) {
                return good.label(index);
            }

            @Override
            public void copyPixels(int index, byte[] target, int offset) {
                if (index == 8) {
                    throw new IllegalStateException("image 8 is broken");
                }
                good.copyPixels(index, target, offset);
            }
        }
        try (Batches batches = new Batches(new Failing(), Batches.Config.evaluation(3), RNG)) {
            assertThat(take(batches, 2)).hasSize(2);
            for (int again = 0; again < 2; again++) {
                assertThatThrownBy(batches::next)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessage("image 8 is broken");
            }
            assertThat(batches.position()).isEqualTo(2);
            batches.seek(3);
            assertThat(take(batches, 1)).containsExactly(List.of(9, 10, 11));
        }
    }

    @Test
    void closingEndsTheThread() throws InterruptedException {
        Batches batches = new Batches(numbered(50), Batches.Config.training(5).withPrefetch(3), RNG);
        take(batches, 2);
        assertThat(threads()).isEqualTo(1);
        batches.close();
        assertThat(threads()).isZero();
        assertThatThrownBy(batches::next)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("Batches: next must not be called after close");
        Batches unused = new Batches(numbered(50), Batches.Config.training(5), RNG);
        assertThat(threads()).isZero();
        unused.close();
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(t -> t.getName().equals("atelier-batches") && t.isAlive())
                .count();
    }

    @Test
    void saysWhatMustHold() {
        assertThatThrownBy(() -> Batches.Config.training(0)).hasMessage("Batches: batch size must be >= 1, got 0");
        assertThatThrownBy(() -> new Batches(numbered(3), Batches.Config.training(4), RNG))
                .hasMessage(
                        "Batches: batch size must be at most the 3 examples where smaller batches are dropped, got 4");
        assertThatThrownBy(() -> new Batches(numbered(3).first(0), Batches.Config.evaluation(4), RNG))
                .hasMessage("Batches: data set must not be empty");
        assertThatThrownBy(() -> new Augmentation(false, -1, 0))
                .hasMessage("Augmentation: maxShift must be >= 0, got -1");
    }
}
