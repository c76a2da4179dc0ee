package org.atelier4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ImageGridTest {
    @Test
    void putsEachImageInItsPlaceOnWhite() {
        List<Image> images = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            images.add(ImageTest.random(4, 3, 3, i));
        }
        Image grid = ImageGrid.columns(3).withPadding(1).withScale(2).draw(images);
        assertThat(grid.width()).isEqualTo(1 + 3 * 9);
        assertThat(grid.height()).isEqualTo(1 + 2 * 7);
        boolean[] covered = new boolean[grid.width() * grid.height()];
        for (int i = 0; i < 5; i++) {
            int x = 1 + i % 3 * 9;
            int y = 1 + i / 3 * 7;
            assertThat(grid.crop(x, y, 8, 6)).isEqualTo(images.get(i).enlarge(2));
            for (int p = 0; p < 48; p++) {
                covered[(y + p / 8) * grid.width() + x + p % 8] = true;
            }
        }
        for (int i = 0; i < covered.length; i++) {
            assertThat(covered[i] || grid.at(i % grid.width(), i / grid.width(), 0) == 255)
                    .isTrue();
        }
    }

    @Test
    void labelsStandBesideRowsAndAboveColumns() {
        List<Image> images = List.of(Image.filled(40, 40, 1, 100), Image.filled(40, 40, 1, 50));
        Image plain = ImageGrid.columns(1).draw(images);
        Image grid = ImageGrid.columns(1)
                .withRowLabels(List.of("Ankle boot", "Bag"))
                .withColumnLabels(List.of("a"))
                .draw(images);
        assumeThat(grid.width()).as("a font is installed").isGreaterThan(plain.width());
        int left = grid.width() - plain.width();
        int top = grid.height() - plain.height();
        assertThat(grid.crop(left, top, plain.width(), plain.height())).isEqualTo(plain);
        int middle = top + 44;
        assertThat(ink(grid.crop(0, top, left, middle - top))).isGreaterThan(ink(grid.crop(0, middle, left, 40)));
        assertThat(ink(grid.crop(0, middle, left, 40))).isPositive();
        assertThat(ink(grid.crop(left, 0, plain.width(), top))).isPositive();
        assertThat(ink(grid.crop(0, 0, left, top))).isZero();
    }

    private static int ink(Image image) {
        int dark = 0;
        for (byte v : image.toBytes()) {
            dark += 255 - (v & 0xff);
        }
        return dark;
    }

    @Test
    void saysWhatMustHold() {
        List<Image> one = List.of(Image.filled(2, 2, 1, 0));
        assertThatThrownBy(() -> ImageGrid.columns(0)).hasMessage("ImageGrid: columns must be >= 1, got 0");
        assertThatThrownBy(() -> ImageGrid.columns(2).draw(List.of()))
                .hasMessage("ImageGrid: at least one image must be given");
        assertThatThrownBy(() ->
                        ImageGrid.columns(2).withRowLabels(List.of("a", "b")).draw(one))
                .hasMessage("ImageGrid: labels must not outnumber 1 rows and 2 columns, got 2 and 0");
        assertThatThrownBy(() -> ImageGrid.columns(2).draw(List.of(one.get(0), Image.filled(2, 2, 3, 0))))
                .hasMessage("images must have one size, got Image 2 x 2 x 1 and Image 2 x 2 x 3");
    }
}
