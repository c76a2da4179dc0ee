package org.atelier4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.io.MalformedFileException;
import org.atelier4j.tensor.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFolderTest {
    @TempDir
    Path folder;

    private void write(String name, Image image) {
        ImageFiles.write(folder.resolve(name), image);
    }

    @Test
    void classesAndFilesAreSortedByName() throws IOException {
        write("b/2.png", Image.filled(4, 3, 1, 2));
        write("b/10.PNG", Image.filled(4, 3, 3, 10));
        write("a/x.png", Image.filled(4, 3, 1, 1));
        Files.writeString(folder.resolve("a/readme.txt"), "no picture");
        Files.writeString(folder.resolve("a/.hidden.png"), "no picture");
        Files.createDirectory(folder.resolve(".git"));
        Files.writeString(folder.resolve("notes"), "no folder");
        Dataset set = ImageFolder.read(folder, 3);
        assertThat(set.classNames()).containsExactly("a", "b");
        assertThat(set.size()).isEqualTo(3);
        assertThat(set.imageShape()).isEqualTo(Shape.of(3, 4, 3));
        assertThat(set.image(0)).isEqualTo(Image.filled(4, 3, 3, 1));
        assertThat(set.image(1)).isEqualTo(Image.filled(4, 3, 3, 10));
        assertThat(set.image(2)).isEqualTo(Image.filled(4, 3, 3, 2));
        assertThat(new int[] {set.label(0), set.label(1), set.label(2)}).containsExactly(0, 1, 1);
    }

    @Test
    void picturesOfAnySizeAreCutToTheMiddleAndResized() {
        byte[] wide = new byte[6 * 2];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = (byte) (i % 6 < 2 ? 10 : i % 6 < 4 ? 100 : 200); // three squares: left, middle, right
        }
        write("a/wide.png", Image.of(6, 2, 1, wide));
        write("a/small.png", Image.filled(1, 1, 1, 7));
        Dataset set = ImageFolder.read(folder, 1, 4, 4);
        assertThat(set.imageShape()).isEqualTo(Shape.of(4, 4, 1));
        assertThat(set.image(0)).isEqualTo(Image.filled(4, 4, 1, 7));
        assertThat(set.image(1)).isEqualTo(Image.filled(4, 4, 1, 100));
    }

    @Test
    void errorsNameTheFile() throws IOException {
        assertThatThrownBy(() -> ImageFolder.read(folder, 1))
                .isInstanceOf(MalformedFileException.class)
                .hasMessage(folder + ": folder must have a subfolder for each class");
        Path empty = Files.createDirectory(folder.resolve("a"));
        assertThatThrownBy(() -> ImageFolder.read(folder, 1))
                .hasMessage(empty + ": folder of a class must hold pictures");
        write("a/1.png", Image.filled(4, 3, 1, 1));
        write("a/2.png", Image.filled(3, 4, 1, 1));
        assertThatThrownBy(() -> ImageFolder.read(folder, 1))
                .hasMessage(
                        folder.resolve("a/2.png") + ": pictures must have one size, or a size must be given to resize"
                                + " them to: expected [3, 4, 1], got [4, 3, 1]");
        Files.writeString(folder.resolve("a/2.png"), "no picture");
        assertThatThrownBy(() -> ImageFolder.read(folder, 1))
                .isInstanceOf(MalformedFileException.class)
                .hasMessage(folder.resolve("a/2.png") + ": must be a PNG, JPEG, BMP or GIF picture");
        assertThatThrownBy(() -> ImageFolder.read(folder.resolve("none"), 1))
                .hasMessageContaining("could not be read: there is no ");
    }
}
