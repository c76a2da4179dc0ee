package org.atelier4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.atelier4j.examples.CommandLineFixture.atelier;

import java.nio.file.Path;
import org.atelier4j.image.Image;
import org.atelier4j.image.ImageFiles;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.device.cuda.Emulator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --device}: the same commands on an (emulated) card. */
class DeviceOptionTest {
    @TempDir
    private Path folder;

    private Image bag(Path model, String device) {
        Path out = folder.resolve(device);
        CommandLineFixture result =
                atelier("sample --count 1 --classes bag --steps 2 --model", model, "--out", out, "--device", device);
        assertThat(result.code()).as(result.err()).isZero();
        return ImageFiles.read(out.resolve("bag-000.png"));
    }

    @Test
    void aCardDrawsWhatTheHostDraws() {
        Emulator.device();
        Path model = folder.resolve("model");
        atelier("train --data fashion-mnist-small --model smoke --steps 2 --out", model);
        long before = Emulator.hostLaunches();

        Image there = bag(model, "cuda");

        assertThat(Emulator.hostLaunches()).as("launches on the card").isGreaterThan(before);
        Image here = bag(model, "cpu");
        for (int y = 0; y < here.height(); y++) {
            for (int x = 0; x < here.width(); x++) {
                assertThat(Math.abs(there.at(x, y, 0) - here.at(x, y, 0)))
                        .as("gray level at (%d, %d)", x, y)
                        .isLessThanOrEqualTo(1);
            }
        }
    }

    @Test
    void aModelTrainsThere() {
        Emulator.device();
        CommandLineFixture result = atelier(
                "train pixelcnn --data toy-shapes --smoke --bits 1 --device cuda:0 --out", folder.resolve("pixels"));

        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out()).contains("Trained on 8 images");
    }

    @Test
    void aDeviceThatIsUnknownIsMisunderstood() {
        CommandLineFixture result = atelier("sample --device gpu");

        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err()).startsWith("atelier: --device must be cpu, cuda or cuda:N, got gpu");
    }

    @Test
    void aCardThatIsNotThereIsOneLine() {
        Emulator.device();
        CommandLineFixture result = atelier("sample --device cuda:" + CudaDevice.count());

        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err().lines()).hasSize(1);
        assertThat(result.err()).startsWith("atelier: Device.cuda: the card must lie in [0, 1), got 1");
        assertThat(Device.current()).isSameAs(Device.cpu()); // nothing stays open
    }
}
