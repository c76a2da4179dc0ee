package org.atelier4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.io.MalformedFileException;
import org.atelier4j.tensor.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Cifar10Test {
    private static final int PER_FILE = 3;

    @TempDir
    Path folder;

    /** Writes five small training files and a test file in both layouts; returns the pixels of image i, channels last. */
    private byte[][] write(Path binary, Path rows) throws IOException {
        byte[][] images = new byte[6 * PER_FILE][3072];
        Random random = new Random(3);
        StringBuilder labels = new StringBuilder();
        for (int f = 0; f < 6; f++) {
            String name = f < 5 ? "data_batch_" + (f + 1) : "test_batch";
            byte[] records = new byte[PER_FILE * 3073];
            byte[] picture = new byte[PER_FILE * 3072];
            for (int k = 0; k < PER_FILE; k++) {
                byte[] image = images[f * PER_FILE + k];
                random.nextBytes(image);
                int label = (f * PER_FILE + k) % 10;
                labels.append(labels.isEmpty() ? "" : ",").append(label);
                records[k * 3073] = (byte) label;
                for (int i = 0; i < 1024; i++) {
                    for (int c = 0; c < 3; c++) {
                        records[k * 3073 + 1 + c * 1024 + i] = image[3 * i + c];
                    }
                }
                System.arraycopy(image, 0, picture, k * 3072, 3072);
            }
            Files.write(binary.resolve(name + ".bin"), records);
            ImageFiles.write(rows.resolve(name + ".png"), Image.of(1024, PER_FILE, 3, picture));
            if (f >= 4) {
                Files.writeString(rows.resolve(f == 4 ? "train_lables.json" : "test_lables.json"), "[" + labels + "]");
                labels.setLength(0);
            }
        }
        return images;
    }

    @Test
    void bothLayoutsGiveTheSameImages() throws IOException {
        Path binary = Files.createDirectory(folder.resolve("bin"));
        Path rows = Files.createDirectory(folder.resolve("png"));
        assertThat(Cifar10.isIn(binary)).isFalse();
        byte[][] images = write(binary, rows);
        for (Path layout : new Path[] {binary, rows}) {
            assertThat(Cifar10.isIn(layout)).isTrue();
            Dataset train = Cifar10.train(layout);
            Dataset test = Cifar10.test(layout);
            assertThat(train.size()).isEqualTo(15);
            assertThat(test.size()).isEqualTo(3);
            assertThat(train.imageShape()).isEqualTo(Shape.of(32, 32, 3));
            for (int i = 0; i < 18; i++) {
                Dataset set = i < 15 ? train : test;
                assertThat(set.image(i % 15).toBytes()).isEqualTo(images[i]);
                assertThat(set.label(i % 15)).isEqualTo(i % 10);
            }
        }
        assertThat(Cifar10.CLASS_NAMES.get(6)).isEqualTo("frog");
    }

    @Test
    void saysWhatIsWrong() throws IOException {
        Path binary = Files.createDirectory(folder.resolve("bin"));
        Path rows = Files.createDirectory(folder.resolve("png"));
        write(binary, rows);
        Path file = binary.resolve("test_batch.bin");
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length - 1));
        assertThatThrownBy(() -> Cifar10.test(binary))
                .isInstanceOf(MalformedFileException.class)
                .hasMessage(file + ": length must be a multiple of 3073 below 2 GiB, got 9218");
        bytes[3073] = 10;
        Files.write(file, bytes);
        assertThatThrownBy(() -> Cifar10.test(binary)).hasMessage(file + ": label 1 must lie in [0, 10), got 10");

        Path labels = rows.resolve("test_lables.json");
        Files.writeString(labels, "[1,2]");
        assertThatThrownBy(() -> Cifar10.test(rows))
                .isInstanceOf(MalformedFileException.class)
                .hasMessage(labels + ": there must be a label for each image, got 2");
        Files.writeString(labels, "[1,2,3,4]");
        assertThatThrownBy(() -> Cifar10.test(rows))
                .hasMessage(labels + ": there must be 3 labels, one for each image, got 4");
        Files.writeString(labels, "[1,-1,3]");
        assertThatThrownBy(() -> Cifar10.test(rows))
                .hasMessage(labels + ": label 1 must be a number in [0, 10), got -1");
        Files.writeString(labels, "{}");
        assertThatThrownBy(() -> Cifar10.test(rows)).hasMessage(labels + ": labels must be a list of numbers");
        Path picture = rows.resolve("test_batch.png");
        Files.writeString(labels, "[1]");
        ImageFiles.write(picture, Image.filled(1024, 1, 1, 0));
        assertThatThrownBy(() -> Cifar10.test(rows))
                .hasMessage(picture + ": picture must be 1024 pixels wide with three channels, got Image 1024 x 1 x 1");
    }
}
