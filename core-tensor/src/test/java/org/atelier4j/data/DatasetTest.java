package org.atelier4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.atelier4j.image.Image;
import org.atelier4j.image.PixelRange;
import org.atelier4j.model.ImageSource;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

class DatasetTest {
    private static final List<String> NAMES = List.of("a", "b");
    private final Dataset set =
            Dataset.of(NAMES, Shape.of(1, 2, 1), new byte[] {1, 2, 3, 4, 5, 6}, new int[] {1, 0, 1});

    @Test
    void selectionsAreViewsInTheGivenOrder() {
        Dataset view = set.select(2, 0, 2).select(1, 2);
        assertThat(view.size()).isEqualTo(2);
        assertThat(view.image(0)).isEqualTo(Image.of(2, 1, 1, new byte[] {1, 2}));
        assertThat(view.image(1)).isEqualTo(Image.of(2, 1, 1, new byte[] {5, 6}));
        assertThat(view.label(0)).isEqualTo(1);
        assertThat(view.classNames()).isEqualTo(NAMES);
        assertThat(set.first(2).image(1)).isEqualTo(set.image(1));
        assertThat(set.first(0).size()).isZero();
    }

    @Test
    void imagesComeInOrderOnce() {
        ImageSource source = set.images();
        assertThat(source.imageShape()).isEqualTo(Shape.of(1, 2, 1));
        Tensor two = source.next(2);
        assertThat(two.shape()).isEqualTo(Shape.of(2, 1, 2, 1));
        float[] expected = {
            PixelRange.SIGNED.toFloat((byte) 1), PixelRange.SIGNED.toFloat((byte) 2),
            PixelRange.SIGNED.toFloat((byte) 3), PixelRange.SIGNED.toFloat((byte) 4)
        };
        assertThat(two.toFloats()).containsExactly(expected);
        assertThat(source.next(2).shape()).isEqualTo(Shape.of(1, 1, 2, 1));
        assertThat(source.next(2).shape()).isEqualTo(Shape.of(0, 1, 2, 1));
    }

    @Test
    void toyShapesAreBalancedDistinctAndReproducible() {
        Dataset shapes = ToyShapes.draw(30, 16, Rng.of(5));
        Dataset fewer = ToyShapes.draw(9, 16, Rng.of(5));
        int[] mass = new int[3];
        for (int i = 0; i < 30; i++) {
            assertThat(shapes.label(i)).isEqualTo(i % 3);
            if (i < 9) {
                assertThat(fewer.image(i)).isEqualTo(shapes.image(i));
            }
            int sum = 0;
            int brightest = 0;
            for (byte v : shapes.image(i).toBytes()) {
                sum += v & 0xff;
                brightest = Math.max(brightest, v & 0xff);
            }
            assertThat(brightest).isBetween(100, 255);
            mass[i % 3] += sum;
            for (int j = 0; j < i; j++) {
                assertThat(shapes.image(i)).isNotEqualTo(shapes.image(j));
            }
        }
        assertThat(mass[0]).isGreaterThan(mass[2]); // a circle covers more than its triangle
        assertThat(ToyShapes.draw(1, 16, Rng.of(6)).image(0)).isNotEqualTo(shapes.image(0));
    }

    @Test
    void toyScenesAreBalancedDistinctReproducibleAndShowWhatTheirClassSays() {
        Dataset scenes = ToyScenes.draw(60, 32, Rng.of(5));
        Dataset fewer = ToyScenes.draw(9, 32, Rng.of(5));
        int[] paints = new int[4]; // scenes by the number of different vivid colors
        for (int i = 0; i < scenes.size(); i++) {
            assertThat(scenes.label(i)).isEqualTo(i % 3);
            if (i < fewer.size()) {
                assertThat(fewer.image(i)).isEqualTo(scenes.image(i));
            }
            for (int j = 0; j < i; j++) {
                assertThat(scenes.image(i)).isNotEqualTo(scenes.image(j));
            }
            paints[vividColors(scenes.image(i))]++;
        }
        assertThat(paints[0]).isZero(); // the shape in front is always seen
        assertThat(paints[1]).isPositive();
        assertThat(paints[2]).isPositive();
        assertThat(paints[3]).isPositive();
        assertThat(ToyScenes.draw(1, 32, Rng.of(6)).image(0)).isNotEqualTo(scenes.image(0));
    }

    /** Counts the colors of shapes in a scene. */
    private static int vividColors(Image image) {
        Set<Integer> found = new HashSet<>();
        byte[] rgb = image.toBytes();
        for (int p = 0; p < rgb.length; p += 3) {
            int color = (rgb[p] & 0xff) << 16 | (rgb[p + 1] & 0xff) << 8 | rgb[p + 2] & 0xff;
            if (List.of(0xe6261a, 0x1ab333, 0x1a40e6, 0xf2d91a, 0xcc33cc, 0x1accd9)
                    .contains(color)) {
                found.add(color);
            }
        }
        return found.size();
    }

    @Test
    void saysWhatMustHold() {
        assertThatThrownBy(() -> Dataset.of(NAMES, Shape.of(1, 2, 1), new byte[3], new int[2]))
                .hasMessage("Dataset: 2 images of shape [1, 2, 1] must have 4 bytes, got 3");
        assertThatThrownBy(() -> Dataset.of(NAMES, Shape.of(1, 2, 1), new byte[2], new int[] {2}))
                .hasMessage("Dataset: label 0 must lie in [0, 2), got 2");
        assertThatThrownBy(() -> Dataset.of(NAMES, Shape.of(2, 1), new byte[2], new int[1]))
                .hasMessage("Dataset: image shape must be (H, W, C), none of them 0, got [2, 1]");
        assertThatThrownBy(() -> set.label(3)).hasMessage("Dataset: index must lie in [0, 3), got 3");
        assertThatThrownBy(() -> set.select(-1)).hasMessage("Dataset: index must lie in [0, 3), got -1");
        assertThatThrownBy(() -> set.first(4)).hasMessage("Dataset: count must lie in [0, 3], got 4");
    }
}
