package org.atelier4j.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TorchFileTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"weights-zip.pth", "weights-legacy.pth"})
    void readsWhatPyTorchWritesInBothFormats(String file) {
        Map<String, Tensor> state = TorchFile.read(GoldenFiles.path(file));
        assertThat(state.keySet())
                .containsExactly(
                        "conv.weight", "conv.bias", "scalar", "half", "double", "brain", "flag", "empty", "parameter");
        double[] quarters = new double[12];
        for (int i = 0; i < 12; i++) {
            quarters[i] = i / 4.0 - 1;
        }
        TensorAssert.assertThat(state.get("conv.weight")).hasShape(2, 3, 2).hasValues(quarters);
        TensorAssert.assertThat(state.get("conv.bias")).hasShape(2).hasValues(-0.25, 0);
        assertThat(state.get("scalar").item()).isEqualTo(7);
        assertThat(state.get("scalar").dtype()).isEqualTo(DType.INT64);
        TensorAssert.assertThat(state.get("half")).isCloseTo(new double[] {0, 1 / 7.0, 2 / 7.0}, 5e-4, 0);
        TensorAssert.assertThat(state.get("double")).hasValues(0, 1 / 3.0);
        assertThat(state.get("brain").dtype()).isEqualTo(DType.BFLOAT16);
        TensorAssert.assertThat(state.get("brain")).hasValues(1.5, -2);
        TensorAssert.assertThat(state.get("flag")).hasValues(1, 0);
        TensorAssert.assertThat(state.get("empty")).hasShape(0, 3);
        TensorAssert.assertThat(state.get("parameter")).hasValues(5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"weights-zip.pth", "weights-legacy.pth"})
    void readsOnlyWhatIsWanted(String file) {
        assertThat(TorchFile.read(GoldenFiles.path(file), name -> name.startsWith("conv")))
                .containsOnlyKeys("conv.weight", "conv.bias");
    }

    @Test
    void readsListsOfPairsAndShortTextsOfPython2() throws IOException {
        Path path = folder.resolve("python2.pth");
        Bytes b = new Bytes()
                .text("\u0080\u0002\u008a\n")
                .raw(0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19);
        b.text(".\u0080\u0002M")
                .raw(0xe9, 0x03)
                .text(".\u0080\u0002}(")
                .shortText("little_endian")
                .raw(0x88)
                .text("u.");
        b.text("\u0080\u0002ccollections\nOrderedDict\n](](").shortText("w");
        b.text("ctorch._utils\n_rebuild_tensor\n((")
                .shortText("storage")
                .text("ctorch\nLongStorage\n")
                .shortText("17");
        b.shortText("cuda:0").text("K\u0001NtQK\u0000K\u0001\u0085K\u0001\u0085tRee\u0085R.");
        b.text("\u0080\u0002](")
                .shortText("17")
                .text("e.")
                .raw(1, 0, 0, 0, 0, 0, 0, 0)
                .raw(9, 0, 0, 0, 0, 0, 0, 0);
        Files.write(path, b.bytes());
        TensorAssert.assertThat(TorchFile.read(path).get("w")).hasShape(1).hasValues(9);
    }

    @Test
    void refusesEverythingThatIsNoDictionaryOfTensors() {
        refuses("weights-nested.pth", "must hold a dictionary of tensors (a state_dict), got the value 3 under epoch");
        refuses("weights-module.pth", "got the name torch.nn.modules.linear.Linear");
        refuses(
                "weights-strided.pth",
                "tensors must be stored without gaps and in order, got sizes [4, 3] with strides [1, 4]");
        refuses("resize-input.npy", "must be a file of torch.save, got another kind");
    }

    @Test
    void callsNothingThatAFileNames() throws IOException {
        Path path = folder.resolve("evil.pth");
        Files.writeString(
                path, "\u0080\u0002cos\nsystem\nX\u0004\u0000\u0000\u0000true\u0085R.", StandardCharsets.ISO_8859_1);
        assertThatThrownBy(() -> TorchFile.read(path))
                .isInstanceOf(MalformedFileException.class)
                .hasMessage(path + ": pickle must be what torch.save writes for a dictionary of tensors, got the name"
                        + " os.system");
    }

    @Test
    void namesTheDamageOfAFileCutShort() throws IOException {
        for (String file : new String[] {"weights-zip.pth", "weights-legacy.pth"}) {
            byte[] whole = Files.readAllBytes(GoldenFiles.path(file));
            for (int length : new int[] {0, 3, 20, whole.length / 2, whole.length - 1}) {
                Path path = folder.resolve(file + length);
                Files.write(path, Arrays.copyOf(whole, length));
                assertThatThrownBy(() -> TorchFile.read(path))
                        .isInstanceOf(MalformedFileException.class)
                        .hasMessageStartingWith(path.toString());
            }
        }
    }

    @Test
    void noticesChangedBytesByTheirChecksum() throws IOException {
        byte[] file = Files.readAllBytes(GoldenFiles.path("weights-zip.pth"));
        int at = indexOf(file, new byte[] {0, 0, (byte) 0x80, (byte) 0xbf}); // −1, the weight's first number
        file[at] = 1;
        Path path = Files.write(folder.resolve("changed.pth"), file);
        assertThatThrownBy(() -> TorchFile.read(path))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining("checksum of tensor conv.weight does not match");
    }

    private static int indexOf(byte[] file, byte[] part) {
        for (int i = 0; i + part.length <= file.length; i++) {
            if (Arrays.equals(file, i, i + part.length, part, 0, part.length)) {
                return i;
            }
        }
        throw new IllegalArgumentException("no such bytes");
    }

    private static void refuses(String file, String message) {
        assertThatThrownBy(() -> TorchFile.read(GoldenFiles.path(file)))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining(message);
    }

    /** Writes bytes that read like the pickle they are. */
    private static final class Bytes {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Bytes text(String latin) {
            out.writeBytes(latin.getBytes(StandardCharsets.ISO_8859_1));
            return this;
        }

        Bytes shortText(String latin) {
            return raw('U', latin.length()).text(latin);
        }

        Bytes raw(int... bytes) {
            for (int b : bytes) {
                out.write(b);
            }
            return this;
        }

        byte[] bytes() {
            return out.toByteArray();
        }
    }
}
