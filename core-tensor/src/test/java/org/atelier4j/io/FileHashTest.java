package org.atelier4j.io;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atelier4j.tensor.Sha256;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileHashTest {
    /** FIPS 180-2, appendix B.1: of "abc". */
    private static final String ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    @TempDir
    private Path folder;

    @Test
    void hashesAreThoseOfTheStandard() throws IOException {
        Path file = Files.write(folder.resolve("f"), "abc".getBytes(UTF_8));

        assertThat(Sha256.of("abc".getBytes(UTF_8))).isEqualTo(ABC);
        assertThat(FileHash.sha256(file)).isEqualTo(ABC);
        assertThat(Sha256.of(new byte[0])).startsWith("e3b0c44298fc1c14").hasSize(64);
    }

    @Test
    void partsAddUpToTheWhole() throws IOException {
        byte[] large = new byte[200_000]; // more than is read at a time
        large[131_072] = 7;

        String parts = new Sha256()
                .add("a")
                .add(new byte[] {'b', 'x'}, 1)
                .add(ByteBuffer.wrap(new byte[] {'c'}))
                .hex();

        assertThat(parts).isEqualTo(ABC);
        assertThat(FileHash.sha256(Files.write(folder.resolve("l"), large))).isEqualTo(Sha256.of(large));
    }

    @Test
    void aFileThatIsNotThereIsNamed() {
        assertThatThrownBy(() -> FileHash.sha256(folder.resolve("none")))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("none: could not be read");
    }
}
